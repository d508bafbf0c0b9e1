/**
 * Makes trouble, as the seed's profile says, until the world is healed.
 *
 * Each kind comes at random moments, and half of the time it brings a person to the button: a fault
 * nobody presses into shows nothing. A crash can also be armed to strike before the n-th effect that a
 * core orders, or before one chosen effect of the whole run (enumeration).
 */
import { newChance, type Chance } from "./chance.ts";
import { GOOD_DISK, type DiskMood } from "./disk.ts";
import { crashHub, restoreHub } from "./hub.ts";
import { cut, healNetwork, mend, reset, type Direction } from "./network.ts";
import { crashPillar } from "./pillar.ts";
import type { FaultKind } from "./profile.ts";
import { assertNever } from "../../shared/assert.ts";
import type { World } from "./world.ts";

export interface Faults {
  /** Called before every effect: the place where power may fail. */
  atEffect(who: "pillar" | "hub", index: number): void;
  /** Plans everything up to `until`. */
  begin(until: number): void;
  heal(): void;
  /** Effects ordered until the heal, by pillars and hub. */
  effects(): number;
}

const DAY_MS = 86_400_000;
const MINUTE_MS = 60_000;

export function newFaults(world: World): Faults {
  const chance = newChance(world.settings.seed, "faults");
  const armed: { hub: number; pillar: number[] } = { hub: 0, pillar: world.pillars.map(() => 0) };
  const ends = new Set<() => void>();
  let isHealed = false;
  let effects = 0;
  const desk: Desk = {
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
      world.scheduler.plan(world.scheduler.now() + ms, once);
    },
    isOver: () => isHealed,
  };
  const strike = (who: "pillar" | "hub", index: number): void => {
    world.coverage.count(`${who}-effect-crash`);
    const how = chance.isTrue(0.5) ? "killed" : "power-cut";
    const pillar = world.pillars[index];
    if (who === "hub") crashHub(world, world.hub, how);
    else if (pillar) crashPillar(world, pillar, how);
  };
  return {
    atEffect: (who, index) => {
      if (isHealed) return;
      effects += 1;
      if (world.settings.crashAtEffect === effects) strike(who, index);
      if (who === "hub") {
        if (armed.hub > 0 && --armed.hub === 0) strike(who, index);
        return;
      }
      const left = armed.pillar[index] ?? 0;
      if (left === 0) return;
      armed.pillar[index] = left - 1;
      if (left === 1) strike(who, index);
    },
    effects: () => effects,
    begin: (until) => {
      for (const [kind, perDay] of world.profile.perDay) {
        const { only } = world.settings;
        if (only === undefined || only.includes(kind))
          planNext(desk, { kind, perDay, until }, true);
      }
    },
    heal: () => {
      isHealed = true;
      armed.hub = 0;
      armed.pillar.fill(0);
      for (const end of ends) end();
      healNetwork(world.network);
      for (const { disk } of [world.hub, ...world.pillars]) Object.assign(disk.mood, GOOD_DISK);
      world.people.return();
    },
  };
}

interface Desk {
  readonly world: World;
  readonly chance: Chance;
  arm(who: "pillar" | "hub", index: number, countdown: number): void;
  /** Undone after so long, or when the world is healed. */
  until(ms: number, end: () => void): void;
  isOver(): boolean;
}

interface Plan {
  readonly kind: FaultKind;
  readonly perDay: number;
  readonly until: number;
}

/** The first comes for certain; the others when chance has it. */
function planNext(desk: Desk, plan: Plan, isFirst: boolean): void {
  const { world, chance } = desk;
  const now = world.scheduler.now();
  const mean = DAY_MS / plan.perDay;
  const wait = isFirst
    ? chance.next() * Math.min(mean, plan.until - now)
    : chance.exponential(mean);
  const at = now + wait;
  if (at >= plan.until) return;
  world.scheduler.plan(at, () => {
    if (desk.isOver()) return;
    const { window } = world.settings;
    const isInside = window === undefined || (at >= window[0] && at <= window[1]);
    if (isInside) {
      world.coverage.count(`fault: ${plan.kind}`);
      world.note("world", plan.kind, "");
      if (chance.isTrue(0.5)) world.people.hurry(chance.between(0, 15_000));
      strikeWith(desk, plan.kind);
    }
    planNext(desk, plan, false);
  });
}

