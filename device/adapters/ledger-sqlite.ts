/** The ledger as the shell sees it: one message to its thread and one back. */
import { Worker } from "node:worker_threads";
import type { Ledger, LedgerNews, SealedAlarm } from "../ports.ts";
import { Failure, reasonOf } from "./failure.ts";
import type { LedgerStart } from "./ledger-store.ts";
import type { FromLedger, ToLedger } from "./ledger-worker.ts";

/** Answers waited for at once; the core sends far fewer. */
const MAX_WAITING = 20_000;

/** News that wait for the first listener. */
const MAX_EARLY = 100;
/** Rows come and go one page at a time; ten thousand unaccepted alarms are read once, at the start. */
const THREAD_LIMITS = { maxYoungGenerationSizeMb: 4, maxOldGenerationSizeMb: 64 };

interface Waiting {
  resolve(alarms: readonly SealedAlarm[]): void;
  reject(error: Error): void;
}

/** Files that cannot be used are told as news; it rejects only when its thread cannot be started. */
export async function openLedger(file: string): Promise<Ledger> {
  const worker = new Worker(new URL("./ledger-worker.ts", import.meta.url), {
    workerData: { file },
    resourceLimits: THREAD_LIMITS,
  });
  const news = newsDesk();
  worker.on("message", (message: FromLedger) => {
    if (message.type === "news") news.tell(message.news);
  });
  const start = await opening(worker, file);
  for (const line of start.damage) news.tell({ type: "broken", reason: line });

  const waiting = new Map<number, Waiting>();
  let isClosed = false;
  const failAll = (reason: string): void => {
    if (!isClosed) news.tell({ type: "broken", reason: `the ledger does not work: ${reason}` });
    isClosed = true;
    for (const one of waiting.values()) one.reject(failed(file, reason));
    waiting.clear();
  };
  worker.on("message", (message: FromLedger) => settle(message, { waiting, file }));
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
    onNews: news.listen,
    append: async (alarm, mark) => {
      await ask((id) => ({ type: "append", id, alarm, mark }));
    },
    markAccepted: async (eventId, hubEpoch) => {
      await ask((id) => ({ type: "accepted", id, eventId, hubEpoch }));
    },
    since: (from, limit) => ask((id) => ({ type: "since", id, from, limit })),
    close: async () => {
      if (!isClosed) {
        const closed = ask((id) => ({ type: "close", id }));
        isClosed = true;
        await closed;
      }
      await worker.terminate();
    },
  };
}

/** What is told before anybody listens waits; it is little. */
function newsDesk(): {
  tell(news: LedgerNews): void;
  listen(listener: (news: LedgerNews) => void): void;
} {
  const early: LedgerNews[] = [];
  const listeners: ((news: LedgerNews) => void)[] = [];
  return {
    tell: (news) => {
      if (listeners.length > 0) listeners.forEach((listener) => listener(news));
      else if (early.length < MAX_EARLY) early.push(news);
    },
    listen: (listener) => {
      listeners.push(listener);
      for (const news of early.splice(0)) listener(news);
    },
  };
}

function opening(worker: Worker, file: string): Promise<LedgerStart> {
  return new Promise((resolve, reject) => {
    const onError = (error: unknown): void => reject(failed(file, reasonOf(error)));
    worker.once("error", onError);
    worker.on("message", (message: FromLedger) => {
      if (message.type !== "opened") return;
      worker.off("error", onError);
      resolve(message.start);
    });
  });
}

function settle(
  message: FromLedger,
  world: {
    readonly waiting: Map<number, Waiting>;
    readonly file: string;
  },
): void {
  const take = (id: number): Waiting | undefined => {
    const one = world.waiting.get(id);
    world.waiting.delete(id);
    return one;
  };
  if (message.type === "done") for (const id of message.ids) take(id)?.resolve([]);
  if (message.type === "page") take(message.id)?.resolve(message.alarms);
  if (message.type === "failed") {
    for (const id of message.ids) take(id)?.reject(failed(world.file, message.reason));
  }
}

function failed(file: string, reason: string): Failure {
  return new Failure("device", `the ledger ${file} does not work: ${reason.trim()}`);
}
