/**
 * One of the hub's media processes; its number is its argument. Its supervisor is
 * `media-process.ts`; they speak `ipc.ts`.
 *
 * It ends with the hub: when the channel closes it finishes its recordings and exits. A bug ends it
 * at once, and the supervisor starts it anew: a picture is lost for two seconds, never an alarm.
 */
import { assert } from "../../shared/assert.ts";
import { MediaId } from "../../shared/ids.ts";
import type { FromMedia, OfMedia, ToMedia } from "./ipc.ts";
import { limitedLog } from "./log.ts";
import { newRelay } from "./process.ts";

/** What finishing the recordings may take. */
const MAX_CLOSE_MS = 1500;

const mediaId = MediaId.parse(Number(process.argv[2]));

function send(message: FromMedia): void {
  if (process.connected) process.send?.({ ...message, mediaId } satisfies OfMedia<FromMedia>);
}

const log = limitedLog(
  (level, text) => send({ type: "log", level, text }),
  () => performance.now(),
);

const relay = newRelay(send, log);
let isLeaving = false;

function leave(code: number): void {
  if (isLeaving) return;
  isLeaving = true;
  setTimeout(() => process.exit(code), MAX_CLOSE_MS).unref();
  relay.close().then(
    () => process.exit(code),
    () => process.exit(1),
  );
}

function die(kind: string, error: unknown): void {
  const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
  console.error(`${kind} in the media process: ${text}`);
  send({ type: "log", level: "error", text: `${kind} in the media process: ${text}` });
  leave(1);
}

process.on("uncaughtException", (error) => die("uncaught error", error));
process.on("unhandledRejection", (error) => die("unhandled rejection", error));
process.on("disconnect", () => leave(0));
// A terminal's Ctrl+C reaches the whole group; the hub ends this process when it is done with it.
process.on("SIGINT", () => undefined);
process.on("SIGTERM", () => leave(0));
process.on("message", (message: OfMedia<ToMedia>) => {
  assert(
    message.mediaId === mediaId,
    `${message.type} is for media process ${message.mediaId}, and this is ${mediaId}`,
  );
  if (message.type === "shutdown") leave(0);
  else relay.handle(message);
});
