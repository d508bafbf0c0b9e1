/**
 * What each kind of fault does to the world, and for how long.
 *
 * Short ones are the most frequent; whatever lasts is undone by itself, or by the heal.
 */
import { assertNever } from "../../../shared/assert.ts";
import type { Chance } from "../chance.ts";
import { GOOD_DISK, type DiskConditions } from "./disk.ts";
import { cutFromBroker, restartBroker } from "../network/external-broker.ts";
import { crashHub, restoreHub } from "../hub/hub-life.ts";
import { reset } from "../network/link.ts";
import { cut, mend, type Direction } from "../network/network.ts";
import { crashPillar } from "../pillar/pillar.ts";
import type { FaultKind } from "./profile.ts";
import type { HubWorld } from "../hub/hub-state.ts";
import type { Pillar, PillarWorld } from "../pillar/pillar-state.ts";
import type { Faults, People, Watch } from "../ports.ts";
import type { Thief } from "./thief.ts";

const DAY_MS = 86_400_000;
const MINUTE_MS = 60_000;
/** A broker that restarts, and the hub that looks for it. */
const BROKER_AWAY_MS = 30_000;

/** What faults reach of the world: every machine, the ways between them, and the people. */
export interface FaultWorld extends HubWorld, PillarWorld {
  readonly hub: HubWorld["hub"];
  readonly pillars: readonly Pillar[];
  readonly faults: Pick<Faults, "atEffect">;
  readonly people: Pick<People, "factsBecame" | "hubStarted" | "hurry" | "vanish" | "return">;
  readonly watch: Omit<Watch, "mayLinger">;
  readonly thief: Thief;
}

/** What is broken now, and how it is mended. */
export interface Trouble {
  readonly world: FaultWorld;
  readonly chance: Chance;
  arm(who: "pillar" | "hub", index: number, countdown: number): void;
  /** Undone after so long, or when the world is healed. */
  until(ms: number, end: () => void): void;
  isOver(): boolean;
}

// oxlint-disable-next-line complexity -- one flat switch: split, it would hide which faults exist
export function applyFault(trouble: Trouble, kind: FaultKind): void {
  const { world, chance } = trouble;
  const { network } = world;
  const pillar = chance.pick(world.pillars);
  switch (kind) {
    case "packet-loss":
      return lasting(trouble, network.conditions, { lossRate: chance.between(0.05, 0.5) });
    case "slow-network":
      return lasting(trouble, network.conditions, { delayMs: [50, chance.between(300, 2500)] });
    case "one-way-up":
      return cutFor(trouble, pillar.index, ["up"]);
    case "one-way-down":
      return cutFor(trouble, pillar.index, ["down"]);
    case "partition":
      return cutFor(trouble, pillar.index, ["up", "down"]);
    case "hub-isolated":
      return world.pillars.forEach(({ index }) => cutFor(trouble, index, ["up", "down"]));
    case "swizzle":
      return swizzle(trouble);
    case "reset":
      return reset(network, pillar.index);
    case "flap":
      return repeat(trouble, { times: 30, every: [1000, 3000] }, () =>
        reset(network, pillar.index),
      );
    case "pillar-killed":
      return crashPillar(world, pillar, "killed");
    case "pillar-power-cut":
      return crashPillar(world, pillar, "power-cut");
    case "boot-loop":
      return repeat(trouble, { times: 20, every: [1000, 30_000] }, () =>
        crashPillar(world, pillar, "power-cut"),
      );
    case "pillar-effect-crash":
      world.people.hurry(chance.between(0, 5000), pillar.index);
      return trouble.arm("pillar", pillar.index, 1 + chance.below(24));
    case "hub-killed":
      return crashHub(world, "killed");
    case "hub-power-cut":
      return crashHub(world, "power-cut");
    case "hub-effect-crash":
      world.people.hurry(chance.between(0, 5000), pillar.index);
      return trouble.arm("hub", 0, 1 + chance.below(6));
    case "hub-restored":
      return restoreHub(world);
    case "pillar-clock-step":
      return stepClock(trouble, "pillar");
    case "hub-clock-step":
      return stepClock(trouble, "hub");
    case "operators-vanish":
      return world.people.vanish(chance.between(1, 30) * MINUTE_MS);
    case "stolen-pillar":
      return world.thief.attack();
    case "pillar-file-damaged":
      pillar.disk.isDamaged = true;
      return trouble.until(duration(trouble), () => void (pillar.disk.isDamaged = false));
    case "broker-forgets":
    case "broker-duplicates":
    case "broker-reorders":
    case "broker-restarted":
    case "broker-unreached":
      return spoilBroker(trouble, kind);
    default:
      return spoilDisk(trouble, kind);
  }
}

