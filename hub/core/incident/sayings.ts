/** What screens, histories, the audit and the log make of the facts of an incident. */
import type { IncidentDetail } from "../../../shared/api/timeline.ts";
import { kindOf } from "../../../shared/protocol/alarm.ts";
import type { FactOf } from "../facts.ts";
import { iso } from "../../../shared/iso.ts";
import { incidentLine, incidentSubject, notification, UNSAID, type Sayings } from "../part.ts";
import type { IncidentHistory } from "./kinds.ts";

/** A change of the incident by nobody in particular. */
const CHANGE = { ...UNSAID, subjects: incidentSubject };
/** A change of the incident that a person ordered. */
const ORDER = { ...CHANGE, audit: "order" } as const;

export const INCIDENT_SAYINGS: Sayings<IncidentHistory> = {
  "alarm-recorded": {
    ...UNSAID,
    timeline: ({ event, via }) => ({ kind: "alarm", alarm: kindOf(event), seq: event.seq, via }),
    log: incidentLine(
      ({ doubt }) =>
        doubt && `holds an alarm whose ${doubt} cannot be right: counted as pressed when it came`,
    ),
  },
  "incident-opened": {
    ...CHANGE,
    timeline: ({ text }) => typed(text),
    log: incidentLine((f) => `→ open ${f.kind} at ${f.pillarId}, ${since(f)} after the press`),
  },
  "incident-joined": {
    ...CHANGE,
    timeline: ({ text }) => typed(text),
    log: incidentLine(() => "pressed again"),
  },
  "incident-graded": {
    ...CHANGE,
    timeline: ({ priority, rule }) => ({
      kind: "priority",
      priority,
      reason: { kind: "rule", rule },
    }),
    log: incidentLine(({ priority, rule }) => `is of priority ${priority} by rule: ${rule}`),
  },
  "alarm-equivocation": {
    ...UNSAID,
    subjects: ({ type, pillarId, seq }) => [notification("error", type, `${pillarId} #${seq}`)],
    timeline: ({ seq, earlierEventId }) => ({ kind: "same-number", seq, earlierEventId }),
    log: incidentLine((f) => `holds two alarms under number ${f.seq} of ${f.pillarId}`),
  },
  "deadline-set": {
    ...CHANGE,
    timeline: ({ dueAt, reason }) => ({ kind: "due", at: iso(dueAt), reason }),
  },
  "deadline-passed": {
    ...CHANGE,
    subjects: (f) => [...incidentSubject(f), notification("warning", f.type, f.incidentId)],
    timeline: ({ reason }) => ({ kind: "overdue", reason }),
    log: incidentLine(({ reason }) => `nobody took it in time (${reason})`),
  },
  "incident-escalated": {
    ...CHANGE,
    timeline: ({ level }) => ({ kind: "escalation", level }),
    log: incidentLine(({ level }) => `rings ${level}`),
  },
  "incident-released": {
    ...CHANGE,
    subjects: (f) => [...incidentSubject(f), notification("warning", f.type, f.fromName)],
    timeline: ({ fromName }) => ({ kind: "from-person", name: fromName }),
    log: incidentLine(({ fromName }) => `→ open, ${fromName} has no console any more`),
  },
  "incident-pillar-revoked": {
    ...CHANGE,
    timeline: ({ reason }) => ({ kind: "revocation", reason }),
    log: incidentLine(({ byName }) => `goes on without its pillar, revoked by ${byName}`),
  },
  "incident-acknowledged": {
    ...ORDER,
    log: incidentLine(({ byName }) => `→ acknowledged by ${byName}`),
  },
  "incident-answered": {
    ...ORDER,
    timeline: ({ fromName }) =>
      fromName === null ? null : { kind: "from-person", name: fromName },
    log: incidentLine(answeredWords),
  },
  "incident-held": {
    ...ORDER,
    timeline: ({ held }) => ({ kind: "hold", isHeld: held }),
    log: incidentLine(({ held, byName }) => `${held ? "held" : "resumed"} by ${byName}`),
  },
  "incident-transferred": {
    ...ORDER,
    timeline: ({ toName }) => ({ kind: "to-person", name: toName }),
    log: incidentLine(({ byName, toName }) => `→ open, handed by ${byName} to ${toName}`),
  },
  "incident-regraded": {
    ...ORDER,
    timeline: ({ priority, byName, reason }) => ({
      kind: "priority",
      priority,
      reason: { kind: "person", byName, reason },
    }),
    log: incidentLine(({ byName, priority }) => `is of priority ${priority} by ${byName}`),
  },
  "incident-noted": { ...ORDER, timeline: ({ text }) => ({ kind: "note", text }) },
  "unit-dispatched": {
    ...ORDER,
    timeline: ({ unit }) => ({ kind: "unit", unit }),
    log: incidentLine(({ unit, byName }) => `${unit} sent by ${byName}`),
  },
  "incident-closed": {
    ...ORDER,
    timeline: ({ disposition, note }) => ({ kind: "close", disposition, note }),
    log: incidentLine(({ byName, disposition }) => `→ closed by ${byName}: ${disposition}`),
  },
  "incident-reopened": {
    ...ORDER,
    log: incidentLine(({ byName }) => `→ open, reopened by ${byName}`),
  },
};

const typed = (text: string | null): IncidentDetail | null =>
  text === null ? null : { kind: "typed", text };

function answeredWords({ byName, fromName }: FactOf<"incident-answered">): string {
  return `→ answered by ${byName}${fromName === null ? "" : `, taken from ${fromName}`}`;
}

const since = (fact: { readonly at: number; readonly pressedAt: number }): string =>
  `${((fact.at - fact.pressedAt) / 1000).toFixed(1)} s`;
