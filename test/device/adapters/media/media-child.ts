/**
 * A media process that ends, hangs or sends a signal when a certain prompt is played, and reports
 * every other message as a log line.
 */
process.send?.({ type: "ready" });
process.on("message", (message: { type: string; name?: string }) => {
  if (message.type === "prompt" && message.name === "ended") process.exit(3);
  if (message.type === "prompt" && message.name === "held") for (;;);
  if (message.type === "prompt" && message.name === "offered") {
    const signal = { v: 1, sessionId: "a".repeat(32), type: "offer", sdp: "v=0" };
    process.send?.({ type: "signal", signal });
  }
  if (message.type === "shutdown") process.exit(0);
  if (message.type === "ping") process.send?.({ type: "pong" });
  else process.send?.({ type: "log", level: "info", text: JSON.stringify(message) });
});
