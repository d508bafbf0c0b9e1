/**
 * The ledger's thread: started, and started again when it ends.
 *
 * The agent goes on, because it holds in memory what the thread had not stored; the new thread
 * continues the same boot in the same files, and the core writes again what was refused.
 */
import { Worker } from "node:worker_threads";
import { fullJitter } from "../../../shared/backoff.ts";
import { milliseconds, seconds } from "../../../shared/duration.ts";
import { Failure, reasonOf } from "../host/failure.ts";
import type { LedgerStart } from "./ledger-store.ts";
import type { FromLedger, LedgerThreadData, ToLedger } from "./ledger-worker.ts";

/**
 * Rows come and go one page at a time; ten thousand unaccepted alarms are read once, at the start.
 */
const THREAD_LIMITS = { maxYoungGenerationSizeMb: 4, maxOldGenerationSizeMb: 64 };
const RESTART = { first: milliseconds(100), most: seconds(15) };
/** A thread that lived this long starts its backoff anew. */
const STABLE_MS = 30_000;

export interface LedgerThread {
  readonly start: LedgerStart;
  isRunning(): boolean;
  post(message: ToLedger): void;
  /** From now on its end is expected. */
  expectEnd(): void;
  terminate(): Promise<void>;
}

export interface LedgerThreadEvents {
  heard(message: FromLedger): void;
  /** It died; what it was asked is not answered any more. */
  down(reason: string): void;
  /** The spare file is in use. */
  isMoved(): boolean;
}

/** Rejects when not even the first thread can be started. */
export async function startLedgerThread(
  data: LedgerThreadData,
  events: LedgerThreadEvents,
): Promise<LedgerThread> {
  let worker: Worker | undefined;
  let restart: NodeJS.Timeout | undefined;
  let isEnding = false;
  let deaths = 0;

  const launch = (launched: LedgerThreadData): Worker => {
    const startedAt = performance.now();
    const own = new Worker(new URL("./ledger-worker.ts", import.meta.url), {
      workerData: launched,
      resourceLimits: THREAD_LIMITS,
    });
    let why = "its thread has ended";
    own.on("message", events.heard);
    own.on("error", (error) => (why = `its thread died: ${reasonOf(error)}`));
    own.on("exit", () => {
      if (worker !== own) return;
      worker = undefined;
      if (isEnding) return;
      deaths = performance.now() - startedAt > STABLE_MS ? 1 : deaths + 1;
      events.down(why);
      restart = setTimeout(again, fullJitter(RESTART, deaths, Math.random()));
    });
    return own;
  };
  const again = (): void => {
    const life = { bootEpoch: start.bootEpoch, isMoved: events.isMoved() };
    worker = launch({ ...data, life });
  };
  const first = launch(data);
  const start = await opened(first, data.file);
  worker = first;
  return {
    start,
    isRunning: () => worker !== undefined,
    post: (message) => worker?.postMessage(message, []),
    expectEnd: () => {
      isEnding = true;
      clearTimeout(restart);
    },
    terminate: async () => {
      await worker?.terminate();
    },
  };
}

function opened(worker: Worker, file: string): Promise<LedgerStart> {
  return new Promise((resolve, reject) => {
    const refuse = (reason: string): void =>
      reject(new Failure("device", `the ledger ${file} does not work: ${reason}`));
    worker.once("error", (error) => refuse(reasonOf(error)));
    worker.once("exit", () => refuse("its thread has ended"));
    worker.on("message", (message: FromLedger) => {
      if (message.type === "opened") resolve(message.start);
    });
  });
}
