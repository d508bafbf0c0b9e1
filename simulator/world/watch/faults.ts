/**
 * What a pillar knows to be wrong with itself is on the hub's screen within 15 s, and what is
 * mended is gone from it, as long as its heartbeats come through.
 *
 * One exception, told in `hub/core/pillar/budget.ts`: a fault raised more than 20 times in a day
 * may be shown for a minute after it was raised, and with each time twice as long, for an hour at
 * most. It is counted here anew, from the facts on disk.
 */
import type { PillarId } from "../../../shared/ids.ts";
import type { FaultCode } from "../../../shared/protocol/heartbeat.ts";
import type { Fact } from "../../../hub/core/facts.ts";
import { newHolds } from "./holds.ts";
import type { Sight } from "./sight.ts";

const SEEN_WITHIN_MS = 15_000;
/** Two heartbeats, and the way. */
const SILENT_MS = 12_000;

/** What the hub finds by itself; the pillar knows nothing of it. */
export const FOUND_BY_HUB: ReadonlySet<FaultCode> = new Set<FaultCode>([
  "budget-spent",
  "certificate-ending",
  "certificate-expired",
  "clone-suspected",
  "ledger-forked",
  "ledger-lost",
  "picture-unrecorded",
  "protocol-newer",
  "renewal-refused",
]);

const NONE: ReadonlyMap<FaultCode, string> = new Map();

interface FaultWatch {
  look(): void;
  /** `first`: journal index of the first of them. */
  durable(facts: readonly Fact[], first: number): void;
  /** An older copy of the journal was put back: `kept` facts are left. */
  setBack(kept: number): void;
  /** Whether it may still be shown, although it is over. */
  mayLinger(pillar: PillarId, code: FaultCode): boolean;
}

export function watchFaults(sight: Sight): FaultWatch {
  const { world } = sight;
  const since = world.pillars.map(() => new Map<FaultCode, number>());
  const holds = newHolds(() => world.scheduler.now());
  const look = (): void => {
    const { hub, scheduler } = world;
    const now = scheduler.now();
    for (const { id, index, agent } of world.pillars) {
      const differing = since[index] as Map<FaultCode, number>;
      const shown = hub.state.pillars.get(id)?.faults ?? [];
      const real = agent?.health.faults ?? NONE;
      if (real.size === 0 && shown.length === 0 && differing.size === 0) continue;
      if (!doesReport(sight, index) || sight.since > now) {
        differing.clear();
        continue;
      }
      const different = differenceOf(real, shown);
      for (const code of differing.keys()) {
        if (different.includes(code)) continue;
        differing.delete(code);
        world.coverage.count(real.has(code) ? "fault-shown" : "fault-gone");
      }
      for (const code of different) {
        const from = Math.max(differing.get(code) ?? now, sight.since);
        differing.set(code, from);
        const isRaised = real.has(code);
        const heldUntil = isRaised ? 0 : holds.until(id, code);
        const lateMs = now - Math.max(from, heldUntil) - SEEN_WITHIN_MS;
        if (lateMs <= 0) continue;
        world.happened({ type: "fault-unseen", at: now, pillar: id, code, isRaised, lateMs });
        differing.set(code, Number.POSITIVE_INFINITY);
      }
    }
  };
  const mayLinger = (pillar: PillarId, code: FaultCode): boolean =>
    holds.until(pillar, code) + SEEN_WITHIN_MS > world.scheduler.now();
  return { look, durable: holds.durable, setBack: holds.setBack, mayLinger };
}

/** An expired identity has nothing but alarms, and a revoked one not even those. */
function doesReport({ world, heardAt, revocations }: Sight, index: number): boolean {
  const isHeard = world.scheduler.now() - (heardAt[index] ?? 0) < SILENT_MS;
  const pillar = world.pillars[index];
  const isUp = pillar?.agent?.link.phase === "up";
  return isHeard && isUp && !world.isExpired(index) && !revocations.has(pillar.id);
}

function differenceOf(
  real: ReadonlyMap<FaultCode, string>,
  shown: readonly FaultCode[],
): FaultCode[] {
  return [
    ...[...real.keys()].filter((code) => !shown.includes(code)),
    ...shown.filter((code) => !real.has(code) && !FOUND_BY_HUB.has(code)),
  ];
}
