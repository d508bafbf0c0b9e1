/**
 * One bad row costs that row and never the list.
 *
 * Each row is turned into what consoles are shown, and checked by the same schema the answer is
 * sent with. One that fails is shown as damaged with its id where that helps, left out where it
 * does not, and reported to `onDamaged` in every case.
 */
import type { z } from "zod";
import { AuditEntry } from "../../../shared/api/audit.ts";
import { Incident, Recording } from "../../../shared/api/incident.ts";
import { Pillar } from "../../../shared/api/pillar.ts";
import { TimelineEntry } from "../../../shared/api/timeline.ts";
import { parseWith, type Parsed } from "../../../shared/parse.ts";
import type { Fact } from "../../core/facts.ts";
import type { IncidentRecord } from "../../core/state/incident-record.ts";
import type { RecordingRecord } from "../../core/state/recording-record.ts";
import type { PillarRecord } from "../../core/state/pillar-record.ts";
import { auditEntry } from "../audit.ts";
import { damagedEntry, timelineEntry } from "./timeline.ts";
import { iso } from "../../../shared/iso.ts";
import { toIncident, toPillar, toRecording } from "./api-shape.ts";

export interface DamagedRow {
  readonly kind: "incident" | "pillar" | "recording" | "fact";
  /** Of a fact: its index in the journal. */
  readonly id: string;
  readonly reason: string;
}
export type OnDamaged = (row: DamagedRow) => void;

/** Total: what `make` throws, and what does not fit, is the reason. */
function shown<T>(schema: z.ZodType<T>, make: () => unknown): Parsed<T> {
  try {
    return parseWith(schema, make());
  } catch (error) {
    return { ok: false, reason: error instanceof Error ? error.message : String(error) };
  }
}

// oxlint-disable-next-line typescript/no-unnecessary-type-parameters -- the caller knows the brand
const parse = <T>(row: { readonly body: string }): T => JSON.parse(row.body) as T;

export interface IncidentRow {
  readonly id: string;
  readonly pillar_id: string;
  readonly state: string;
  readonly pressed_at: number;
  readonly body: string;
  /** The pillar's. */
  readonly name: string | null;
}

export function incidentOf(row: IncidentRow, onDamaged: OnDamaged): Incident | undefined {
  const read = shown(Incident, () => toIncident(parse<IncidentRecord>(row), row.name ?? undefined));
  if (read.ok) return read.value;
  onDamaged({ kind: "incident", id: row.id, reason: read.reason });
  const damaged = shown(Incident, () => damagedIncident(row));
  return damaged.ok ? damaged.value : undefined;
}

/** Somebody may be waiting: what is not known counts as urgent, and without an owner. */
function damagedIncident({ id, pillar_id, state, pressed_at, name }: IncidentRow): Incident {
  const at = iso(pressed_at);
  return {
    ...{
      id,
      pillarId: pillar_id,
      pillarName: name ?? pillar_id,
      kind: "voice",
      state,
      priority: 1,
      priorityReason: { kind: "rule", rule: "kind" },
    },
    ...{ pressedAt: at, openedAt: at, acknowledgedAt: null, answeredAt: null },
    ...{ closedAt: null, owner: null, ownerName: null, isHeld: false, presses: 1 },
    ...{ isVerified: false, escalation: "none", deadlineAt: null, disposition: null },
    ...{ note: null, text: null, lock: null, isDamaged: true },
  } as Incident;
}

export interface PillarRow {
  readonly id: string;
  readonly name: string;
  readonly body: string;
}

export function pillarOf(
  row: PillarRow,
  heardAt: number | undefined,
  onDamaged: OnDamaged,
): Pillar | undefined {
  const read = shown(Pillar, () => toPillar(parse<PillarRecord>(row), heardAt));
  if (read.ok) return read.value;
  onDamaged({ kind: "pillar", id: row.id, reason: read.reason });
  const damaged = shown(Pillar, () => damagedPillar(row, heardAt));
  return damaged.ok ? damaged.value : undefined;
}

const damagedPillar = ({ id, name }: PillarRow, heardAt: number | undefined): unknown => ({
  ...{ id, name, grid: "", address: "", position: null, presence: "lost" },
  ...{ lastSeenAt: heardAt === undefined ? null : iso(heardAt), isEnrolled: false },
  ...{ certificate: null, revocation: null, faults: [], release: null, isDamaged: true },
});

export interface RecordingRow {
  readonly id: string;
  readonly body: string;
}
export interface StoredRecording {
  readonly record: RecordingRecord;
  readonly recording: Recording;
}

/** A recording without its times leads to no file: it is left out. */
export function recordingOf(row: RecordingRow, onDamaged: OnDamaged): StoredRecording | undefined {
  const read = shown(Recording, () => toRecording(parse<RecordingRecord>(row)));
  if (read.ok) return { record: parse<RecordingRecord>(row), recording: read.value };
  onDamaged({ kind: "recording", id: row.id, reason: read.reason });
  return undefined;
}

export interface FactRow {
  readonly idx: number;
  readonly body: string;
}

export function entryOf(
  row: FactRow & { readonly at: number },
  onDamaged: OnDamaged,
): TimelineEntry {
  const read = shown(TimelineEntry, () => timelineEntry(parse<Fact>(row), row.idx));
  if (read.ok) return read.value;
  onDamaged({ kind: "fact", id: String(row.idx), reason: read.reason });
  return damagedEntry(row);
}

export function factOf(row: FactRow, onDamaged: OnDamaged): Fact | undefined {
  try {
    const fact = parse<Fact | null>(row);
    if (typeof fact?.type === "string") return fact;
    onDamaged({ kind: "fact", id: String(row.idx), reason: "expected a fact, found none" });
  } catch (error) {
    onDamaged({ kind: "fact", id: String(row.idx), reason: String(error) });
  }
  return undefined;
}

/** The audit leaves it out: an entry without its person or time says nothing. */
export function auditEntryOf(
  row: { readonly idx: number; readonly body: string },
  onDamaged: OnDamaged,
): AuditEntry | undefined {
  const read = shown(AuditEntry, () => auditEntry(parse<Fact>(row), row.idx));
  if (read.ok) return read.value;
  onDamaged({ kind: "fact", id: String(row.idx), reason: read.reason });
  return undefined;
}
