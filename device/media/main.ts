/**
 * The media child process of the agent.
 *
 * It lives exactly as long as its channel to the agent. A failure of a part is a `state` message; a
 * bug ends this process alone, and the agent starts another.
 */
import type { FromMedia } from "../core/state/media-channel.ts";
import type { ToMedia } from "./ipc.ts";
import { newPillarMedia } from "./pillar-media.ts";
import { MEDIA_TIMING } from "./timing.ts";

const EXIT_BUG = 1;
const EXIT_USAGE = 2;

if (process.send === undefined) {
  process.stderr.write("This is the agent's media process. It is started by the agent.\n");
  process.exit(EXIT_USAGE);
}

const post = (message: FromMedia): void => {
  // The agent may be gone at any instant; `disconnect` then ends this process.
  if (process.connected) process.send?.(message, undefined, undefined, () => undefined);
};

const media = newPillarMedia(post, MEDIA_TIMING);

const quit = (code: number): void => {
  media.stop();
  // Gives the last message, a `bye`, time to be sent.
  setTimeout(() => process.exit(code), 20);
};

process.on("message", (message: ToMedia) => {
  if (message.type === "shutdown") return quit(0);
  if (message.type === "ping") return post({ type: "pong" });
  media.receive(message);
});
process.on("disconnect", () => quit(0));
process.on("SIGTERM", () => quit(0));
// Ctrl+C in a terminal reaches every process of the group; the agent decides when to stop.
process.on("SIGINT", () => undefined);
// After a failure that nothing has caught the state may be inconsistent: a new process is whole.
const die = (error: unknown): void => {
  const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
  post({ type: "log", level: "error", text: `media: ${text}` });
  quit(EXIT_BUG);
};
process.on("unhandledRejection", die);
process.on("uncaughtException", die);

post({ type: "ready" });
