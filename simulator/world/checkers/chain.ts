/**
 * I6: what the hub holds of a pillar's ledger is whole: numbers without a gap, each event linked to the
 * one before, and both heads alike; or a fault says that it is not.
 */
import type { Fact } from "../../../hub/core/facts.ts";
import { GENESIS, linkHash } from "../../../shared/hash-chain.ts";
import type { AlarmEvent } from "../../../shared/protocol/alarm.ts";
import type { History, PillarEnding, Violation } from "../history.ts";
import { sha256 } from "../seal.ts";

const TELLING: readonly string[] = ["ledger-forked", "ledger-lost", "ledger-failing"];

export function checkChain({ pillars, hub, endedAt: at }: History): Violation[] {
  const eventsByPillar = new Map<string, AlarmEvent[]>();
  const forked = new Set<string>();
  for (const fact of hub.journal) collect(fact, eventsByPillar, forked);
  return pillars.flatMap((ending): Violation[] => {
    const shown = hub.pillars.find((one) => one.pillar === ending.pillar);
    const isTold =
      forked.has(ending.pillar) || shown?.faults.some((code) => TELLING.includes(code)) === true;
    if (isTold) return [];
    const events = eventsByPillar.get(ending.pillar) ?? [];
    const breach = breachOf(events, ending);
    if (breach === undefined) return [];
    return [
      { invariant: "I6", at, detail: `${breach}, and no fault is shown`, about: [ending.pillar] },
    ];
  });
}

function collect(fact: Fact, events: Map<string, AlarmEvent[]>, forked: Set<string>): void {
  if (fact.type === "alarm-equivocation") forked.add(fact.pillarId);
  if (fact.type === "pillar-fault" && fact.code === "ledger-forked") forked.add(fact.pillarId);
  if (fact.type !== "alarm-recorded") return;
  const { pillarId } = fact.event;
  const all = events.get(pillarId);
  if (all) all.push(fact.event);
  else events.set(pillarId, [fact.event]);
}

function breachOf(events: readonly AlarmEvent[], ending: PillarEnding): string | undefined {
  let seq = 0;
  let hash = GENESIS;
  for (const event of events.toSorted((a, b) => a.seq - b.seq)) {
    const id = event.pillarId;
    if (event.seq !== seq + 1)
      return `the hub holds alarm ${event.seq} of ${id} after alarm ${seq}`;
    if (event.prevHash !== hash) return `alarm ${event.seq} of ${id} does not follow its elder`;
    seq = event.seq;
    hash = linkHash(sha256, event.prevHash, event);
  }
  const { head, pillar } = ending;
  return head.seq === seq && head.hash === hash
    ? undefined
    : `${pillar} is at alarm ${head.seq}, the hub at ${seq}`;
}
