/** A media process that misbehaves to order: every message it takes, it tells as a log line. */
process.send?.({ type: "ready" });
process.on("message", (message: { type: string; name?: string }) => {
  if (message.type === "prompt" && message.name === "ended") process.exit(3);
  if (message.type === "prompt" && message.name === "held") for (;;);
  if (message.type === "shutdown") process.exit(0);
  if (message.type === "ping") process.send?.({ type: "pong" });
  else process.send?.({ type: "log", level: "info", text: JSON.stringify(message) });
});
