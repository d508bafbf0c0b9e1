/** The ledger as the shell sees it: one message to its thread and one back. */
import type { LedgerNews, SealedAlarm } from "../../core/state/kept.ts";
import type { Ledger } from "../../ports.ts";
import { Failure } from "../host/failure.ts";
import { startLedgerThread } from "./ledger-thread.ts";
import type { FromLedger, ToLedger } from "./ledger-worker.ts";
import type { Vitals } from "../host/watchdog.ts";

/** Answers waited for at once; the core sends far fewer. */
const MAX_WAITING = 20_000;

/** Events that wait for the first listener. */
const MAX_EARLY = 100;

interface Waiter {
  resolve(alarms: readonly SealedAlarm[]): void;
  reject(error: Error): void;
}

/**
 * Files that cannot be used are told as news; it rejects only when its thread cannot be started.
 */
export async function openLedger(file: string, vitals?: Vitals): Promise<Ledger> {
  const news = newsQueue();
  const waiting = new Map<number, Waiter>();
  let isMoved = false;
  const down = (reason: string): void => {
    vitals?.rest("ledger");
    news.tell({ type: "broken", reason: `the ledger does not work: ${reason}` });
    for (const one of waiting.values()) one.reject(failed(file, reason));
    waiting.clear();
  };
  const heard = (message: FromLedger): void => {
    if (message.type !== "news") return settle(message, { waiting, file });
    isMoved ||= message.news.type === "moved";
    news.tell(message.news);
  };
  const first = { file, cells: vitals?.cells, life: undefined };
  const thread = await startLedgerThread(first, { heard, down, isMoved: () => isMoved });
  const { start } = thread;
  for (const line of start.damage) news.tell({ type: "broken", reason: line });

  let isClosed = false;
  let lastId = 0;
  const ask = (make: (id: number) => ToLedger): Promise<readonly SealedAlarm[]> => {
    if (isClosed) return Promise.reject(failed(file, "it is closed"));
    if (!thread.isRunning()) return Promise.reject(failed(file, "its thread is started again"));
    if (waiting.size >= MAX_WAITING) return Promise.reject(failed(file, "too many requests wait"));
    const id = ++lastId;
    return new Promise((resolve, reject) => {
      waiting.set(id, { resolve, reject });
      thread.post(make(id));
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
      vitals?.rest("ledger");
      const closed = thread.isRunning() ? ask((id) => ({ type: "close", id })) : undefined;
      isClosed = true;
      thread.expectEnd();
      // Its end rejects what it was asked: closed is closed.
      await closed?.catch(() => undefined);
      await thread.terminate();
    },
  };
}

/** Events before the first listener wait; there are few. */
function newsQueue(): {
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

function settle(
  message: FromLedger,
  world: {
    readonly waiting: Map<number, Waiter>;
    readonly file: string;
  },
): void {
  const take = (id: number): Waiter | undefined => {
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
