/**
 * Notices when a part of the agent has stopped working
 * while the process runs on, and ends the process.
 *
 * A timer that fires shows only that timers fire. So every critical part counts in memory shared
 * with a thread that does nothing but look, and says by when it will count again; a part that does
 * not is named, the process is killed, and the supervisor starts another, which finds every stored
 * alarm.
 *
 * The thread counts its own looks and reads no clock: a process that was stopped and goes on, or a
 * board that was asleep, has lost no look.
 */
import { closeSync, openSync } from "node:fs";
import { Worker } from "node:worker_threads";
import { reasonOf } from "./failure.ts";

/**
 * `start`: from the first line to the shell. `heart`: core and timers, by the heartbeat's timer.
 * `link`: an attempt ends, and after it there is another. `board`: its polls, answered or not.
 * `ledger`: its thread. `files`: one can still be opened.
 */
export const TASKS = ["start", "heart", "link", "board", "ledger", "files"] as const;
export type Task = (typeof TASKS)[number];

export interface Vitals {
  /** It works, and will say so again within `withinMs`. */
  checkIn(task: Task, withinMs: number): void;
  /** Nothing is expected of it. */
  rest(task: Task): void;
  /** For a thread of ours, which says so with `vitalsIn`. */
  readonly cells: SharedArrayBuffer;
}

export interface Watchdog extends Vitals {
  stop(): Promise<void>;
}

export const LOOK_MS = 500;
const START_MS = 60_000;
/** The thread holds one small array, and at the first start of all the compiler. */
const THREAD_LIMITS = { maxYoungGenerationSizeMb: 1, maxOldGenerationSizeMb: 64 };

/** From now on; `start` is checked in, and must be given rest within a minute. */
export function startWatchdog(): Watchdog {
  const vitals = vitalsIn(newCells());
  vitals.checkIn("start", START_MS);
  const worker = new Worker(new URL("./watchdog-worker.ts", import.meta.url), {
    workerData: { cells: vitals.cells },
    resourceLimits: THREAD_LIMITS,
  });
  worker.unref();
  return {
    ...vitals,
    stop: async () => {
      await worker.terminate();
    },
  };
}

const FILES_LOOK_MS = 5000;
/** A link that is up goes on, so there is time. */
const FILES_MISSED_MS = 30_000;

/**
 * A process that has used up its files cannot connect anew; its end cures a leak, and nothing else
 * does. Returns what ends the watch.
 */
export function watchFiles(vitals: Vitals, complain: (text: string) => void): () => void {
  const look = (): void => {
    try {
      closeSync(openSync("/dev/null", "r"));
      vitals.checkIn("files", FILES_MISSED_MS);
    } catch (error) {
      complain(
        `no file can be opened: ${reasonOf(error)}; the agent is started again if this lasts`,
      );
    }
  };
  look();
  const timer = setInterval(look, FILES_LOOK_MS);
  return () => clearInterval(timer);
}

export const newCells = (): SharedArrayBuffer =>
  new SharedArrayBuffer(TASKS.length * 2 * Int32Array.BYTES_PER_ELEMENT);

/**
 * Two cells a task: how often it checked in, and after
 * how many looks without it is missed; 0 is rest.
 */
export function vitalsIn(cells: SharedArrayBuffer): Vitals {
  const view = new Int32Array(cells);
  return {
    cells,
    checkIn(task, withinMs) {
      const cell = TASKS.indexOf(task) * 2;
      Atomics.store(view, cell + 1, Math.ceil(withinMs / LOOK_MS) + 1);
      Atomics.add(view, cell, 1);
    },
    rest: (task) => void Atomics.store(view, TASKS.indexOf(task) * 2 + 1, 0),
  };
}

/** One look at all tasks: which of them is missed. */
export function newLook(cells: SharedArrayBuffer): () => Task | undefined {
  const view = new Int32Array(cells);
  const seen = TASKS.map(() => 0);
  const silent = TASKS.map(() => 0);
  return () =>
    TASKS.find((_, task) => {
      const count = Atomics.load(view, task * 2);
      const patience = Atomics.load(view, task * 2 + 1);
      silent[task] = patience === 0 || count !== seen[task] ? 0 : (silent[task] ?? 0) + 1;
      seen[task] = count;
      return silent[task] > patience;
    });
}
