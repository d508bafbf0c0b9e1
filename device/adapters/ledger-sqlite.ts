/** The ledger as the shell sees it: one message to its thread and one back. */
import { mkdirSync } from "node:fs";
import { dirname } from "node:path";
import { Worker } from "node:worker_threads";
import type { Ledger, SealedAlarm } from "../ports.ts";
import { codeOf, Failure, reasonOf } from "./failure.ts";
import type { LedgerStart } from "./ledger-store.ts";
import type { FromLedger, ToLedger } from "./ledger-worker.ts";

/** Answers waited for at once; the core sends far fewer. */
const MAX_WAITING = 20_000;

/** Rows come and go one page at a time; ten thousand unaccepted alarms are read once, at the start. */
const THREAD_LIMITS = { maxYoungGenerationSizeMb: 4, maxOldGenerationSizeMb: 64 };

interface Waiting {
  resolve(alarms: readonly SealedAlarm[]): void;
  reject(error: Error): void;
}

/** Rejects with a device failure when the file cannot be used. `onDamage` hears of what was found wrong. */
export async function openLedger(
  file: string,
  onDamage: (damage: string) => void,
): Promise<Ledger> {
  try {
    mkdirSync(dirname(file), { recursive: true });
  } catch (error) {
    throw failed(file, `${codeOf(error) ?? ""} ${reasonOf(error)}`);
  }
  const worker = new Worker(new URL("./ledger-worker.ts", import.meta.url), {
    workerData: { file },
    resourceLimits: THREAD_LIMITS,
  });
  const start = await opening(worker, file);
  for (const line of start.damage) onDamage(line);

  const waiting = new Map<number, Waiting>();
  let isClosed = false;
  const failAll = (reason: string): void => {
    isClosed = true;
    for (const one of waiting.values()) one.reject(failed(file, reason));
    waiting.clear();
  };
  worker.on("message", (message: FromLedger) => settle(message, { waiting, file, onDamage }));
  worker.on("error", (error) => failAll(`its thread died: ${reasonOf(error)}`));
  worker.on("exit", () => failAll("its thread has ended"));

  let lastId = 0;
  const ask = (make: (id: number) => ToLedger): Promise<readonly SealedAlarm[]> => {
    if (isClosed) return Promise.reject(failed(file, "its thread has ended"));
    if (waiting.size >= MAX_WAITING) return Promise.reject(failed(file, "too many requests wait"));
    const id = ++lastId;
    return new Promise((resolve, reject) => {
      waiting.set(id, { resolve, reject });
      worker.postMessage(make(id), []);
    });
  };
  return {
    ...start,
    append: async (alarm) => {
      await ask((id) => ({ type: "append", id, alarm }));
    },
    markAccepted: async (eventId, hubEpoch) => {
      await ask((id) => ({ type: "accepted", id, eventId, hubEpoch }));
    },
    since: (from, limit) => ask((id) => ({ type: "since", id, from, limit })),
    close: async () => {
      if (!isClosed) await ask((id) => ({ type: "close", id }));
      await worker.terminate();
    },
  };
}

function opening(worker: Worker, file: string): Promise<LedgerStart> {
  return new Promise((resolve, reject) => {
    const onError = (error: unknown): void => reject(failed(file, reasonOf(error)));
    worker.once("error", onError);
    worker.once("message", (message: FromLedger) => {
      worker.off("error", onError);
      if (message.type === "opened") resolve(message.start);
      else reject(failed(file, `expected it to open, found ${message.type}`));
    });
  });
}

function settle(
  message: FromLedger,
  world: {
    readonly waiting: Map<number, Waiting>;
    readonly file: string;
    readonly onDamage: (damage: string) => void;
  },
): void {
  const take = (id: number): Waiting | undefined => {
    const one = world.waiting.get(id);
    world.waiting.delete(id);
    return one;
  };
  if (message.type === "done") for (const id of message.ids) take(id)?.resolve([]);
  if (message.type === "page") take(message.id)?.resolve(message.alarms);
  if (message.type === "damage") for (const line of message.damage) world.onDamage(line);
  if (message.type === "failed") {
    for (const id of message.ids) take(id)?.reject(failed(world.file, message.reason));
  }
}

function failed(file: string, reason: string): Failure {
  return new Failure("device", `the ledger ${file} does not work: ${reason.trim()}`);
}
