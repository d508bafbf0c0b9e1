/**
 * The ledger's own thread: a slow disk stops this loop and no other.
 *
 * Whatever is queued when the thread comes round goes into one commit. After an error of the disk the
 * file is closed and opened anew, because a later success on the same handle proves nothing: Linux drops
 * the pages of a failed fsync.
 */
import { parentPort, receiveMessageOnPort, workerData } from "node:worker_threads";
import { assert } from "../../shared/assert.ts";
import type { EventId, HubEpoch } from "../../shared/ids.ts";
import type { SealedAlarm } from "../ports.ts";
import { reasonOf } from "./failure.ts";
import { openStore, type LedgerStart, type LedgerStore } from "./ledger-store.ts";

export type ToLedger =
  | { readonly type: "append"; readonly id: number; readonly alarm: SealedAlarm }
  | {
      readonly type: "accepted";
      readonly id: number;
      readonly eventId: EventId;
      readonly hubEpoch: HubEpoch;
    }
  | { readonly type: "since"; readonly id: number; readonly from: number; readonly limit: number }
  | { readonly type: "close"; readonly id: number };

export type FromLedger =
  | { readonly type: "opened"; readonly start: LedgerStart }
  | { readonly type: "done"; readonly ids: readonly number[] }
  | { readonly type: "page"; readonly id: number; readonly alarms: readonly SealedAlarm[] }
  | { readonly type: "failed"; readonly ids: readonly number[]; readonly reason: string }
  | { readonly type: "damage"; readonly damage: readonly string[] };

const MAX_GROUP = 256;
const PRUNE_EVERY = 256;
const REOPEN_FIRST_MS = 200;
const REOPEN_MOST_MS = 30_000;

assert(parentPort, "the ledger's thread was started without a parent");
const port = parentPort;
const { file } = workerData as { file: string };

let store: LedgerStore | undefined = openStore(file);
let reopenAt = 0;
let reopenMs = REOPEN_FIRST_MS;
let untilPrune = 0;

const tell = (message: FromLedger): void => port.postMessage(message);

tell({ type: "opened", start: store.start() });
port.on("message", (first: ToLedger) => {
  const group = [first];
  while (group.length < MAX_GROUP) {
    const next = receiveMessageOnPort(port) as { message: ToLedger } | undefined;
    if (!next) break;
    group.push(next.message);
  }
  performGroup(group);
});

function performGroup(group: readonly ToLedger[]): void {
  const writes = group.filter((one) => one.type === "append" || one.type === "accepted");
  if (writes.length > 0) commit(writes);
  for (const one of group) {
    if (one.type === "since") answerPage(one);
    if (one.type === "close") close(one.id);
  }
}

function commit(writes: readonly Extract<ToLedger, { type: "append" | "accepted" }>[]): void {
  const ids = writes.map((one) => one.id);
  try {
    const open = opened();
    open.begin();
    for (const one of writes) {
      if (one.type === "append") open.append(one.alarm, Date.now());
      else open.markAccepted(one.eventId, one.hubEpoch);
    }
    untilPrune -= writes.length;
    if (untilPrune <= 0) {
      open.prune(Date.now());
      untilPrune = PRUNE_EVERY;
    }
    open.commit();
    tell({ type: "done", ids });
  } catch (error) {
    suspect();
    tell({ type: "failed", ids, reason: reasonOf(error) });
  }
}

function answerPage(asked: Extract<ToLedger, { type: "since" }>): void {
  try {
    tell({ type: "page", id: asked.id, alarms: opened().since(asked.from, asked.limit) });
  } catch (error) {
    suspect();
    tell({ type: "failed", ids: [asked.id], reason: reasonOf(error) });
  }
}

function opened(): LedgerStore {
  if (store) return store;
  const waitMs = reopenAt - performance.now();
  if (waitMs > 0) throw new Error(`the ledger's file is opened again in ${Math.ceil(waitMs)} ms`);
  store = openStore(file);
  const damage = store.check();
  if (damage.length > 0) tell({ type: "damage", damage });
  reopenMs = REOPEN_FIRST_MS;
  return store;
}

/** The handle, if there is one, is not to be believed any more. */
function suspect(): void {
  const broken = store;
  const isWaiting = !broken && performance.now() < reopenAt;
  if (isWaiting) return;
  store = undefined;
  reopenAt = performance.now() + reopenMs;
  reopenMs = Math.min(reopenMs * 2, REOPEN_MOST_MS);
  try {
    broken?.rollback();
    broken?.close();
  } catch (error) {
    tell({ type: "damage", damage: [`the ledger's file could not be closed: ${reasonOf(error)}`] });
  }
}

function close(id: number): void {
  store?.close();
  store = undefined;
  tell({ type: "done", ids: [id] });
  port.close();
}
