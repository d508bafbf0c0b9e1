/**
 * The pillar's ledger: the rules of its thread, on the simulated disk.
 *
 * As in the real one, whatever waits goes into one commit; after an error the file is closed, opened
 * again later, and until then everything is refused. Rows are found again by folding what the disk has.
 */
import type { SealedAlarm } from "../../device/ports.ts";
import type { Beginning } from "../../device/core/state.ts";
import { GENESIS } from "../../shared/hash-chain.ts";
import type { EventId, HubEpoch } from "../../shared/ids.ts";
import type { Disk } from "./disk.ts";

export type LedgerRecord =
  | { readonly type: "alarm"; readonly alarm: SealedAlarm }
  | { readonly type: "accepted"; readonly eventId: EventId; readonly hubEpoch: HubEpoch }
  | { readonly type: "boot"; readonly bootEpoch: number };

type Answer = (failure: string | undefined) => void;

interface Rows {
  readonly bySeq: Map<number, SealedAlarm>;
  readonly seqByEvent: Map<EventId, number>;
  readonly acceptedBy: Map<EventId, HubEpoch>;
  lastSeq: number;
  bootEpoch: number;
  hubEpoch: HubEpoch | undefined;
}

export interface LedgerFile {
  /** The next life of the agent. Throws when the disk cannot be used. */
  start(): Omit<Beginning, "pillarId" | "release">;
  append(alarm: SealedAlarm, answer: Answer): void;
  markAccepted(eventId: EventId, hubEpoch: HubEpoch): void;
  /** `undefined`: the file is closed after an error. */
  since(fromSeq: number, limit: number): SealedAlarm[] | undefined;
  /** The thread dies with its process. */
  stop(): void;
}

export interface LedgerWorld {
  readonly disk: Disk<LedgerRecord>;
  readonly now: () => number;
  readonly plan: (delayMs: number, run: () => void) => void;
  readonly doesSync: boolean;
}

const MAX_KEPT = 10_000;
const REOPEN_FIRST_MS = 200;
const REOPEN_MOST_MS = 30_000;

interface Desk extends LedgerWorld {
  rows: Rows;
  waiting: { readonly record: LedgerRecord; readonly answer: Answer }[];
  isWriting: boolean;
  isOpen: boolean;
  reopenAt: number;
  reopenMs: number;
}

export function newLedgerFile(world: LedgerWorld): LedgerFile {
  const desk: Desk = {
    ...world,
    rows: noRows(),
    waiting: [],
    isWriting: false,
    isOpen: false,
    reopenAt: 0,
    reopenMs: REOPEN_FIRST_MS,
  };
  const add = (record: LedgerRecord, answer: Answer): void => {
    desk.waiting.push({ record, answer });
    if (!desk.isWriting) performGroup(desk);
  };
  return {
    start: () => start(desk),
    append: (alarm, answer) => add({ type: "alarm", alarm }, answer),
    markAccepted: (eventId, hubEpoch) => {
      add({ type: "accepted", eventId, hubEpoch }, () => undefined);
    },
    since: (fromSeq, limit) => (reopened(desk) ? page(desk.rows, fromSeq, limit) : undefined),
    stop: () => {
      desk.waiting = [];
      desk.isWriting = false;
      desk.isOpen = false;
    },
  };
}

const noRows = (): Rows => ({
  bySeq: new Map(),
  seqByEvent: new Map(),
  acceptedBy: new Map(),
  lastSeq: 0,
  bootEpoch: 0,
  hubEpoch: undefined,
});

function fold(rows: Rows, record: LedgerRecord): void {
  switch (record.type) {
    case "alarm": {
      const { seq, eventId } = record.alarm.event;
      if (rows.seqByEvent.has(eventId)) return;
      if (rows.bySeq.has(seq)) throw new Error(`UNIQUE constraint failed: alarm.seq ${seq}`);
      rows.bySeq.set(seq, record.alarm);
      rows.seqByEvent.set(eventId, seq);
      rows.lastSeq = Math.max(rows.lastSeq, seq);
      return;
    }
    case "accepted":
      if (rows.seqByEvent.has(record.eventId)) {
        rows.acceptedBy.set(record.eventId, record.hubEpoch);
      }
      rows.hubEpoch = record.hubEpoch;
      return;
    case "boot":
      rows.bootEpoch = record.bootEpoch;
  }
}

