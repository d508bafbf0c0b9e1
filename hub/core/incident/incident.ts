/**
 * One incident, from the first press to the disposition.
 *
 * The record below is a fold of the incident's facts and of nothing else: the core keeps it for
 * open incidents, the journal keeps the same fold as a row for all of them, so a list on a screen
 * and a decision can never disagree. It does not decide; `alarm.ts`, `order.ts` and `deadline.ts`
 * do.
 */
import type {
  Disposition,
  Escalation,
  IncidentState,
  Priority,
} from "../../../shared/api/incident.ts";
import type { DeadlineReason } from "../../../shared/api/timeline.ts";
import { assert, assertNever } from "../../../shared/assert.ts";
import type { EventId, IncidentId, PillarId, RecordingId, Username } from "../../../shared/ids.ts";
import type { AlarmKind } from "../../../shared/protocol/alarm.ts";
import type { Call } from "../../../shared/protocol/call.ts";
import { boundedPress } from "../bounds.ts";
import type { FactOf, IncidentFact } from "../facts.ts";

export interface Deadline {
  readonly dueAt: number;
  /** The wall clock when it was set: what was left then is the most that can be left. */
  readonly setAt: number;
  readonly reason: DeadlineReason;
  /** How often it has passed already. */
  readonly passed: number;
}

export interface IncidentRecord {
  readonly id: IncidentId;
  readonly pillarId: PillarId;
  readonly kind: AlarmKind;
  readonly state: IncidentState;
  readonly priority: Priority;
  readonly pressedAt: number;
  readonly openedAt: number;
  readonly acknowledgedAt: number | null;
  readonly answeredAt: number | null;
  readonly closedAt: number | null;
  readonly owner: Username | null;
  readonly ownerName: string | null;
  readonly closedByName: string | null;
  readonly isHeld: boolean;
  readonly presses: number;
  readonly lastEventId: EventId;
  readonly deadline: Deadline | null;
  /** How often it has begun to ring: opened, handed over, released, reopened. */
  readonly ring: number;
  readonly escalation: Escalation;
  /** False while no alarm of it came from an identity beyond doubt. */
  readonly isVerified: boolean;
  /** The running one. */
  readonly recordingId: RecordingId | null;
  readonly notes: number;
  readonly units: number;
  readonly disposition: Disposition | null;
  readonly note: string | null;
  readonly text: string | null;
  /** Its recordings are kept until it is unlocked. */
  readonly lock: LockRecord | null;
}

export interface LockRecord {
  readonly at: number;
  readonly byName: string;
  readonly reason: string;
}

/** `undefined` only for facts that come before the opening: the alarm itself. */
export function evolveIncident(
  record: IncidentRecord | undefined,
  fact: IncidentFact,
): IncidentRecord | undefined {
  if (fact.type === "incident-opened") return opened(fact);
  if (isBeside(fact)) return record;
  assert(record, `${fact.type} for incident ${fact.incidentId}, which was never opened`);
  return changed(record, fact);
}

function opened(fact: FactOf<"incident-opened">): IncidentRecord {
  return {
    id: fact.incidentId,
    pillarId: fact.pillarId,
    kind: fact.kind,
    state: "open",
    priority: fact.priority,
    pressedAt: boundedPress(fact.pressedAt, fact.at),
    openedAt: fact.at,
    acknowledgedAt: null,
    answeredAt: null,
    closedAt: null,
    owner: null,
    ownerName: null,
    closedByName: null,
    isHeld: false,
    presses: 1,
    lastEventId: fact.eventId,
    deadline: null,
    ring: 1,
    escalation: "none",
    isVerified: fact.isVerified ?? true,
    recordingId: null,
    notes: 0,
    units: 0,
    disposition: null,
    note: null,
    text: fact.text,
    lock: null,
  };
}

/** Part of its history, without an effect on it. */
type BesideFact = FactOf<
  | "alarm-recorded"
  | "alarm-equivocation"
  | "external-delivered"
  | "external-failed"
  | "external-gone"
  | "recording-deleted"
  | "view-opened"
  | "view-closed"
>;

const BESIDE: ReadonlySet<IncidentFact["type"]> = new Set<BesideFact["type"]>([
  "alarm-recorded",
  "alarm-equivocation",
  "external-delivered",
  "external-failed",
  "external-gone",
  "recording-deleted",
  "view-opened",
  "view-closed",
]);

const isBeside = (fact: IncidentFact): fact is BesideFact => BESIDE.has(fact.type);

type LaterFact = Exclude<IncidentFact, FactOf<"incident-opened"> | BesideFact>;

