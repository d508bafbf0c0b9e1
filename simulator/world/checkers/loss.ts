/**
 * I1: every press that the pillar could keep is in the hub's journal, once faults have healed.
 *
 * A press is owed when the pillar's disk had it, or when the pillar never lost its memory afterwards, or
 * when it had power and a good disk for `COMMIT_MS`. A press that began no alarm is owed as well: it must
 * have fallen into a call that somebody could still hear about.
 */
import type { Fact } from "../../../hub/core/facts.ts";
import type { EventId, IncidentId } from "../../../shared/ids.ts";
import type { Happening, History, Violation } from "../history.ts";

/** With a good disk a press is kept after this much power. */
const COMMIT_MS = 500;
/** The end of a call is on its way to the pillar for this long at the most, on a good line. */
const UNDER_WAY_MS = 2000;

type Pressed = Extract<Happening, { type: "pressed" }>;

export function checkLoss(history: History): Violation[] {
  const recorded = new Set<EventId>();
  for (const fact of history.hub.journal) {
    if (fact.type === "alarm-recorded") recorded.add(fact.event.eventId);
  }
  const { happenings } = history;
  const stored = new Set(happenings.flatMap((one) => (one.type === "stored" ? [one.eventId] : [])));
  const closings = closingTimes(happenings);
  const downs = downTimes(happenings);
  const violations: Violation[] = [];
  for (const one of happenings) {
    if (one.type !== "pressed") continue;
    const owed = one.eventId ?? one.call;
    const downAt = nextAfter(downs.get(one.pillar) ?? [], one.at);
    const isKept =
      downAt === undefined ||
      (owed !== undefined && stored.has(owed)) ||
      (one.isDiskGood && downAt - one.at > COMMIT_MS && one.eventId !== undefined);
    if (owed === undefined && isKept) violations.push(lost(one, "began no alarm and no call"));
    else if (owed !== undefined && isKept && !recorded.has(owed)) {
      violations.push(lost(one, `is not in the hub's journal (alarm ${owed})`));
    } else if (one.eventId === undefined && owed !== undefined) {
      const closedAt = closings.get(owed);
      const isUnheard = closedAt !== undefined && closedAt + UNDER_WAY_MS < one.at;
      if (isUnheard) violations.push(lost(one, `fell into a call that was over (alarm ${owed})`));
    }
  }
  return violations;
}

function lost(one: Pressed, why: string): Violation {
  return {
    invariant: "I1",
    at: one.at,
    detail: `a press was lost: it ${why}`,
    about: [one.pillar, ...(one.eventId ? [one.eventId] : []), ...(one.call ? [one.call] : [])],
  };
}

/** When each alarm's incident was closed for the last time. */
function closingTimes(happenings: readonly Happening[]): Map<EventId, number> {
  const incidentOf = new Map<EventId, IncidentId>();
  const closedAt = new Map<IncidentId, number>();
  const read = (fact: Fact, at: number): void => {
    if (fact.type === "alarm-recorded") incidentOf.set(fact.event.eventId, fact.incidentId);
    if (fact.type === "incident-closed") closedAt.set(fact.incidentId, at);
    if (fact.type === "incident-reopened") closedAt.delete(fact.incidentId);
  };
  for (const one of happenings) if (one.type === "durable") read(one.fact, one.at);
  const closings = new Map<EventId, number>();
  for (const [eventId, incidentId] of incidentOf) {
    const at = closedAt.get(incidentId);
    if (at !== undefined) closings.set(eventId, at);
  }
  return closings;
}

function downTimes(happenings: readonly Happening[]): Map<string, number[]> {
  const downs = new Map<string, number[]>();
  for (const one of happenings) {
    if (one.type !== "pillar-down") continue;
    const all = downs.get(one.pillar);
    if (all) all.push(one.at);
    else downs.set(one.pillar, [one.at]);
  }
  return downs;
}

/** Binary search: presses and crashes are many. */
function nextAfter(times: readonly number[], at: number): number | undefined {
  let low = 0;
  let high = times.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((times[middle] as number) < at) low = middle + 1;
    else high = middle;
  }
  return times[low];
}
