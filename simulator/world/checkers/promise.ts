/**
 * I2: "received" lights only for an alarm in the hub's durable journal, "answered" only with the name of
 * somebody whose answer is there.
 */
import type { History, Violation } from "../history.ts";

export function checkPromise({ happenings }: History): Violation[] {
  const recorded = new Set<string>();
  const answered = new Set<string>();
  const violations: Violation[] = [];
  for (const one of happenings) {
    if (one.type === "durable") {
      const { fact } = one;
      if (fact.type === "alarm-recorded") recorded.add(fact.event.eventId);
      if (fact.type === "incident-answered") answered.add(`${fact.incidentId} ${fact.byName}`);
      continue;
    }
    if (one.type !== "shown") continue;
    const isPromise = one.lamp === "received" || one.lamp === "answered";
    const about = [one.pillar, ...(one.eventId ? [one.eventId] : [])];
    if (isPromise && !(one.eventId && recorded.has(one.eventId))) {
      const detail = `the lamp said ${one.lamp} for an alarm the hub does not hold (${one.eventId})`;
      violations.push({ invariant: "I2", at: one.at, detail, about });
    }
    if (one.lamp === "answered" && !answered.has(`${one.incident} ${one.by}`)) {
      const detail = `the lamp said answered by ${one.by}, who did not answer ${one.incident}`;
      violations.push({ invariant: "I2", at: one.at, detail, about });
    }
  }
  return violations;
}
