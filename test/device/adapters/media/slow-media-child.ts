/** A media process that needs a while before it is ready, or that sleeps and never is. */
if (process.env["MEDIA_CHILD_SLEEPS"] === undefined) {
  const until = performance.now() + 3000;
  while (performance.now() < until);
  process.send?.({ type: "ready" });
}
process.on("message", (message: { type: string }) => {
  if (message.type === "shutdown") process.exit(0);
  if (message.type === "ping") process.send?.({ type: "pong" });
});