function spoilBroker(trouble: Trouble, kind: Extract<FaultKind, `broker-${string}`>): void {
  const { world, chance } = trouble;
  const { network } = world;
  const now = world.scheduler.now();
  switch (kind) {
    case "broker-forgets":
      return lasting(trouble, network.broker, {
        upLossRate: chance.between(0, 0.6),
        downLossRate: chance.between(0, 0.6),
      });
    case "broker-duplicates":
      return lasting(trouble, network.broker, { duplicateRate: chance.between(0.1, 0.9) });
    case "broker-reorders":
      return lasting(trouble, network.broker, {
        reorderRate: chance.between(0.1, 0.7),
        doesDropOvertaken: chance.isTrue(0.5),
      });
    case "broker-restarted":
      world.happened({ type: "trouble", at: now, until: now + BROKER_AWAY_MS });
      return restartBroker(network);
    case "broker-unreached":
      return trouble.until(duration(trouble), cutFromBroker(network));
    default:
      assertNever(kind);
  }
}

type DiskFault = Extract<FaultKind, `${"pillar" | "hub"}-disk-${string}`>;

function spoilDisk(trouble: Trouble, kind: DiskFault): void {
  const { world, chance } = trouble;
  const { conditions } = kind.startsWith("hub") ? world.hub.disk : chance.pick(world.pillars).disk;
  switch (kind) {
    case "pillar-disk-slow":
    case "hub-disk-slow": {
      const most = chance.pick([300, 1500, 10_000, 30_000]);
      return lasting(trouble, conditions, { syncMs: [most / 20, most] });
    }
    case "pillar-disk-full":
    case "hub-disk-full":
      return lasting(trouble, conditions, { isFull: true });
    case "pillar-disk-errors":
    case "hub-disk-errors":
      return lasting(trouble, conditions, { errorRate: chance.between(0.1, 0.9) });
    case "pillar-disk-dead":
    case "hub-disk-dead":
      return lasting(trouble, conditions, { isDead: true });
    default:
      assertNever(kind);
  }
}

/** From a blink to an hour, short ones being the most frequent. */
function duration({ chance }: Trouble): number {
  return 500 * (3_600_000 / 500) ** (chance.next() * chance.between(0.5, 1));
}

/** Changes conditions for a while, then restores the good ones. */
function lasting<M extends object>(trouble: Trouble, conditions: M, change: Partial<M>): void {
  const good = goodOf(conditions, change);
  Object.assign(conditions, change);
  trouble.until(duration(trouble), () => Object.assign(conditions, good));
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
} satisfies DiskConditions & Record<string, unknown>;

function goodOf<M extends object>(_conditions: M, change: Partial<M>): Partial<M> {
  const names = Object.keys(change);
  return Object.fromEntries(names.map((name) => [name, GOOD[name]])) as Partial<M>;
}

function cutFor(trouble: Trouble, pillar: number, directions: readonly Direction[]): void {
  const { network } = trouble.world;
  for (const direction of directions) cut(network, pillar, direction);
  trouble.until(duration(trouble), () => {
    for (const direction of directions) mend(network, pillar, direction);
  });
}

/** Clogs the ways one by one and opens them in another order (FoundationDB). */
function swizzle(trouble: Trouble): void {
  const { world, chance } = trouble;
  for (const { index } of world.pillars) {
    const from = chance.between(0, 10_000);
    world.scheduler.plan(world.scheduler.now() + from, () => {
      if (!trouble.isOver()) cutFor(trouble, index, ["up", "down"]);
    });
  }
}

function repeat(
  trouble: Trouble,
  plan: { readonly times: number; readonly every: readonly [number, number] },
  act: () => void,
): void {
  const { world, chance } = trouble;
  const again = (left: number): void => {
    if (left === 0 || trouble.isOver()) return;
    act();
    const at = world.scheduler.now();
    world.happened({ type: "trouble", at, until: at });
    if (chance.isTrue(0.2)) world.people.hurry(chance.between(0, 2000));
    world.scheduler.plan(world.scheduler.now() + chance.between(...plan.every), () =>
      again(left - 1),
    );
  };
  again(1 + chance.below(plan.times));
}

const TO_1970_MS = -1_780_000_000_000;
const TO_2106_MS = 2_500_000_000_000;

function stepClock(trouble: Trouble, who: "pillar" | "hub"): void {
  const { world, chance } = trouble;
  const small = chance.pick([1000, 5000, 60_000, 3_600_000, DAY_MS]);
  const signed = chance.isTrue(0.5) ? small : -small;
  const ms =
    who === "pillar" && chance.isTrue(0.2) ? chance.pick([TO_1970_MS, TO_2106_MS]) : signed;
  const host = who === "hub" ? world.hub : chance.pick(world.pillars);
  host.clock.step(ms);
  world.coverage.count(`${who}-clock-stepped-${ms < 0 ? "back" : "on"}`);
  world.note("world", `${who} clock stepped`, `${ms} ms`);
  if (who === "hub") world.watch.hubClockStepped(ms);
}
