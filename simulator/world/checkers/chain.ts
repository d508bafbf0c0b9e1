/**
 * I6: what the hub holds of a pillar's ledger is whole: numbers without a gap, each event linked to
 * the one before, and both heads alike; or a fault says that it is not.
 *
 * A pillar that had to begin without its ledger begins a chain anew, and the first alarm of that
 * says so: it points at nothing, under a number far above. After an enrolment the pillar's numbers
 * may begin again, wherever its ledger stands: what it sent before counts as far as it reaches.
 */
import type { Fact } from "../../../hub/core/facts.ts";
import { GENESIS, linkHash } from "../../../shared/hash-chain.ts";
import type { AlarmEvent } from "../../../shared/protocol/alarm.ts";
import type { History, PillarEnding, Violation } from "../run/history.ts";
import { sha256 } from "../seal.ts";

const TELLING: readonly string[] = ["ledger-forked", "ledger-lost", "ledger-failing"];
const LOST: readonly string[] = ["ledger-forked", "ledger-lost"];

export function checkChain({ pillars, hub, happenings, endedAt: at }: History): Violation[] {
  const wasSetBack = happenings.some(({ type }) => type === "restored");
  const eventsByPillar = new Map<string, Held>();
  const forked = new Set<string>();
  for (const fact of hub.journal) collect(fact, eventsByPillar, forked);
  return pillars.flatMap((ending): Violation[] => {
    const shown = hub.pillars.find((one) => one.pillar === ending.pillar);
    const isTold =
      forked.has(ending.pillar) || shown?.faults.some((code) => TELLING.includes(code)) === true;
    // What an older copy of the hub forgot comes by the link alone, and an expired pillar has none.
    const isHeldBack = shown?.isExpired === true && wasSetBack;
    if (isTold || isHeldBack) return [];
    const breach = breachOf(heldNow(eventsByPillar.get(ending.pillar), ending.head.seq), ending);
    if (breach === undefined) return [];
    return [
      { invariant: "I6", at, detail: `${breach}, and no fault is shown`, about: [ending.pillar] },
    ];
  });
}

/** The alarms of one pillar, before and since its latest enrolment. */
interface Held {
  readonly before: AlarmEvent[];
  readonly since: AlarmEvent[];
}

/** Of what came before the enrolment: what the ledger reaches, and what was not given again. */
function heldNow({ before, since }: Held = { before: [], since: [] }, head: number): AlarmEvent[] {
  const given = new Set(since.map(({ seq }) => seq));
  return [...before.filter(({ seq }) => seq <= head && !given.has(seq)), ...since];
}

function collect(fact: Fact, events: Map<string, Held>, forked: Set<string>): void {
  if (fact.type === "alarm-equivocation") forked.add(fact.pillarId);
  if (fact.type === "pillar-fault" && LOST.includes(fact.code)) forked.add(fact.pillarId);
  if (fact.type === "pillar-enrolled") {
    const before = heldNow(events.get(fact.pillarId), Number.POSITIVE_INFINITY);
    events.set(fact.pillarId, { before, since: [] });
  }
  if (fact.type !== "alarm-recorded") return;
  const { pillarId } = fact.event;
  const { before = [], since = [] } = events.get(pillarId) ?? {};
  events.set(pillarId, { before, since: [...since, fact.event] });
}

function breachOf(events: readonly AlarmEvent[], ending: PillarEnding): string | undefined {
  let seq = 0;
  let hash = GENESIS;
  for (const event of events.toSorted((a, b) => a.seq - b.seq)) {
    const id = event.pillarId;
    if (event.seq !== seq + 1 && !beginsAnew(event))
      return `the hub holds alarm ${event.seq} of ${id} after alarm ${seq}`;
    if (event.prevHash !== hash && !beginsAnew(event))
      return `alarm ${event.seq} of ${id} does not follow its elder`;
    seq = event.seq;
    hash = linkHash(sha256, event.prevHash, event);
  }
  const { head, pillar } = ending;
  // It began anew, and no alarm has followed.
  if (beginsAnew({ seq: head.seq, prevHash: head.hash }) && head.seq > seq) return undefined;
  return head.seq === seq && head.hash === hash
    ? undefined
    : `${pillar} is at alarm ${head.seq}, the hub at ${seq}`;
}

/** Numbers from a clock: no pillar has so many presses. */
const FAR_ABOVE = 1_000_000_000;

const beginsAnew = (alarm: { readonly seq: number; readonly prevHash: string }): boolean =>
  alarm.prevHash === GENESIS && alarm.seq > FAR_ABOVE;