// oxlint-disable-next-line complexity -- one flat switch: splitting it would hide which faults exist
function strikeWith(desk: Desk, kind: FaultKind): void {
  const { world, chance } = desk;
  const { network } = world;
  const pillar = chance.pick(world.pillars);
  switch (kind) {
    case "packet-loss":
      return lasting(desk, network.mood, { lossRate: chance.between(0.05, 0.5) });
    case "slow-network":
      return lasting(desk, network.mood, { delayMs: [50, chance.between(300, 2500)] });
    case "one-way-up":
      return cutFor(desk, pillar.index, ["up"]);
    case "one-way-down":
      return cutFor(desk, pillar.index, ["down"]);
    case "partition":
      return cutFor(desk, pillar.index, ["up", "down"]);
    case "hub-isolated":
      return world.pillars.forEach(({ index }) => cutFor(desk, index, ["up", "down"]));
    case "swizzle":
      return swizzle(desk);
    case "reset":
      return reset(network, pillar.index);
    case "flap":
      return repeat(desk, { times: 30, every: [1000, 3000] }, () => reset(network, pillar.index));
    case "broker-forgets":
      return lasting(desk, network.broker, {
        upLossRate: chance.between(0, 0.6),
        downLossRate: chance.between(0, 0.6),
      });
    case "broker-duplicates":
      return lasting(desk, network.broker, { duplicateRate: chance.between(0.1, 0.9) });
    case "broker-reorders":
      return lasting(desk, network.broker, {
        reorderRate: chance.between(0.1, 0.7),
        doesDropOvertaken: chance.isTrue(0.5),
      });
    case "pillar-killed":
      return crashPillar(world, pillar, "killed");
    case "pillar-power-cut":
      return crashPillar(world, pillar, "power-cut");
    case "boot-loop":
      return repeat(desk, { times: 20, every: [1000, 30_000] }, () =>
        crashPillar(world, pillar, "power-cut"),
      );
    case "pillar-effect-crash":
      world.people.hurry(chance.between(0, 5000), pillar.index);
      return desk.arm("pillar", pillar.index, 1 + chance.below(24));
    case "hub-killed":
      return crashHub(world, world.hub, "killed");
    case "hub-power-cut":
      return crashHub(world, world.hub, "power-cut");
    case "hub-effect-crash":
      world.people.hurry(chance.between(0, 5000), pillar.index);
      return desk.arm("hub", 0, 1 + chance.below(6));
    case "hub-restored":
      return restoreHub(world, world.hub);
    case "pillar-clock-step":
      return stepClock(desk, "pillar");
    case "hub-clock-step":
      return stepClock(desk, "hub");
    case "operators-vanish":
      return world.people.vanish(chance.between(1, 30) * MINUTE_MS);
    default:
      return spoilDisk(desk, kind);
  }
}

type DiskFault = Extract<FaultKind, `${"pillar" | "hub"}-disk-${string}`>;

function spoilDisk(desk: Desk, kind: DiskFault): void {
  const { world, chance } = desk;
  const { mood } = kind.startsWith("hub") ? world.hub.disk : chance.pick(world.pillars).disk;
  switch (kind) {
    case "pillar-disk-slow":
    case "hub-disk-slow": {
      const most = chance.pick([300, 1500, 10_000, 30_000]);
      return lasting(desk, mood, { syncMs: [most / 20, most] });
    }
    case "pillar-disk-full":
    case "hub-disk-full":
      return lasting(desk, mood, { isFull: true });
    case "pillar-disk-errors":
    case "hub-disk-errors":
      return lasting(desk, mood, { errorRate: chance.between(0.1, 0.9) });
    case "pillar-disk-dead":
    case "hub-disk-dead":
      return lasting(desk, mood, { isDead: true });
    default:
      assertNever(kind);
  }
}

/** From a blink to an hour, short ones being the most frequent. */
function duration({ chance }: Desk): number {
  return 500 * (3_600_000 / 500) ** (chance.next() * chance.between(0.5, 1));
}

/** Changes a mood for a while, then puts back what was good. */
function lasting<M extends object>(desk: Desk, mood: M, change: Partial<M>): void {
  const good = goodOf(mood, change);
  Object.assign(mood, change);
  desk.until(duration(desk), () => Object.assign(mood, good));
}

const GOOD: Readonly<Record<string, unknown>> = {
  ...GOOD_DISK,
  lossRate: 0,
  delayMs: [3, 30],
  upLossRate: 0,
  downLossRate: 0,
  duplicateRate: 0,
  reorderRate: 0,
  doesDropOvertaken: false,
} satisfies DiskMood & Record<string, unknown>;

function goodOf<M extends object>(_mood: M, change: Partial<M>): Partial<M> {
  const names = Object.keys(change);
  return Object.fromEntries(names.map((name) => [name, GOOD[name]])) as Partial<M>;
}

function cutFor(desk: Desk, pillar: number, directions: readonly Direction[]): void {
  const { network } = desk.world;
  for (const direction of directions) cut(network, pillar, direction);
  desk.until(duration(desk), () => {
    for (const direction of directions) mend(network, pillar, direction);
  });
}

/** Clogs the ways one by one and opens them in another order (FoundationDB). */
function swizzle(desk: Desk): void {
  const { world, chance } = desk;
  for (const { index } of world.pillars) {
    const from = chance.between(0, 10_000);
    world.scheduler.plan(world.scheduler.now() + from, () => {
      if (!desk.isOver()) cutFor(desk, index, ["up", "down"]);
    });
  }
}

function repeat(
  desk: Desk,
  plan: { readonly times: number; readonly every: readonly [number, number] },
  act: () => void,
): void {
  const { world, chance } = desk;
  const again = (left: number): void => {
    if (left === 0 || desk.isOver()) return;
    act();
    if (chance.isTrue(0.2)) world.people.hurry(chance.between(0, 2000));
    world.scheduler.plan(world.scheduler.now() + chance.between(...plan.every), () =>
      again(left - 1),
    );
  };
  again(1 + chance.below(plan.times));
}

const TO_1970_MS = -1_780_000_000_000;
const TO_2106_MS = 2_500_000_000_000;

function stepClock(desk: Desk, who: "pillar" | "hub"): void {
  const { world, chance } = desk;
  const small = chance.pick([1000, 5000, 60_000, 3_600_000, DAY_MS]);
  const signed = chance.isTrue(0.5) ? small : -small;
  const ms =
    who === "pillar" && chance.isTrue(0.2) ? chance.pick([TO_1970_MS, TO_2106_MS]) : signed;
  const host = who === "hub" ? world.hub : chance.pick(world.pillars);
  host.clock.step(ms);
  world.coverage.count(`${who}-clock-stepped-${ms < 0 ? "back" : "on"}`);
  world.note("world", `${who} clock stepped`, `${ms} ms`);
  if (who === "hub") world.hubClockStepped(ms);
}
