/**
 * The ledger's own thread: a slow disk stops this loop and no other.
 *
 * Everything that is queued when the loop comes round goes into one commit.
 */
import { randomInt } from "node:crypto";
import { parentPort, receiveMessageOnPort, workerData } from "node:worker_threads";
import { assert } from "../../../shared/assert.ts";
import { ledgerBase } from "../../core/ledger/ledger-base.ts";
import type { LedgerNews, SealedAlarm } from "../../core/state/kept.ts";
import { reasonOf } from "../host/failure.ts";
import { LedgerFiles } from "./ledger-files.ts";
import type { LedgerStart, LedgerWrite } from "./ledger-store.ts";
import { vitalsIn } from "../host/watchdog.ts";

export type ToLedger =
  | LedgerWrite
  | { readonly type: "since"; readonly id: number; readonly from: number; readonly limit: number }
  | { readonly type: "close"; readonly id: number };

export type FromLedger =
  | { readonly type: "opened"; readonly start: LedgerStart }
  | { readonly type: "done"; readonly ids: readonly number[] }
  | { readonly type: "page"; readonly id: number; readonly alarms: readonly SealedAlarm[] }
  | { readonly type: "failed"; readonly ids: readonly number[]; readonly reason: string }
  | { readonly type: "news"; readonly news: LedgerNews };

/** What the thread is started with. */
export interface LedgerThreadData {
  readonly file: string;
  /** Of the watchdog; none in tests. */
  readonly cells: SharedArrayBuffer | undefined;
  /** The boot that goes on, when an earlier thread of it died. */
  readonly life: { readonly bootEpoch: number; readonly isMoved: boolean } | undefined;
}

const MAX_GROUP = 256;
const IDLE_MS = 5000;
const IDLE_MISSED_MS = 20_000;
/** A failing disk may take minutes for one write; ending the agent would not make it faster. */
const DISK_MISSED_MS = 30 * 60_000;
const PRUNE_EVERY = 256;

assert(parentPort, "the ledger's thread was started without a parent");
const port = parentPort;
const { file, cells, life } = workerData as LedgerThreadData;
const vitals = cells && vitalsIn(cells);
const tell = (message: FromLedger): void => port.postMessage(message);
const files = new LedgerFiles(file, (news) => tell({ type: "news", news }));
let untilPrune = 0;

const idle = (): void => vitals?.checkIn("ledger", IDLE_MISSED_MS);
const onDisk = (work: () => void): void => {
  vitals?.checkIn("ledger", DISK_MISSED_MS);
  work();
  idle();
};

onDisk(() => {
  if (life) files.resume(life.bootEpoch, life.isMoved);
  else
    tell({
      type: "opened",
      start: files.start(ledgerBase(Date.now(), (bound) => randomInt(bound))),
    });
});
const idling = setInterval(idle, IDLE_MS);
port.on("message", (first: ToLedger) => {
  const group = [first];
  while (group.length < MAX_GROUP) {
    const next = receiveMessageOnPort(port) as { message: ToLedger } | undefined;
    if (!next) break;
    group.push(next.message);
  }
  onDisk(() => performGroup(group));
});

function performGroup(group: readonly ToLedger[]): void {
  const writes = group.filter((one) => one.type === "append" || one.type === "accepted");
  if (writes.length > 0) commit(writes);
  for (const one of group) {
    if (one.type === "since") answerPage(one);
    if (one.type === "close") close(one.id);
  }
}

function commit(writes: readonly LedgerWrite[]): void {
  const ids = writes.map((one) => one.id);
  try {
    const open = files.opened();
    open.begin();
    for (const one of writes) {
      if (one.type === "append") open.append(one, Date.now());
      else open.markAccepted(one.eventId, one.hubEpoch);
    }
    untilPrune -= writes.length;
    if (untilPrune <= 0) {
      open.prune(Date.now());
      untilPrune = PRUNE_EVERY;
    }
    open.commit();
    files.stored(writes);
    tell({ type: "done", ids });
  } catch (error) {
    files.suspect(error);
    tell({ type: "failed", ids, reason: reasonOf(error) });
  }
}

function answerPage(asked: Extract<ToLedger, { type: "since" }>): void {
  try {
    tell({ type: "page", id: asked.id, alarms: files.opened().since(asked.from, asked.limit) });
  } catch (error) {
    files.suspect(error);
    tell({ type: "failed", ids: [asked.id], reason: reasonOf(error) });
  }
}

function close(id: number): void {
  clearInterval(idling);
  files.close();
  tell({ type: "done", ids: [id] });
  port.close();
}
