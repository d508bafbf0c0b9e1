/**
 * Keeps the hub's media process alive, from the hub's side.
 *
 * A process that dies or hangs is replaced within two seconds and told its settings again; "ready"
 * then reaches the listener, which starts recordings anew, and every pillar that was connected is
 * told `bye`, so that it offers anew at once instead of waiting for silence. What was sent
 * meanwhile is lost, as every message of `ipc.ts` may be.
 */
import { fileURLToPath } from "node:url";
import { milliseconds } from "../../../shared/duration.ts";
import { superviseChild } from "../../../shared/host/supervised-child.ts";
import type { StartLimits } from "../../../shared/start-watch.ts";
import type { MediaPort } from "../../ports.ts";
import type { FromMedia, MediaSettings, ToMedia } from "../ipc.ts";
import type { Log } from "../log.ts";
import { newSessions } from "./pillar-sessions.ts";

export interface MediaProcessOptions {
  readonly settings: MediaSettings;
  readonly log: Log;
}

export interface MediaProcess extends MediaPort {
  /** Undefined between two processes. */
  pid(): number | undefined;
}

/** From its start to `ready`: on a busy machine a minute is possible. */
const START: StartLimits = { idleMs: 20_000, mostMs: 300_000 };
const RESTART = { first: milliseconds(100), most: milliseconds(2000) };

const MAIN = fileURLToPath(new URL("../main.ts", import.meta.url));

/** Nothing runs before `start`, and what is sent before is lost. */
export function createMediaProcess({ settings, log }: MediaProcessOptions): MediaProcess {
  const sessions = newSessions();
  let listener: Listener | undefined;
  const child = superviseChild<ToMedia, FromMedia>({
    entry: MAIN,
    ping: { type: "ping" },
    shutdown: { type: "shutdown" },
    start: START,
    pingMs: 1000,
    silentMs: 5000,
    restart: RESTART,
    leastPause: 0.5,
    steadyMs: 10_000,
    closeMs: 2500,
    onLine: (line) => log("warn", `media process: ${line}`),
    onForked: () => send({ type: "configure", settings }),
    onMessage: (message) => {
      if (message.type === "log") return log(message.level, message.text);
      sessions.fromMedia(message);
      tell(listener, message, log);
      if (message.type === "ready") sessions.sayBye((bye) => tell(listener, bye, log));
    },
    onTrouble: (text) => log("warn", `media process: ${text}`),
    onEnded: (why, againInMs) => {
      sessions.over();
      log("error", `media process ended (${why}); a new one in ${againInMs} ms`);
    },
  });
  const send = (message: ToMedia): void => {
    sessions.toMedia(message);
    if (!child.send(message)) sessions.over();
  };
  return {
    start(onMessage) {
      listener = onMessage;
      child.start();
    },
    send,
    pid: child.pid,
    async close() {
      sessions.stop();
      await child.close();
    },
  };
}

type Listener = (message: FromMedia) => void;

function tell(listener: Listener | undefined, message: FromMedia, log: Log): void {
  try {
    listener?.(message);
  } catch (error) {
    log("error", `bug in a listener of ${message.type}: ${String(error)}`);
  }
}
