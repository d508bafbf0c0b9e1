/**
 * One call told without a fault: the checker's own measure, into which its test plants violations.
 */
import { sha256 } from "../../../../device/adapters/identity/identity.ts";
import { BEGINNING, rowHash } from "../../../../hub/journal/chain.ts";
import { GENESIS, linkHash } from "../../../../shared/hash-chain.ts";
import type { AlarmEvent } from "../../../../shared/protocol/alarm.ts";
import type { Entry } from "./history.ts";

export const PILLAR = "pillar-1";
const PRESSED_AT = 1000;

export interface Story {
  readonly hasDeadline?: boolean;
  /** The deadline passes before somebody answers. */
  readonly firedAfterMs?: number;
  readonly isAnswered?: boolean;
  readonly isClosed?: boolean;
  readonly isRepeated?: boolean;
  readonly hasSecond?: boolean;
}

type Row = { readonly at: number; readonly type: string } & Record<string, unknown>;

export function cleanHistory(story: Story = {}): Entry[] {
  const first = alarm(1, GENESIS, PRESSED_AT);
  const rows: Row[] = [
    { type: "pillar-enrolled", at: 1, pillarId: PILLAR },
    ...opened(first, "a".repeat(32), story),
    ...answered(story),
    ...(story.isRepeated ? [recorded(first, "a".repeat(32))] : []),
    ...(story.hasSecond ? opened(alarm(2, hashOf(first), 50_000), "b".repeat(32), story) : []),
  ];
  const lamp = (at: number, name: "calling" | "received" | "answered" | "standby"): Entry => ({
    what: "lamp",
    at,
    pillarId: PILLAR,
    lamp: name,
  });
  return [
    { what: "press", at: PRESSED_AT, pillarId: PILLAR },
    lamp(1002, "calling"),
    lamp(1020, "received"),
    lamp(30_100, "answered"),
    lamp(40_100, "standby"),
    { what: "end", at: 60_000 },
    ...journal(rows),
    {
      what: "ledger",
      pillarId: PILLAR,
      row: {
        seq: 1,
        event_id: first.eventId,
        event: JSON.stringify(first),
        hash: hashOf(first),
        accepted_by: "e".repeat(32),
      },
    },
  ];
}

/** The same history with the first matching record of one database changed on the disk. */
export function reworded(
  entries: readonly Entry[],
  what: "journal" | "ledger",
  change: (text: string) => string,
): Entry[] {
  let isDone = false;
  return entries.map((entry) => {
    if (isDone || entry.what !== what) return entry;
    const key = entry.what === "journal" ? "body" : "event";
    const text = entry.what === "journal" ? entry.row.body : entry.row.event;
    isDone = change(text) !== text;
    return { ...entry, row: { ...entry.row, [key]: change(text) } } as Entry;
  });
}

function alarm(seq: number, prevHash: string, wallMs: number): AlarmEvent {
  const event = {
    v: 1,
    eventId: String(seq).repeat(32),
    pillarId: PILLAR,
    bootEpoch: 1,
    seq,
    prevHash,
    kind: "voice",
    wallMs,
    clock: { synced: true },
  };
  return event as AlarmEvent;
}

const hashOf = (event: AlarmEvent): string => linkHash(sha256, event.prevHash, event);

const recorded = (event: AlarmEvent, incidentId: string): Row => ({
  type: "alarm-recorded",
  at: event.wallMs + 5,
  incidentId,
  event,
  sig: "s",
  via: "mqtt",
  pressedAt: event.wallMs,
});

function opened(event: AlarmEvent, incidentId: string, story: Story): Row[] {
  const at = event.wallMs + 5;
  const { eventId, pillarId, kind } = event;
  const dueAt = at + 10_000;
  const firedAt = at + (story.firedAfterMs ?? 10_000);
  const deadline = { incidentId, reason: "unacknowledged" };
  return [
    recorded(event, incidentId),
    { type: "incident-opened", at, incidentId, pillarId, kind, eventId },
    ...(story.hasDeadline === false
      ? []
      : [
          { type: "deadline-set", at, dueAt, ...deadline },
          { type: "deadline-passed", at: firedAt, ...deadline },
          { type: "deadline-set", at: firedAt, dueAt: firedAt + 20_000, ...deadline },
        ]),
  ];
}

function answered(story: Story): Row[] {
  const base = { incidentId: "a".repeat(32), by: "wang", byName: "Wang" };
  return [
    ...(story.isAnswered === false ? [] : [{ type: "incident-answered", at: 30_000, ...base }]),
    ...(story.isClosed === false ? [] : [{ type: "incident-closed", at: 40_000, ...base }]),
  ];
}

function journal(facts: readonly Row[]): Entry[] {
  let link: { readonly idx: number; readonly hash: string } = BEGINNING;
  return facts.map((fact) => {
    const row = {
      idx: link.idx + 1,
      at: fact.at,
      type: fact.type,
      incident_id: null,
      pillar_id: null,
      body: JSON.stringify(fact),
      prev_hash: link.hash,
    };
    link = { idx: row.idx, hash: rowHash(row) };
    return { what: "journal", row: { ...row, hash: link.hash } };
  });
}
