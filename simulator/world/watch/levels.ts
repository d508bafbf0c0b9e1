/**
 * Who rings when: all desks 10 s, the supervisor 20 s and the external contacts 40 s after an
 * incident began to ring, each not before and at most 2 s late, whatever restarts and clocks do
 * meanwhile.
 *
 * A hub that was away makes up for it, a level each second, from when it is back. Only the wall
 * clock can tell it how long it was away: when that was set meanwhile, nothing is owed to the
 * second.
 */
import type { Fact } from "../../../hub/core/facts.ts";
import type { EscalationLevel } from "../../../hub/core/incident/kinds.ts";
import type { IncidentId } from "../../../shared/ids.ts";
import type { Sight } from "./sight.ts";

const DUE_MS: Readonly<Record<EscalationLevel, number>> = {
  desks: 10_000,
  supervisor: 20_000,
  external: 40_000,
};
const LEVELS = ["desks", "supervisor", "external"] as const;
const LATE_MS = 2000;
/** Clocks of 500 ppm, and whole milliseconds. */
const EARLY_MS = 100;
const TICK_MS = 1000;

interface Ring {
  readonly ring: number;
  readonly since: number;
  isTold: boolean;
}

export interface LevelWatch {
  look(): void;
  decided(facts: readonly Fact[]): void;
  /** The hub is back, with what its journal holds. */
  begin(): void;
  clockStepped(): void;
  forget(): void;
}

export function watchLevels(sight: Sight): LevelWatch {
  const { world } = sight;
  const rings = new Map<IncidentId, Ring>();
  let isStepUnseen = false;
  const now = (): number => world.scheduler.now();
  const begins = (id: IncidentId): void => {
    const { ring = 1 } = world.hub.state.incidents.get(id) ?? {};
    rings.set(id, { ring, since: now(), isTold: false });
  };
  const told = (id: IncidentId, level: EscalationLevel, offMs: number): void =>
    world.happened({ type: "untimely", at: now(), incidentId: id, level, offMs });
  return {
    decided: (facts) => {
      for (const fact of facts) {
        if (BEGINS.has(fact.type) && "incidentId" in fact) begins(fact.incidentId);
        else if (fact.type === "incident-closed") rings.delete(fact.incidentId);
        else if (fact.type === "incident-escalated") {
          const { incidentId, level } = fact;
          const ring = rings.get(incidentId);
          if (!ring || ring.ring !== fact.ring) continue;
          const offMs = offBy(sight, ring, level);
          world.coverage.count(`escalated-${level}`);
          if (offMs !== 0) told(incidentId, level, offMs);
        }
      }
    },
    look: () => {
      const { hub } = world;
      if (hub.failure !== undefined) return;
      isStepUnseen = false;
      for (const { id, state, kind, escalation, ring: number } of hub.state.incidents.values()) {
        const ring = rings.get(id);
        const next = LEVELS[LEVELS.findIndex((level) => level === escalation) + 1];
        if (!ring || !next || state !== "open" || kind === "test" || ring.ring !== number) continue;
        const offMs = offBy(sight, ring, next) - TICK_MS;
        if (offMs <= 0 || ring.isTold) continue;
        ring.isTold = true;
        told(id, next, offMs);
      }
    },
    begin: () => {
      if (isStepUnseen) rings.clear();
      isStepUnseen = false;
      for (const [id, { ring }] of rings) {
        // What it decided last may not have reached its disk.
        if (world.hub.state.incidents.get(id)?.ring !== ring) rings.delete(id);
      }
    },
    clockStepped: () => {
      isStepUnseen = true;
    },
    forget: () => rings.clear(),
  };
}

const BEGINS: ReadonlySet<Fact["type"]> = new Set<Fact["type"]>([
  "incident-opened",
  "incident-released",
  "incident-reopened",
  "incident-transferred",
]);

/** 0 when the level may come now; positive: so much too late; negative: too early. */
function offBy({ world, since }: Sight, ring: Ring, level: EscalationLevel): number {
  const now = world.scheduler.now();
  const dueAt = ring.since + DUE_MS[level];
  if (now < dueAt - EARLY_MS) return now - dueAt;
  // A level each tick is made up for, and what falls due meanwhile comes behind those.
  const madeUpAt = since + TICK_MS * LEVELS.indexOf(level);
  return Math.max(0, now - Math.max(dueAt, madeUpAt) - LATE_MS);
}
