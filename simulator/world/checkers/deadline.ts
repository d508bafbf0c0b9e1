/**
 * I5: no open incident without an owner and without a running deadline, no deadline and no level
 * late by 2 s, and no owner who has been gone for 30 s.
 */
import type { Happening } from "../run/happening.ts";
import type { History, Violation } from "../run/history.ts";

export function checkDeadlines({ happenings, hub, endedAt }: History): Violation[] {
  const violations: Violation[] = [];
  for (const one of happenings) {
    if (one.type === "abandoned") violations.push(abandoned(one));
    if (one.type === "untimely") violations.push(untimely(one));
    if (one.type !== "overdue") continue;
    const { at, incidentId, lateMs } = one;
    const detail = `the deadline of incident ${incidentId} is ${Math.round(lateMs)} ms late`;
    violations.push({ invariant: "I5", at, detail, about: [incidentId.slice(0, 6)] });
  }
  for (const { incidentId, isAttended } of hub.open) {
    if (isAttended) continue;
    const detail = `incident ${incidentId} has neither an owner nor a deadline`;
    violations.push({ invariant: "I5", at: endedAt, detail, about: [incidentId.slice(0, 6)] });
  }
  return violations;
}

function abandoned(one: Extract<Happening, { type: "abandoned" }>): Violation {
  const { at, incidentId, owner, goneMs } = one;
  const detail = `${owner} is gone for ${Math.round(goneMs)} ms and still owns ${incidentId}`;
  return { invariant: "I5", at, detail, about: [incidentId.slice(0, 6)] };
}

function untimely(one: Extract<Happening, { type: "untimely" }>): Violation {
  const { at, incidentId, level, offMs } = one;
  const how = offMs > 0 ? "too late" : "too early";
  const detail = `${level} of incident ${incidentId} ${Math.abs(Math.round(offMs))} ms ${how}`;
  return { invariant: "I5", at, detail, about: [incidentId.slice(0, 6)] };
}
