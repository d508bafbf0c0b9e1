/**
 * I4 and I11: healed and left alone, everything comes to rest: every pillar linked, its outbox
 * empty, its ledger written, its lamp true, and the hub up and seeing all of them.
 */
import type { History, PillarEnding, Violation } from "../run/history.ts";

export function checkLiveness(history: History): Violation[] {
  const { pillars, hub, endedAt: at } = history;
  const violations: Violation[] = [];
  const found = (invariant: string, detail: string, ...about: string[]): void =>
    void violations.push({ invariant, at, detail: `${detail}, long after the heal`, about });
  if (!hub.isUp) found("I11", "the hub accepts nothing", "hub");
  for (const pillar of pillars) {
    const seen = hub.pillars.find((one) => one.pillar === pillar.pillar);
    // With an expired certificate it can only send alarms, and is not told how they end.
    const isExpired = seen?.isExpired === true;
    for (const detail of unsettled(pillar, isExpired)) {
      found("I4", detail, pillar.pillar, ...pillar.pending);
    }
    if (seen?.presence !== "online" && !isExpired) {
      found("I11", `the hub shows ${pillar.pillar} as ${seen?.presence}`, pillar.pillar);
    }
    for (const code of isExpired ? [] : lastingFaults(pillar, seen?.faults ?? [])) {
      found("I13", `the hub shows ${code} of ${pillar.pillar}, which is whole`, pillar.pillar);
    }
    const isOpen = hub.open.some(({ incidentId }) => incidentId === pillar.incident);
    if (pillar.phase !== "idle" && !isOpen && !isExpired) {
      const detail = `${pillar.pillar} still shows ${pillar.phase}, and no incident is open`;
      found("I13", detail, pillar.pillar, ...(pillar.callEvent ? [pillar.callEvent] : []));
    }
  }
  return violations;
}

function unsettled(pillar: PillarEnding, isExpired: boolean): string[] {
  const { pillar: id, isOn, isLinked, pending, unstored, isReplaying } = pillar;
  if (!isOn) return [`${id} is off`];
  return [
    ...(isLinked || isExpired ? [] : [`${id} has no link`]),
    ...(pending.length > 0 ? [`${id} still sends ${pending.length} alarms`] : []),
    ...(unstored > 0 ? [`${id} has ${unstored} alarms in memory only`] : []),
    ...(isReplaying && !isExpired ? [`${id} is still replaying`] : []),
  ];
}

/** What is shown as wrong although it has healed. */
function lastingFaults(pillar: PillarEnding, faults: readonly string[]): string[] {
  const stays: Readonly<Record<string, boolean>> = {
    "ledger-failing": pillar.isMoved,
    "clock-unsynced": pillar.isClockLost,
    // Until somebody enrols the pillar anew.
    "ledger-lost": true,
    "certificate-expired": true,
    "certificate-ending": true,
  };
  return faults.filter((code) => !stays[code]);
}
