/**
 * I3: one row for each (pillar, enrolment, number), one incident
 * for each alarm, one open incident for each key.
 *
 * After an enrolment a pillar's numbers may begin again.
 */
import { incidentKey } from "../../../hub/core/incident/incident-key.ts";
import type { Fact } from "../../../hub/core/facts.ts";
import type { History, Violation } from "../run/history.ts";

export function checkEffect({ hub, happenings, endedAt: at }: History): Violation[] {
  const violations: Violation[] = [];
  const found = (detail: string, ...about: string[]): void =>
    void violations.push({ invariant: "I3", at, detail, about });
  const reopenings = reopeningsOrdered(happenings);
  const equivocal = equivocations(hub.journal);
  const eventBySeq = new Map<string, string>();
  const recorded = new Set<string>();
  const openedFor = new Set<string>();
  const enrolments = new Map<string, number>();
  const openIn = new Map<string, string>();
  const keyByIncident = new Map<string, string>();
  for (const fact of hub.journal) {
    if (fact.type === "pillar-enrolled") {
      enrolments.set(fact.pillarId, (enrolments.get(fact.pillarId) ?? 0) + 1);
    } else if (fact.type === "alarm-recorded") {
      const { pillarId, seq, eventId } = fact.event;
      if (recorded.has(eventId)) {
        found(`alarm ${eventId} was recorded twice`, pillarId, eventId);
      }
      recorded.add(eventId);
      const key = `${pillarId}/${seq}`;
      const numbered = `${key} of enrolment ${enrolments.get(pillarId)}`;
      const other = eventBySeq.get(numbered);
      if (other !== undefined && other !== eventId && !equivocal.has(key)) {
        found(`two alarms under number ${key}, and no fault`, pillarId, other, eventId);
      }
      eventBySeq.set(numbered, eventId);
    } else if (fact.type === "incident-opened") {
      const { incidentId, eventId, pillarId } = fact;
      if (openedFor.has(eventId)) {
        found(`an incident was opened twice (alarm ${eventId})`, pillarId, eventId);
      }
      openedFor.add(eventId);
      const key = incidentKey(fact);
      const before = openIn.get(key);
      if (before !== undefined) found(`two open incidents of ${key}`, pillarId, eventId);
      openIn.set(key, incidentId);
      keyByIncident.set(incidentId, key);
    } else if (fact.type === "incident-closed") {
      openIn.delete(keyByIncident.get(fact.incidentId) ?? "");
    } else if (fact.type === "incident-reopened") {
      if (!reopenings.has(fact.incidentId)) {
        found(`incident ${fact.incidentId} was opened again, and nobody ordered it`);
      }
      openIn.set(keyByIncident.get(fact.incidentId) ?? "", fact.incidentId);
    }
  }
  return violations;
}

function reopeningsOrdered(happenings: History["happenings"]): Set<string> {
  return new Set(
    happenings.flatMap((one) =>
      one.type === "ordered" && one.order === "reopen" ? [one.incidentId] : [],
    ),
  );
}

function equivocations(journal: readonly Fact[]): Set<string> {
  return new Set(
    journal.flatMap((fact) =>
      fact.type === "alarm-equivocation" ? [`${fact.pillarId}/${fact.seq}`] : [],
    ),
  );
}
