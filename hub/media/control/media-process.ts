/**
 * Keeps one of the hub's media processes alive, from the hub's side.
 *
 * A process that dies or hangs is replaced within two seconds and told its settings again; "ready"
 * then reaches the listener, which starts recordings anew, and every pillar that was connected is
 * told `bye`, so that it offers anew at once instead of waiting for silence. What was sent
 * meanwhile is lost, as every message of `ipc.ts` may be.
 */
import { fileURLToPath } from "node:url";
import { milliseconds } from "../../../shared/duration.ts";
import { superviseChild } from "../../../shared/host/supervised-child.ts";
import type { MediaId } from "../../../shared/ids.ts";
import type { StartLimits } from "../../../shared/start-watch.ts";
import type { MediaNews } from "../../ports.ts";
import type { FromMedia, MediaSettings, OfMedia, ToMedia } from "../ipc.ts";
import type { Log } from "../log.ts";
import { newSessions } from "./pillar-sessions.ts";

export interface MediaProcessOptions {
  readonly mediaId: MediaId;
  readonly settings: MediaSettings;
  readonly log: Log;
  /** For tests: its module. */
  readonly entry?: string;
  /** For tests: how long its start may take. */
  readonly startLimits?: StartLimits;
}

export interface MediaProcess {
  send(message: ToMedia): void;
  /** Once. Nothing is sent before. */
  start(onNews: Listener): void;
  close(): Promise<void>;
  /** Undefined between two processes. */
  pid(): number | undefined;
}

/** From its start to `ready`: on a busy machine a minute is possible. */
const START: StartLimits = { idleMs: 20_000, mostMs: 300_000 };
const RESTART = { first: milliseconds(100), most: milliseconds(2000) };

const MAIN = fileURLToPath(new URL("../main.ts", import.meta.url));

/** Nothing runs before `start`, and what is sent before is lost. */
export function createMediaProcess(options: MediaProcessOptions): MediaProcess {
  const { mediaId, settings, log, entry = MAIN, startLimits = START } = options;
  const name = `media process ${mediaId}`;
  const sessions = newSessions();
  let listener: Listener | undefined;
  const child = superviseChild<OfMedia<ToMedia>, OfMedia<FromMedia>>({
    entry,
    args: [String(mediaId)],
    ping: { type: "ping", mediaId },
    shutdown: { type: "shutdown", mediaId },
    start: startLimits,
    pingMs: 1000,
    silentMs: 5000,
    restart: RESTART,
    leastPause: 0.5,
    steadyMs: 10_000,
    closeMs: 2500,
    onLine: (line) => log("warn", `${name}: ${line}`),
    onForked: () => send({ type: "configure", settings }),
    onMessage: (message) => {
      if (message.mediaId !== mediaId) {
        return log("error", `bug: ${name} sent ${message.type} as ${message.mediaId}; ignored`);
      }
      if (message.type === "log") return log(message.level, message.text);
      sessions.fromMedia(message);
      tell(listener, message, log);
      if (message.type === "ready") {
        sessions.sayBye((bye) => tell(listener, { ...bye, mediaId }, log));
      }
    },
    onTrouble: (text) => log("warn", `${name}: ${text}`),
    onEnded: (why, againInMs) => {
      sessions.over();
      log("error", `${name} ended (${why}); a new one in ${againInMs} ms`);
      tell(listener, { type: "ended", mediaId }, log);
    },
  });
  const send = (message: ToMedia): void => {
    sessions.toMedia(message);
    if (!child.send({ ...message, mediaId })) sessions.over();
  };
  return {
    start(onNews) {
      listener = onNews;
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

type Listener = (news: MediaNews) => void;

function tell(listener: Listener | undefined, news: MediaNews, log: Log): void {
  try {
    listener?.(news);
  } catch (error) {
    log("error", `bug in a listener of ${news.type}: ${String(error)}`);
  }
}
