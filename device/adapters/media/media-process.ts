/**
 * The media process: started, watched, started again.
 *
 * Media may crash or hang; the alarm path never waits for it. After every start it is told what it
 * needs: settings, whether to connect, what of the gate is open.
 */
import { milliseconds, seconds } from "../../../shared/duration.ts";
import { superviseChild } from "../../../shared/host/supervised-child.ts";
import type { MediaSessionId } from "../../../shared/ids.ts";
import { SHUT } from "../../../shared/protocol/purpose.ts";
import type { Signal } from "../../../shared/protocol/signal.ts";
import { PROTOCOL_VERSION } from "../../../shared/protocol/version.ts";
import type { StartLimits } from "../../../shared/start-watch.ts";
import type { MediaConfig } from "../../config.ts";
import type { FromMedia } from "../../core/state/media-channel.ts";
import type { ToMedia } from "../../media/ipc.ts";
import type { MediaPort } from "../../ports.ts";

const RESTART = { first: milliseconds(800), most: seconds(15) };
/** A process that lived this long starts its backoff anew. */
const STABLE_MS = 30_000;
/** From fork to `ready`; a loaded small board takes seconds, and a minute when it is busy. */
const START: StartLimits = { idleMs: 20_000, mostMs: 300_000 };
/** Without an answer for so long it hangs. */
const SILENT_MS = 9000;
const PING_MS = 3000;
const SHUTDOWN_MS = 2000;
/**
 * A small board has little memory: the engine's default of 16 MB for young objects is for servers.
 */
const SMALL_HEAP = "--max-semi-space-size=2";
/** Messages the child has not taken from the channel yet. */
const MAX_QUEUED = 256;

export interface MediaProcessSettings {
  readonly media: MediaConfig;
  /** Module of the child; another one only in tests. */
  readonly entry?: URL;
  readonly start?: StartLimits;
  readonly silentMs?: number;
  readonly pingMs?: number;
  warn(text: string): void;
}

const ENTRY = new URL("../../media/main.ts", import.meta.url);

export function mediaProcess(settings: MediaProcessSettings): MediaPort {
  const { media, warn } = settings;
  const listeners: ((message: FromMedia) => void)[] = [];
  const runningListeners: ((isRunning: boolean, detail: string) => void)[] = [];
  const wanted = { isConnected: false, opening: SHUT };
  let isReady = false;
  /** The hub's name for the connection this process holds. */
  let session: MediaSessionId | undefined;
  const tell = (message: FromMedia): void => listeners.forEach((listener) => listener(message));
  const tellRunning = (isRunning: boolean, detail: string): void =>
    runningListeners.forEach((listener) => listener(isRunning, detail));

  const child = superviseChild<ToMedia, FromMedia>({
    entry: settings.entry ?? ENTRY,
    execArgv: [SMALL_HEAP],
    ping: { type: "ping" },
    shutdown: { type: "shutdown" },
    start: settings.start ?? START,
    pingMs: settings.pingMs ?? PING_MS,
    silentMs: settings.silentMs ?? SILENT_MS,
    restart: RESTART,
    steadyMs: STABLE_MS,
    closeMs: SHUTDOWN_MS,
    maxQueued: MAX_QUEUED,
    onMessage: (message) => {
      if (message.type === "ready") {
        isReady = true;
        child.send({ type: "configure", media });
        child.send({ type: "gate", opening: wanted.opening });
        if (wanted.isConnected) child.send({ type: "connect" });
        tellRunning(true, "");
      }
      if (message.type === "signal" && message.signal.type === "offer") {
        session = message.signal.sessionId;
      }
      tell(message);
    },
    onTrouble: (text) => warn(`the media process: ${text}`),
    onEnded: (why, againInMs) => {
      isReady = false;
      if (session !== undefined) tell({ type: "signal", signal: byeOf(session) });
      session = undefined;
      const detail = `the media process ended (${why}); it starts again in ${againInMs} ms`;
      warn(detail);
      tellRunning(false, detail);
    },
  });
  child.start();
  return {
    send: (message) => {
      if (message.type === "connect") wanted.isConnected = true;
      if (message.type === "disconnect") wanted.isConnected = false;
      if (message.type === "gate") wanted.opening = message.opening;
      // State is sent again after `ready`; prompts and signals from before it are void.
      if (isReady) child.send(message);
    },
    onMessage: (listener) => void listeners.push(listener),
    onRunning: (listener) => void runningListeners.push(listener),
    close: child.close,
  };
}

/** The hub need not wait for silence to learn that this connection is over. */
const byeOf = (sessionId: MediaSessionId): Signal => ({
  v: PROTOCOL_VERSION,
  sessionId,
  type: "bye",
  reason: "the pillar's media process ended",
});
