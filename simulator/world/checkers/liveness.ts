/**
 * I4 and I11: healed and left alone, everything comes to rest: every pillar linked, its outbox empty, its
 * ledger written, its lamp true, and the hub up and seeing all of them.
 */
import type { History, PillarEnding, Violation } from "../history.ts";

export function checkLiveness(history: History): Violation[] {
  const { pillars, hub, endedAt: at } = history;
  const violations: Violation[] = [];
  const found = (invariant: string, detail: string, ...about: string[]): void =>
    void violations.push({ invariant, at, detail: `${detail}, long after the heal`, about });
  if (!hub.isUp) found("I11", "the hub accepts nothing", "hub");
  for (const pillar of pillars) {
    for (const detail of restless(pillar)) found("I4", detail, pillar.pillar, ...pillar.pending);
    const seen = hub.pillars.find((one) => one.pillar === pillar.pillar);
    if (seen?.presence !== "online") {
      found("I11", `the hub shows ${pillar.pillar} as ${seen?.presence}`, pillar.pillar);
    }
    const isOpen = hub.open.some(({ incidentId }) => incidentId === pillar.incident);
    if (pillar.phase !== "idle" && !isOpen) {
      const detail = `${pillar.pillar} still shows ${pillar.phase}, and no incident is open`;
      found("I13", detail, pillar.pillar, ...(pillar.callEvent ? [pillar.callEvent] : []));
    }
  }
  return violations;
}

function restless(pillar: PillarEnding): string[] {
  const { pillar: id, isOn, isLinked, pending, unstored, isReplaying, isWithoutDisk } = pillar;
  if (!isOn) return [`${id} is off`];
  return [
    ...(isLinked ? [] : [`${id} has no link`]),
    ...(pending.length > 0 ? [`${id} still sends ${pending.length} alarms`] : []),
    // Without a ledger since its start it says so by a fault, until the next start.
    ...(unstored > 0 && !isWithoutDisk ? [`${id} has ${unstored} alarms in memory only`] : []),
    ...(isReplaying ? [`${id} is still replaying`] : []),
  ];
}
