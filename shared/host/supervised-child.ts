/**
 * A child process that is kept running: forked, watched, and replaced when it ends.
 *
 * It tells `{type: "ready"}` when it has started, and answers each ping with any message. One that
 * does not start, or says nothing, is killed; one that ended is followed by another after a pause
 * that grows while they end quickly. Answers are counted and not timed, so that a child is not
 * killed when this process itself stood still.
 *
 * Limit: what is sent while there is none is lost; the next one has to be told all it must know.
 */
import { fork, type ChildProcess } from "node:child_process";
import { createInterface } from "node:readline";
import { fullJitter, type Backoff } from "../backoff.ts";
import { newStartWatch, type StartLimits, type StartWatch } from "../start-watch.ts";
import { workOf } from "./process-work.ts";

export interface ChildOptions<Out, In> {
  /** Its module. */
  readonly entry: string | URL;
  /** Its arguments. */
  readonly args?: readonly string[];
  /** Options of the engine. */
  readonly execArgv?: readonly string[];
  readonly ping: Out;
  readonly shutdown: Out;
  /** From the fork to `ready`. */
  readonly start: StartLimits;
  readonly pingMs: number;
  /** Killed when it has answered no ping for so long. */
  readonly silentMs: number;
  readonly restart: Backoff;
  /** The least of the drawn pause, as a share of the pause; 0 is full jitter. */
  readonly leastPause?: number;
  /** One that lived so long begins the backoff anew. */
  readonly steadyMs: number;
  /** Killed when it has not ended so long after its `shutdown`. */
  readonly closeMs: number;
  /** Killed when it has not taken so many messages; unless given, only its silence counts. */
  readonly maxQueued?: number;
  /** Takes each line that it prints; unless given, they go where ours go. */
  readonly onLine?: (line: string) => void;
  /** It was forked: what it needs to become ready is sent now. */
  readonly onForked?: () => void;
  /** Everything it says, `ready` too, but not its `pong`. */
  readonly onMessage: (message: In) => void;
  /** It is killed, or a message did not reach it, in words. */
  readonly onTrouble: (text: string) => void;
  readonly onEnded: (why: string, againInMs: number) => void;
}

export interface SupervisedChild<Out> {
  start(): void;
  /** False: there is none that could take it. */
  send(message: Out): boolean;
  /** `undefined` between two processes. */
  pid(): number | undefined;
  /** Resolves when it has ended; no other follows. */
  close(): Promise<void>;
}

interface Told {
  readonly type: string;
}

interface Supervision<Out extends Told, In extends Told> extends ChildOptions<Out, In> {
  child: ChildProcess | undefined;
  startedAt: number;
  /** While it starts. */
  watch: StartWatch | undefined;
  unanswered: number;
  queued: number;
  quickEnds: number;
  looking: NodeJS.Timeout | undefined;
  restarting: NodeJS.Timeout | undefined;
  isClosed: boolean;
}

export function superviseChild<Out extends Told, In extends Told>(
  options: ChildOptions<Out, In>,
): SupervisedChild<Out> {
  const supervision: Supervision<Out, In> = {
    ...options,
    child: undefined,
    startedAt: 0,
    watch: undefined,
    unanswered: 0,
    queued: 0,
    quickEnds: 0,
    looking: undefined,
    restarting: undefined,
    isClosed: false,
  };
  return {
    start: () => {
      supervision.looking = setInterval(() => look(supervision), options.pingMs);
      begin(supervision);
    },
    send: (message) => send(supervision, message),
    pid: () => supervision.child?.pid,
    close: () => close(supervision),
  };
}

function begin<Out extends Told, In extends Told>(supervision: Supervision<Out, In>): void {
  const { entry, args = [], execArgv = [], onLine, start } = supervision;
  Object.assign(supervision, { startedAt: performance.now(), unanswered: 0, queued: 0 });
  supervision.watch = newStartWatch(start, supervision.startedAt);
  const output = onLine ? "pipe" : "inherit";
  let child: ChildProcess;
  try {
    child = fork(entry, [...args], {
      execPath: process.execPath,
      execArgv: [...execArgv],
      serialization: "json",
      stdio: ["ignore", output, output, "ipc"],
    });
  } catch (error) {
    ended(supervision, String(error));
    return;
  }
  supervision.child = child;
  for (const lines of [child.stdout, child.stderr]) {
    if (lines && onLine) createInterface({ input: lines }).on("line", onLine);
  }
  let why: string | undefined;
  child.on("message", (message) => {
    if (supervision.child === child) hear(supervision, message as In);
  });
  child.on("error", (error) => {
    why = error.message;
    // One that could not be started has no exit.
    if (child.pid === undefined) ended(supervision, why);
  });
  child.once("exit", (code, signal) => ended(supervision, why ?? signal ?? `exit code ${code}`));
  supervision.onForked?.();
}

function hear<Out extends Told, In extends Told>(
  supervision: Supervision<Out, In>,
  message: In,
): void {
  supervision.unanswered = 0;
  if (message.type === "ready") supervision.watch = undefined;
  if (message.type !== "pong") supervision.onMessage(message);
}

/** Of one that starts: whether it works. Of one that has started: whether it answers. */
function look<Out extends Told, In extends Told>(supervision: Supervision<Out, In>): void {
  const { child, watch, pingMs, silentMs, ping, onTrouble } = supervision;
  if (!child) return;
  let trouble: string | undefined;
  if (watch) {
    trouble = watch.look(performance.now(), workOf(child.pid));
  } else {
    supervision.unanswered += 1;
    if (supervision.unanswered > silentMs / pingMs) trouble = `silent for ${silentMs} ms`;
    else send(supervision, ping);
  }
  if (trouble === undefined) return;
  onTrouble(`process ${child.pid} is ${trouble}: killed`);
  child.kill("SIGKILL");
}

function send<Out extends Told, In extends Told>(
  supervision: Supervision<Out, In>,
  message: Out,
): boolean {
  const { child, maxQueued = Infinity, onTrouble } = supervision;
  if (child?.connected !== true) return false;
  if (supervision.queued >= maxQueued) {
    onTrouble(`process ${child.pid} has not taken ${maxQueued} messages: killed`);
    child.kill("SIGKILL");
    return false;
  }
  supervision.queued += 1;
  child.send(message, (error) => {
    if (supervision.child === child) supervision.queued -= 1;
    if (error !== null) onTrouble(`${message.type} was not sent: ${error.message}`);
  });
  return true;
}

function ended<Out extends Told, In extends Told>(
  supervision: Supervision<Out, In>,
  why: string,
): void {
  const { restart, steadyMs, leastPause = 0, onEnded } = supervision;
  supervision.child = undefined;
  if (performance.now() - supervision.startedAt > steadyMs) supervision.quickEnds = 0;
  const chance = leastPause + Math.random() * (1 - leastPause);
  const pauseMs = fullJitter(restart, supervision.quickEnds, chance);
  supervision.quickEnds += 1;
  if (supervision.isClosed) return;
  onEnded(why, pauseMs);
  supervision.restarting = setTimeout(() => begin(supervision), pauseMs);
}

async function close<Out extends Told, In extends Told>(
  supervision: Supervision<Out, In>,
): Promise<void> {
  const { child, shutdown, closeMs } = supervision;
  supervision.isClosed = true;
  clearInterval(supervision.looking);
  clearTimeout(supervision.restarting);
  if (!child) return;
  const gone = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  send(supervision, shutdown);
  const timer = setTimeout(() => child.kill("SIGKILL"), closeMs);
  await gone;
  clearTimeout(timer);
}
