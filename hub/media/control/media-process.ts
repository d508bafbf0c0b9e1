/**
 * Keeps the hub's media process alive, from the hub's side.
 *
 * A process that dies or hangs is replaced within two seconds and told its settings again; "ready" then
 * reaches the listener, which starts recordings anew, and every pillar that was connected is told `bye`, so
 * that it offers anew at once instead of waiting for silence. What was sent meanwhile is lost, as every
 * message of `ipc.ts` may be.
 */
import { fork, type ChildProcess } from "node:child_process";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { fullJitter } from "../../../shared/backoff.ts";
import { milliseconds } from "../../../shared/duration.ts";
import type { MediaPort } from "../../ports.ts";
import { newStartWatch, type StartLimits, type StartWatch } from "../../../shared/start-watch.ts";
import type { FromMedia, MediaSettings, ToMedia } from "../ipc.ts";
import type { Log } from "../log.ts";
import { workOf } from "./process-work.ts";
import { newSessions } from "./pillar-sessions.ts";

export interface MediaProcessOptions {
  readonly settings: MediaSettings;
  readonly log: Log;
  /** For tests: another program in the process's place. */
  readonly entry?: string;
  readonly pingMs?: number;
  readonly start?: StartLimits;
}

export interface MediaProcess extends MediaPort {
  /** Undefined between two processes. */
  pid(): number | undefined;
}

const PING_MS = 1000;
/** From its start to `ready`: on a busy machine a minute is possible. */
const START: StartLimits = { idleMs: 20_000, mostMs: 300_000 };
/** Unanswered pings before a process that was ready counts as hung. */
const MAX_UNANSWERED = 5;
const RESTART = { first: milliseconds(100), most: milliseconds(2000) };
/** A process that ran this long begins the backoff anew. */
const STEADY_MS = 10_000;
const MAX_CLOSE_MS = 2500;

const MAIN = fileURLToPath(new URL("../main.ts", import.meta.url));

/** Nothing runs before `start`, and what is sent before is lost. */
export function createMediaProcess(options: MediaProcessOptions): MediaProcess {
  const { log } = options;
  let listener: Listener | undefined;
  let child: ChildProcess | undefined;
  let restartTimer: NodeJS.Timeout | undefined;
  const pauseMs = newPauses();
  let isClosed = false;
  const pulse = newPulse(options.start ?? START);
  const sessions = newSessions();

  const send = (message: ToMedia): void => {
    sessions.toMedia(message);
    if (child?.connected !== true) return sessions.over();
    child.send(message, (error) => {
      if (error !== null) log("warn", `media process: ${message.type} not sent: ${error.message}`);
    });
  };

  const receive = (message: FromMedia): void => {
    pulse.heard();
    if (message.type === "log") return log(message.level, message.text);
    if (message.type === "pong") return;
    sessions.fromMedia(message);
    tell(listener, message, log);
    if (message.type !== "ready") return;
    pulse.isReady();
    sessions.sayBye((bye) => tell(listener, bye, log));
  };

  const spawn = (): void => {
    const startedAt = performance.now();
    const own = (child = spawnMedia(options.entry ?? MAIN, log));
    pulse.began(startedAt);
    own.on("message", (message) => {
      if (child === own) receive(message as FromMedia);
    });
    own.on("error", (error) => log("error", `media process: ${error.message}`));
    own.once("exit", (code, signal) => {
      if (child === own) child = undefined;
      sessions.over();
      if (isClosed) return;
      const delay = pauseMs(performance.now() - startedAt);
      log("error", `media process ended (${signal ?? code ?? "?"}); a new one in ${delay} ms`);
      restartTimer = setTimeout(spawn, delay);
    });
    send({ type: "configure", settings: options.settings });
  };

  const ping = (): void => {
    const trouble = child && pulse.trouble(child.pid);
    if (trouble === undefined) return send({ type: "ping" });
    log("error", `media process ${child?.pid} ${trouble}; killing it`);
    child?.kill("SIGKILL");
  };
  let pingTimer: NodeJS.Timeout | undefined;

  return {
    start(onMessage) {
      listener = onMessage;
      pingTimer = setInterval(ping, options.pingMs ?? PING_MS);
      spawn();
    },
    send,
    pid: () => child?.pid,
    async close() {
      if (isClosed) return;
      isClosed = true;
      clearInterval(pingTimer);
      clearTimeout(restartTimer);
      sessions.stop();
      send({ type: "shutdown" });
      if (child !== undefined) await exit(child);
    },
  };
}

/** How long to wait before the next process, after one that lived so long. */
function newPauses(): (livedMs: number) => number {
  let attempt = 0;
  return (livedMs) => {
    if (livedMs > STEADY_MS) attempt = 0;
    const pauseMs = fullJitter(RESTART, attempt, 0.5 + Math.random() / 2);
    attempt += 1;
    return pauseMs;
  };
}

interface Pulse {
  began(at: number): void;
  isReady(): void;
  heard(): void;
  /** Asked at every ping. Why to kill it; undefined: it lives, or starts. */
  trouble(pid: number | undefined): string | undefined;
}

function newPulse(start: StartLimits): Pulse {
  /** While it is starting. */
  let watch: StartWatch | undefined;
  let unanswered = 0;
  return {
    began(at) {
      watch = newStartWatch(start, at);
      unanswered = 0;
    },
    isReady() {
      watch = undefined;
    },
    heard() {
      unanswered = 0;
    },
    trouble(pid) {
      if (watch !== undefined) return watch.look(performance.now(), workOf(pid));
      unanswered += 1;
      return unanswered > MAX_UNANSWERED ? "does not answer" : undefined;
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

/** The process has been told to leave; it is made to when it does not. */
async function exit(child: ChildProcess): Promise<void> {
  const killTimer = setTimeout(() => child.kill("SIGKILL"), MAX_CLOSE_MS);
  await new Promise<void>((resolve) => child.once("exit", () => resolve()));
  clearTimeout(killTimer);
}

function spawnMedia(entry: string, log: Log): ChildProcess {
  const child = fork(entry, [], {
    execPath: process.execPath,
    execArgv: [],
    serialization: "json",
    stdio: ["ignore", "pipe", "pipe", "ipc"],
  });
  for (const output of [child.stdout, child.stderr]) {
    if (output === null) continue;
    createInterface({ input: output }).on("line", (line) => log("warn", `media process: ${line}`));
  }
  return child;
}
