/**
 * One incident, from the first press to the disposition.
 *
 * The record below is a fold of the incident's facts and of nothing else: the core keeps it for
 * open incidents, the journal keeps the same fold as a row for all of them, so a list on a screen
 * and a decision can never disagree. It does not decide; `alarm.ts`, `order.ts` and `deadline.ts`
 * do.
 */
import { assert, assertNever } from "../../../shared/assert.ts";
import type { Username } from "../../../shared/ids.ts";
import type { Call } from "../../../shared/protocol/call.ts";
import { boundedPress } from "../time/bounds.ts";
import type { Fact, FactOf, IncidentFact } from "../facts.ts";
import type { IncidentRecord } from "../state/incident-record.ts";
import type { IncidentHistory } from "./kinds.ts";

/** What only lies beside an incident changes nothing, also before it opened. */
export function evolveIncident(
  record: IncidentRecord | undefined,
  fact: IncidentFact,
): IncidentRecord | undefined {
  if (!changesIncident(fact)) return record;
  if (fact.type === "incident-opened") return opened(fact);
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
    priorityReason: { kind: "rule", rule: fact.reason },
    rules: fact.rules,
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

/** Facts that change it: most of its own, and some of its recordings. */
type Change = Exclude<IncidentHistory, FactOf<"alarm-recorded" | "alarm-equivocation">> | Beside;
type Beside = FactOf<
  "recording-started" | "recording-ended" | "incident-locked" | "incident-unlocked"
>;

const CHANGES: Readonly<Record<Change["type"], true>> = {
  "deadline-passed": true,
  "deadline-set": true,
  "incident-acknowledged": true,
  "incident-answered": true,
  "incident-closed": true,
  "incident-escalated": true,
  "incident-graded": true,
  "incident-held": true,
  "incident-joined": true,
  "incident-locked": true,
  "incident-noted": true,
  "incident-opened": true,
  "incident-pillar-revoked": true,
  "incident-regraded": true,
  "incident-released": true,
  "incident-reopened": true,
  "incident-transferred": true,
  "incident-unlocked": true,
  "recording-ended": true,
  "recording-started": true,
  "unit-dispatched": true,
};

export const changesIncident = (fact: Fact): fact is Change => Object.hasOwn(CHANGES, fact.type);

function changed(
  record: IncidentRecord,
  fact: Exclude<Change, FactOf<"incident-opened">>,
): IncidentRecord {
  switch (fact.type) {
    case "incident-joined":
      return joined(record, fact);
    case "incident-graded":
      return graded(record, fact);
    case "incident-regraded":
      return regraded(record, fact);
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
    default:
      return recordingsChanged(record, fact);
  }
}

function recordingsChanged(record: IncidentRecord, fact: Beside): IncidentRecord {
  switch (fact.type) {
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
    priorityReason: fact.reason ? { kind: "rule", rule: fact.reason } : record.priorityReason,
    rules: [...record.rules, ...fact.rules],
    text: record.text ?? fact.text,
    isVerified: record.isVerified || (fact.isVerified ?? true),
  };
}

function graded(record: IncidentRecord, fact: FactOf<"incident-graded">): IncidentRecord {
  const rules = [...record.rules, fact.rule];
  return fact.priority < record.priority
    ? {
        ...record,
        priority: fact.priority,
        priorityReason: { kind: "rule", rule: fact.rule },
        rules,
      }
    : { ...record, rules };
}

function regraded(record: IncidentRecord, fact: FactOf<"incident-regraded">): IncidentRecord {
  const { priority, byName, reason } = fact;
  return { ...record, priority, priorityReason: { kind: "person", byName, reason } };
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
