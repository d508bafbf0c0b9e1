/** The tables of a pillar's ledger, found again by folding what its file has. */
import type { Kept, LedgerHead, SealedAlarm } from "../../../device/core/state/kept.ts";
import type { EventId, HubEpoch } from "../../../shared/ids.ts";

export type LedgerRecord =
  | { readonly type: "alarm"; readonly alarm: SealedAlarm }
  | { readonly type: "accepted"; readonly eventId: EventId; readonly hubEpoch: HubEpoch }
  | { readonly type: "boot"; readonly bootEpoch: number };

export interface Rows {
  readonly bySeq: Map<number, SealedAlarm>;
  /** Ascending. */
  readonly seqs: number[];
  readonly seqByEvent: Map<EventId, number>;
  readonly acceptedBy: Map<EventId, HubEpoch>;
  bootEpoch: number;
  hubEpoch: HubEpoch | undefined;
}

const MAX_KEPT = 10_000;

export function rowsOf(records: Iterable<LedgerRecord>): Rows {
  const rows: Rows = {
    bySeq: new Map(),
    seqs: [],
    seqByEvent: new Map(),
    acceptedBy: new Map(),
    bootEpoch: 0,
    hubEpoch: undefined,
  };
  for (const record of records) fold(rows, record);
  return rows;
}

export function fold(rows: Rows, record: LedgerRecord): void {
  switch (record.type) {
    case "alarm": {
      const { seq, eventId } = record.alarm.event;
      if (rows.seqByEvent.has(eventId)) return;
      if (rows.bySeq.has(seq)) throw new Error(`UNIQUE constraint failed: alarm.seq ${seq}`);
      rows.bySeq.set(seq, record.alarm);
      rows.seqByEvent.set(eventId, seq);
      const isNewest = seq > (rows.seqs.at(-1) ?? 0);
      rows.seqs.push(seq);
      if (!isNewest) rows.seqs.sort((a, b) => a - b);
      return;
    }
    case "accepted":
      if (rows.seqByEvent.has(record.eventId)) {
        rows.acceptedBy.set(record.eventId, record.hubEpoch);
      }
      rows.hubEpoch = record.hubEpoch;
      return;
    case "boot":
      rows.bootEpoch = Math.max(rows.bootEpoch, record.bootEpoch);
  }
}

/** As SQLite would: a number used twice fails the whole transaction. */
export function checkKeys(rows: Rows, records: readonly LedgerRecord[]): void {
  for (const record of records) {
    if (record.type !== "alarm") continue;
    const { seq, eventId } = record.alarm.event;
    if (!rows.seqByEvent.has(eventId) && rows.bySeq.has(seq)) {
      throw new Error(`UNIQUE constraint failed: alarm.seq ${seq}`);
    }
  }
}

const alarmsOf = ({ bySeq, seqs }: Rows): SealedAlarm[] =>
  seqs.map((seq) => bySeq.get(seq) as SealedAlarm);

export function keptIn(rows: Rows): Kept {
  const alarms = alarmsOf(rows);
  const ofOthers = alarms.find(({ event: { eventId } }) => {
    const by = rows.acceptedBy.get(eventId);
    return by !== undefined && by !== rows.hubEpoch;
  });
  return {
    hubEpoch: rows.hubEpoch,
    unaccepted: alarms.filter(({ event }) => !rows.acceptedBy.has(event.eventId)).slice(-MAX_KEPT),
    replayFrom: ofOthers?.event.seq,
  };
}

export function newestIn(
  rows: Rows,
): { readonly head: LedgerHead; readonly lastEventId: EventId | undefined } | undefined {
  const last = rows.bySeq.get(rows.seqs.at(-1) ?? 0);
  if (!last) return undefined;
  const newestCall = rows.seqs.findLast((seq) => rows.bySeq.get(seq)?.event.kind !== "test");
  const lastEventId =
    newestCall === undefined ? undefined : rows.bySeq.get(newestCall)?.event.eventId;
  return { head: { seq: last.event.seq, hash: last.hash }, lastEventId };
}

/** Kept alarms from this number on, oldest first. */
export function page(rows: Rows, fromSeq: number, limit: number): SealedAlarm[] {
  const from = rows.seqs.findIndex((seq) => seq >= fromSeq);
  if (from < 0) return [];
  return rows.seqs.slice(from, from + limit).map((seq) => rows.bySeq.get(seq) as SealedAlarm);
}
