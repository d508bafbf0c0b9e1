/**
 * The media process: started, watched, started again.
 *
 * Media may crash or hang; the alarm path never waits for it. After every start it is told what it needs: settings,
 * whether to connect, whether the gate is open.
 */
import { fork, type ChildProcess } from "node:child_process";
import { milliseconds, seconds } from "../../../shared/duration.ts";
import { fullJitter } from "../../../shared/backoff.ts";
import type { MediaSessionId } from "../../../shared/ids.ts";
import type { Signal } from "../../../shared/protocol/signal.ts";
import { PROTOCOL_VERSION } from "../../../shared/protocol/version.ts";
import { newStartWatch, type StartLimits } from "../../../shared/start-watch.ts";
import type { MediaConfig } from "../../config.ts";
import type { FromMedia } from "../../core/state/media-channel.ts";
import type { ToMedia } from "../../media/ipc.ts";
import type { MediaPort } from "../../ports.ts";
import { reasonOf } from "../host/failure.ts";
import { workOf } from "./process-work.ts";

const RESTART = { first: milliseconds(400), most: seconds(15) };
/** A process that lived this long starts its backoff anew. */
const STABLE_MS = 30_000;
/** From fork to `ready`; a loaded small board takes seconds, and a minute when it is busy. */
const START: StartLimits = { idleMs: 20_000, mostMs: 300_000 };
const START_LOOK_MS = 500;
/** Without a `pong` for so long it hangs. */
const SILENT_MS = 10_000;
const PING_MS = 3000;
const SHUTDOWN_MS = 2000;
/** A small board has little memory: the engine's default of 16 MB for young objects is for servers. */
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
  return new MediaProcess(settings);
}

class MediaProcess implements MediaPort {
  readonly #settings: MediaProcessSettings;
  #child: ChildProcess | undefined;
  #isClosed = false;
  #isConnected = false;
  #isGateOpen = false;
  #isReady = false;
  #queued = 0;
  #failures = 0;
  #startedAt = 0;
  #ping: NodeJS.Timeout | undefined;
  #restart: NodeJS.Timeout | undefined;
  #watchdog: NodeJS.Timeout | undefined;
  /** The hub's name for the connection this process holds. */
  #session: MediaSessionId | undefined;
  #listeners: ((message: FromMedia) => void)[] = [];
  #runningListeners: ((isRunning: boolean, detail: string) => void)[] = [];

  constructor(settings: MediaProcessSettings) {
    this.#settings = settings;
    this.#start();
  }

  send(message: ToMedia): void {
    if (message.type === "connect") this.#isConnected = true;
    if (message.type === "disconnect") this.#isConnected = false;
    if (message.type === "gate") this.#isGateOpen = message.isOpen;
    // State is sent again after `ready`; prompts and signals from before it are void.
    if (this.#isReady) this.#post(message);
  }

  onMessage(listener: (message: FromMedia) => void): void {
    this.#listeners.push(listener);
  }

  onRunning(listener: (isRunning: boolean, detail: string) => void): void {
    this.#runningListeners.push(listener);
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    clearTimeout(this.#restart);
    clearTimeout(this.#watchdog);
    clearInterval(this.#ping);
    const child = this.#child;
    if (!child) return;
    const gone = new Promise<void>((resolve) => child.once("exit", () => resolve()));
    this.#post({ type: "shutdown" });
    const timer = setTimeout(() => child.kill("SIGKILL"), SHUTDOWN_MS);
    await gone;
    clearTimeout(timer);
  }

  #start(): void {
    this.#startedAt = performance.now();
    this.#isReady = false;
    this.#queued = 0;
    const child = fork(this.#settings.entry ?? ENTRY, [], {
      execPath: process.execPath,
      execArgv: [SMALL_HEAP],
      stdio: ["ignore", "inherit", "inherit", "ipc"],
    });
    this.#child = child;
    let why = "";
    child.on("error", (error) => (why = reasonOf(error)));
    child.on("message", (message) => this.#take(message as FromMedia));
    child.once("exit", (code, signal) => this.#gone(why || (signal ?? `exit code ${code}`)));
    this.#expectStart();
  }

  #expectStart(): void {
    const watch = newStartWatch(this.#settings.start ?? START, this.#startedAt);
    clearTimeout(this.#watchdog);
    this.#watchdog = setInterval(() => {
      const reason = watch.look(performance.now(), workOf(this.#child?.pid));
      if (reason !== undefined) this.#kill(reason);
    }, START_LOOK_MS);
  }

  #kill(reason: string): void {
    clearTimeout(this.#watchdog);
    this.#settings.warn(`the media process is ${reason}: killed`);
    this.#child?.kill("SIGKILL");
  }

  #take(message: FromMedia): void {
    this.#expectLife(this.#settings.silentMs ?? SILENT_MS);
    if (message.type === "ready") {
      this.#isReady = true;
      this.#post({ type: "configure", media: this.#settings.media });
      this.#post({ type: "gate", isOpen: this.#isGateOpen });
      if (this.#isConnected) this.#post({ type: "connect" });
      this.#ping = setInterval(
        () => this.#post({ type: "ping" }),
        this.#settings.pingMs ?? PING_MS,
      );
      this.#tellRunning(true, "");
    }
    if (message.type === "pong") return;
    if (message.type === "signal" && message.signal.type === "offer") {
      this.#session = message.signal.sessionId;
    }
    for (const listener of this.#listeners) listener(message);
  }

  #gone(why: string): void {
    this.#child = undefined;
    this.#isReady = false;
    clearTimeout(this.#watchdog);
    clearInterval(this.#ping);
    if (this.#isClosed) return;
    this.#sayBye();
    const lived = performance.now() - this.#startedAt;
    this.#failures = lived > STABLE_MS ? 0 : this.#failures + 1;
    const delay = fullJitter(RESTART, this.#failures, Math.random());
    const detail = `the media process ended (${why}); it starts again in ${delay} ms`;
    this.#settings.warn(detail);
    this.#tellRunning(false, detail);
    this.#restart = setTimeout(() => this.#start(), delay);
  }

  /** The hub need not wait for silence to learn that this connection is over. */
  #sayBye(): void {
    const sessionId = this.#session;
    this.#session = undefined;
    if (sessionId === undefined) return;
    const reason = "the pillar's media process ended";
    const signal: Signal = { v: PROTOCOL_VERSION, sessionId, type: "bye", reason };
    for (const listener of this.#listeners) listener({ type: "signal", signal });
  }

  /** A process that says nothing in this time is killed, and its exit starts another. */
  #expectLife(withinMs: number): void {
    clearTimeout(this.#watchdog);
    this.#watchdog = setTimeout(() => this.#kill(`silent for ${withinMs} ms`), withinMs);
  }

  #post(message: ToMedia): void {
    const child = this.#child;
    if (!child?.connected) return;
    if (this.#queued >= MAX_QUEUED) {
      child.kill("SIGKILL"); // It does not read its channel: it hangs.
      return;
    }
    this.#queued += 1;
    child.send(message, () => {
      this.#queued -= 1;
    });
  }

  #tellRunning(isRunning: boolean, detail: string): void {
    for (const listener of this.#runningListeners) listener(isRunning, detail);
  }
}