function foldAll(desk: Desk): void {
  desk.rows = noRows();
  for (const record of desk.disk.records()) fold(desk.rows, record);
}

function start(desk: Desk): ReturnType<LedgerFile["start"]> {
  if (desk.disk.mood.isDead) throw new Error("EIO: disk I/O error");
  foldAll(desk);
  const { rows } = desk;
  const bootEpoch = rows.bootEpoch + 1;
  const record = { type: "boot", bootEpoch } as const;
  desk.disk.write([record]);
  const failure = desk.disk.sync().finish();
  if (failure) throw new Error(failure);
  fold(rows, record);
  desk.isOpen = true;
  desk.reopenMs = REOPEN_FIRST_MS;
  const bySeq = [...rows.bySeq.values()].toSorted((a, b) => a.event.seq - b.event.seq);
  const last = bySeq.at(-1);
  const ofOthers = bySeq.find(({ event: { eventId } }) => {
    const by = rows.acceptedBy.get(eventId);
    return by !== undefined && by !== rows.hubEpoch;
  });
  return {
    bootEpoch,
    head: last ? { seq: last.event.seq, hash: last.hash } : { seq: 0, hash: GENESIS },
    hubEpoch: rows.hubEpoch,
    unaccepted: bySeq.filter(({ event }) => !rows.acceptedBy.has(event.eventId)).slice(0, MAX_KEPT),
    replayFrom: ofOthers?.event.seq,
    lastEventId: last?.event.eventId,
  };
}

/** One commit of all that waits; the answers come when the disk has answered. */
function performGroup(desk: Desk): void {
  const group = desk.waiting;
  desk.waiting = [];
  if (group.length === 0) return;
  desk.isWriting = true;
  const end = (failure: string | undefined): void => {
    desk.isWriting = false;
    if (failure) suspect(desk);
    for (const { answer } of group) answer(failure);
    if (!desk.isWriting) performGroup(desk);
  };
  if (!reopened(desk)) {
    desk.plan(1, () => end("the ledger's file is opened again later"));
    return;
  }
  try {
    const records = group.map(({ record }) => record);
    checkKeys(desk.rows, records);
    desk.disk.write(records);
  } catch (error) {
    desk.plan(1, () => end(error instanceof Error ? error.message : String(error)));
    return;
  }
  const synced = desk.disk.sync();
  if (!desk.doesSync) {
    desk.plan(1, () => settle(desk, group, end));
    return;
  }
  desk.plan(synced.ms, () => {
    const failure = synced.finish();
    if (failure) end(failure);
    else settle(desk, group, end);
  });
}

function settle(desk: Desk, group: Desk["waiting"], end: Answer): void {
  for (const { record } of group) fold(desk.rows, record);
  end(undefined);
}

/** As SQLite would: a number used twice fails the whole transaction. */
function checkKeys(rows: Rows, records: readonly LedgerRecord[]): void {
  for (const record of records) {
    if (record.type !== "alarm") continue;
    const { seq, eventId } = record.alarm.event;
    if (!rows.seqByEvent.has(eventId) && rows.bySeq.has(seq)) {
      throw new Error(`UNIQUE constraint failed: alarm.seq ${seq}`);
    }
  }
}

function reopened(desk: Desk): boolean {
  if (desk.isOpen) return true;
  if (desk.now() < desk.reopenAt) return false;
  if (desk.disk.mood.isDead) {
    desk.reopenAt = desk.now() + desk.reopenMs;
    desk.reopenMs = Math.min(desk.reopenMs * 2, REOPEN_MOST_MS);
    return false;
  }
  foldAll(desk);
  desk.isOpen = true;
  desk.reopenMs = REOPEN_FIRST_MS;
  return true;
}

function suspect(desk: Desk): void {
  if (!desk.isOpen) return;
  desk.isOpen = false;
  desk.reopenAt = desk.now() + desk.reopenMs;
  desk.reopenMs = Math.min(desk.reopenMs * 2, REOPEN_MOST_MS);
}

function page(rows: Rows, fromSeq: number, limit: number): SealedAlarm[] {
  const found: SealedAlarm[] = [];
  for (let seq = fromSeq; seq <= rows.lastSeq && found.length < limit; seq++) {
    const alarm = rows.bySeq.get(seq);
    if (alarm) found.push(alarm);
  }
  return found;
}
