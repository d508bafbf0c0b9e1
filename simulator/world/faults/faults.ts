/**
 * Makes trouble, as the seed's profile says, until the world is healed.
 *
 * Each kind comes at random moments, and half of the time it brings a person to the button: a fault
 * without a press shows nothing. A crash can also be armed to happen before the n-th effect that a
 * core decides on, or before one chosen effect of the whole run (enumeration).
 */
import { newChance } from "../chance.ts";
import { GOOD_DISK } from "./disk.ts";
import { crashHub } from "../hub/hub-life.ts";
import { healNetwork } from "../network/network.ts";
import { crashPillar } from "../pillar/pillar.ts";
import type { FaultKind } from "./profile.ts";
import type { Faults } from "../ports.ts";
import { applyFault, type FaultWorld, type Trouble } from "./fault-effects.ts";

const DAY_MS = 86_400_000;
/** From the heal until somebody comes to look. */
const REPAIR_MS = 30_000;

export function newFaults(world: FaultWorld): Faults {
  const chance = newChance(world.settings.seed, "faults");
  const armed: { hub: number; pillar: number[] } = { hub: 0, pillar: world.pillars.map(() => 0) };
  const ends = new Set<() => void>();
  let isHealed = false;
  let effects = 0;
  const trouble: Trouble = {
    world,
    chance,
    arm: (who, index, countdown) => {
      if (who === "hub") armed.hub = countdown;
      else armed.pillar[index] = countdown;
    },
    until: (ms, end) => {
      const once = (): void => {
        if (ends.delete(once)) end();
      };
      ends.add(once);
      const until = world.scheduler.now() + ms;
      world.happened({ type: "trouble", at: world.scheduler.now(), until });
      world.scheduler.plan(until, once);
    },
    isOver: () => isHealed,
  };
  const crash = (who: "pillar" | "hub", index: number): void => {
    world.coverage.count(`${who}-effect-crash`);
    const how = chance.isTrue(0.5) ? "killed" : "power-cut";
    const pillar = world.pillars[index];
    if (who === "hub") crashHub(world, how);
    else if (pillar) crashPillar(world, pillar, how);
  };
  return {
    atEffect: (who, index) => {
      if (isHealed) return;
      effects += 1;
      if (world.settings.crashAtEffect === effects) crash(who, index);
      if (who === "hub") {
        if (armed.hub > 0 && --armed.hub === 0) crash(who, index);
        return;
      }
      const left = armed.pillar[index] ?? 0;
      if (left === 0) return;
      armed.pillar[index] = left - 1;
      if (left === 1) crash(who, index);
    },
    effects: () => effects,
    begin: (until) => {
      for (const [kind, perDay] of world.profile.perDay) {
        const { only } = world.settings;
        if (only === undefined || only.includes(kind))
          planNext(trouble, { kind, perDay, until }, true);
      }
    },
    heal: () => {
      isHealed = true;
      armed.hub = 0;
      armed.pillar.fill(0);
      for (const end of ends) end();
      healNetwork(world.network);
      for (const { disk } of [world.hub, ...world.pillars])
        Object.assign(disk.conditions, GOOD_DISK);
      for (const { disk } of world.pillars) disk.isDamaged = false;
      world.scheduler.plan(world.scheduler.now() + REPAIR_MS, () => repair(world));
      world.people.return();
    },
  };
}

/** Somebody comes to every pillar that asks for a new card, and switches it off and on again. */
function repair(world: FaultWorld): void {
  for (const pillar of world.pillars) {
    if (!pillar.agent?.health.isLedgerMoved) continue;
    world.coverage.count("pillar-repaired");
    crashPillar(world, pillar, "killed");
  }
}

interface Plan {
  readonly kind: FaultKind;
  readonly perDay: number;
  readonly until: number;
}

/** The first comes for certain; the others when chance has it. */
function planNext(trouble: Trouble, plan: Plan, isFirst: boolean): void {
  const { world, chance } = trouble;
  const now = world.scheduler.now();
  const mean = DAY_MS / plan.perDay;
  const wait = isFirst
    ? chance.next() * Math.min(mean, plan.until - now)
    : chance.exponential(mean);
  const at = now + wait;
  if (at >= plan.until) return;
  world.scheduler.plan(at, () => {
    if (trouble.isOver()) return;
    const { window } = world.settings;
    const isInside = window === undefined || (at >= window[0] && at <= window[1]);
    if (isInside) {
      world.coverage.count(`fault: ${plan.kind}`);
      world.note("world", plan.kind, "");
      world.happened({ type: "trouble", at, until: at });
      if (chance.isTrue(0.5)) world.people.hurry(chance.between(0, 15_000));
      applyFault(trouble, plan.kind);
    }
    planNext(trouble, plan, false);
  });
}
