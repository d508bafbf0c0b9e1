/** Facts for the journal's tests: a pillar, and as many alarms as wanted. */
import type { Fact } from "../../../hub/core/facts.ts";
import { hashOf, hex, newAlarm, pillar, START } from "../core/hub-core-street.ts";

export const registered = (n = 0): Fact => ({
  type: "pillar-registered",
  at: START,
  pillarId: pillar(n),
  name: `门 ${n}`,
  grid: "g",
  address: "东门",
  position: { type: "Point", coordinates: [116.4074, 39.9042] },
});

/** The facts of one press: an incident of its own. */
export function press(seq: number, n = 0): Fact[] {
  const { event, sig } = newAlarm(pillar(n), { seq });
  const incidentId = hex(1000 + seq) as never;
  const hash = hashOf({ seq });
  const at = START + seq;
  return [
    { type: "alarm-recorded", at, incidentId, event, sig, hash, via: "mqtt", pressedAt: at - 100 },
    {
      type: "incident-opened",
      at,
      incidentId,
      pillarId: pillar(n),
      kind: "voice",
      priority: 2,
      rules: ["kind"],
      reason: "kind",
      eventId: event.eventId,
      pressedAt: at - 100,
      text: null,
    },
    { type: "deadline-set", at, incidentId, dueAt: at + 10_000, reason: "unacknowledged" },
  ];
}

export const incidentOf = (seq: number) => hex(1000 + seq) as never;

export function closed(seq: number): Fact {
  const by = { by: "wang" as never, byName: "王芳" };
  const at = START + 1000 + seq;
  const outcome = { disposition: "resolved", note: "回家了" } as const;
  return { type: "incident-closed", at, incidentId: incidentOf(seq), ...by, ...outcome };
}