function changed(record: IncidentRecord, fact: LaterFact): IncidentRecord {
  switch (fact.type) {
    case "incident-joined":
      return joined(record, fact);
    case "deadline-set":
      return withDeadline(record, fact);
    case "deadline-passed":
      return deadlinePassed(record);
    case "incident-escalated":
      return { ...record, escalation: fact.level };
    case "incident-released":
      return rungAgain({ ...record, owner: null, ownerName: null });
    case "incident-pillar-revoked":
      return { ...record, isVerified: false };
    case "incident-acknowledged":
      return { ...owned(record, fact), state: "acknowledged", acknowledgedAt: fact.at };
    case "incident-answered":
      return answered(record, fact);
    case "incident-held":
      return { ...record, isHeld: fact.held };
    case "incident-transferred":
      return transferred(record, fact);
    case "incident-noted":
      return { ...record, notes: record.notes + 1 };
    case "unit-dispatched":
      return { ...record, units: record.units + 1 };
    case "incident-closed":
      return closed(record, fact);
    case "incident-reopened":
      return reopened(record);
    case "incident-locked":
      return { ...record, lock: { at: fact.at, byName: fact.byName, reason: fact.reason } };
    case "incident-unlocked":
      return { ...record, lock: null };
    case "recording-started":
      return { ...record, recordingId: fact.recordingId };
    case "recording-ended":
      return record.recordingId === fact.recordingId ? { ...record, recordingId: null } : record;
    default:
      return assertNever(fact);
  }
}

function joined(record: IncidentRecord, fact: FactOf<"incident-joined">): IncidentRecord {
  return {
    ...record,
    presses: record.presses + 1,
    lastEventId: fact.eventId,
    kind: fact.kind ?? record.kind,
    priority: fact.priority,
    text: record.text ?? fact.text,
    isVerified: record.isVerified || (fact.isVerified ?? true),
  };
}

function withDeadline(record: IncidentRecord, fact: FactOf<"deadline-set">): IncidentRecord {
  const passed = record.deadline?.passed ?? 0;
  return {
    ...record,
    deadline: { dueAt: fact.dueAt, setAt: fact.at, reason: fact.reason, passed },
  };
}

/** A hand-over that nobody took rings for everybody. */
function deadlinePassed(record: IncidentRecord): IncidentRecord {
  const deadline = record.deadline && { ...record.deadline, passed: record.deadline.passed + 1 };
  return { ...record, owner: null, ownerName: null, deadline };
}

function owned(record: IncidentRecord, fact: { by: Username; byName: string }): IncidentRecord {
  return { ...record, owner: fact.by, ownerName: fact.byName, deadline: null };
}

function answered(record: IncidentRecord, fact: FactOf<"incident-answered">): IncidentRecord {
  return {
    ...owned(record, fact),
    state: "answered",
    isHeld: false,
    acknowledgedAt: record.acknowledgedAt ?? fact.at,
    answeredAt: record.answeredAt ?? fact.at,
  };
}

/** Rings again, for one person; the deadline that follows returns it to everybody. */
function transferred(record: IncidentRecord, fact: FactOf<"incident-transferred">): IncidentRecord {
  return rungAgain({ ...record, owner: fact.to, ownerName: fact.toName });
}

function rungAgain(record: IncidentRecord): IncidentRecord {
  const ring = record.ring + 1;
  return { ...record, state: "open", isHeld: false, deadline: null, ring, escalation: "none" };
}

function closed(record: IncidentRecord, fact: FactOf<"incident-closed">): IncidentRecord {
  return {
    ...record,
    state: "closed",
    closedAt: fact.at,
    closedByName: fact.byName,
    isHeld: false,
    deadline: null,
    disposition: fact.disposition,
    note: fact.note,
  };
}

function reopened(record: IncidentRecord): IncidentRecord {
  return rungAgain({
    ...record,
    owner: null,
    ownerName: null,
    closedAt: null,
    closedByName: null,
    disposition: null,
    note: null,
  });
}

/** What the pillar may show and say, never more than is true. */
export function callOf(incident: IncidentRecord): Call {
  const { id: incidentId, lastEventId: eventId, kind } = incident;
  const hidden = kind === "silent" && { isSilent: true };
  const base = { v: 1, incidentId, eventId, ...hidden } as const;
  if (incident.state === "closed") return { ...base, status: "ended" };
  if (incident.state !== "answered") return { ...base, status: "ringing" };
  const by = incident.ownerName?.slice(0, 60) || "operator";
  return { ...base, status: incident.isHeld ? "held" : "answered", by };
}
