/**
 * I1: every press that the pillar could keep is in the hub's journal, once faults have healed.
 *
 * A press is owed when the pillar's disk had it, or when the pillar never lost its memory
 * afterwards, or when it had power and a good disk for `COMMIT_MS`. A press that began no alarm is
 * owed as well: it fell into a call that somebody could still hear about, or an alarm of its own
 * follows within the pillar's five seconds.
 */
import type { Fact } from "../../../hub/core/facts.ts";
import type { EventId, IncidentId } from "../../../shared/ids.ts";
import type { Happening } from "../run/happening.ts";
import type { History, Violation } from "../run/history.ts";

/** With a good disk a press is kept after this much power. */
const COMMIT_MS = 500;
/** The end of a call is on its way to the pillar for this long at the most, on a good line. */
const UNDER_WAY_MS = 2000;

/** Repeated presses give one alarm in five seconds (`device/core/call/press-again.ts`). */
const MERGED_MS = 5000 + COMMIT_MS;

type Pressed = Extract<Happening, { type: "pressed" }>;

export function checkLoss({ happenings, hub }: History): Violation[] {
  const record: Record = {
    recorded: new Set(
      hub.journal.flatMap((fact) => (fact.type === "alarm-recorded" ? [fact.event.eventId] : [])),
    ),
    stored: new Set(happenings.flatMap((one) => (one.type === "stored" ? [one.eventId] : []))),
    held: heldForLater({ hub }, happenings),
    closings: closingTimes(happenings),
    downs: timesOf(happenings, "pillar-down"),
    births: timesOf(happenings, "born"),
    bornAt: new Map(
      happenings.flatMap((one) =>
        one.type === "born" ? [[birthKey(one.pillar, one.at), one.eventId] as const] : [],
      ),
    ),
  };
  return happenings.flatMap((one) => (one.type === "pressed" ? lossOf(one, record) : []));
}

interface Record {
  readonly recorded: ReadonlySet<EventId>;
  readonly stored: ReadonlySet<EventId>;
  /** An older copy of the hub has forgotten them; the pillar tells them again when it may speak. */
  readonly held: ReadonlySet<EventId>;
  readonly closings: ReadonlyMap<EventId, number>;
  readonly downs: ReadonlyMap<string, readonly number[]>;
  /** When each pillar gave birth to an alarm, and to which. */
  readonly births: ReadonlyMap<string, readonly number[]>;
  readonly bornAt: ReadonlyMap<string, EventId>;
}

function lossOf(one: Pressed, record: Record): Violation[] {
  const owed = one.eventId ?? one.call;
  const downAt = nextAfter(record.downs.get(one.pillar) ?? [], one.at);
  const hadTime = one.isDiskGood && one.eventId !== undefined && (downAt ?? 0) - one.at > COMMIT_MS;
  const isStored = owed !== undefined && record.stored.has(owed);
  const isOwed = downAt === undefined || isStored || hadTime;
  if (owed === undefined) return isOwed ? [lost(one, "began no alarm and no call")] : [];
  if (!record.recorded.has(owed)) {
    if (record.held.has(owed)) return [];
    return isOwed ? [lost(one, `is not in the hub's journal (alarm ${owed})`)] : [];
  }
  if (one.eventId !== undefined) return [];
  const closedAt = record.closings.get(owed);
  const isUnheard = closedAt !== undefined && closedAt + UNDER_WAY_MS < one.at;
  if (!isUnheard || isMerged(one, downAt, record)) return [];
  return [lost(one, `fell into a call that was over (alarm ${owed})`)];
}

const birthKey = (pillar: string, at: number): string => `${pillar} ${at}`;

/**
 * The next alarm speaks for it, and is owed in its place; unless power or disk went before that.
 */
function isMerged(one: Pressed, downAt: number | undefined, record: Record): boolean {
  const bornAt = nextAfter(record.births.get(one.pillar) ?? [], one.at);
  const isSoon = (at: number | undefined): boolean => at !== undefined && at <= one.at + MERGED_MS;
  const successor = isSoon(bornAt)
    ? record.bornAt.get(birthKey(one.pillar, bornAt ?? 0))
    : undefined;
  if (successor === undefined) return isSoon(downAt) || !one.isDiskGood;
  const isOwed = downAt === undefined || record.stored.has(successor);
  return record.recorded.has(successor) || record.held.has(successor) || !isOwed;
}

/**
 * What a pillar whose certificate has expired keeps for
 * a hub that was set back: replays need the link.
 */
function heldForLater(
  { hub }: Pick<History, "hub">,
  happenings: readonly Happening[],
): Set<EventId> {
  const silenced = new Set(
    hub.pillars.filter(({ isExpired }) => isExpired).map(({ pillar }) => pillar),
  );
  const setBackAt = happenings.findLast(({ type }) => type === "restored")?.at ?? 0;
  return new Set(
    happenings.flatMap((one) =>
      one.type === "accepted" && silenced.has(one.pillar) && one.at < setBackAt
        ? [one.eventId]
        : [],
    ),
  );
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

function timesOf(
  happenings: readonly Happening[],
  type: "pillar-down" | "born",
): Map<string, number[]> {
  const times = new Map<string, number[]>();
  for (const one of happenings) {
    if (one.type !== type) continue;
    const all = times.get(one.pillar);
    if (all) all.push(one.at);
    else times.set(one.pillar, [one.at]);
  }
  return times;
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
