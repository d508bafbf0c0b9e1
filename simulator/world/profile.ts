/**
 * What one seed is exposed to: a random half of all fault kinds, each with an intensity of its own.
 *
 * Swarm testing (Groce 2012): a mix of everything in every run hides what only a pure storm of one kind
 * brings out. A quiet seed is as useful as a wild one, because bugs of the calm need calm.
 */
import { newChance } from "./chance.ts";

/** Every kind of trouble, with how often a day it comes at the least and at the most. */
const FREQUENCY = {
  "packet-loss": [1, 12],
  "slow-network": [1, 12],
  "one-way-up": [1, 16],
  "one-way-down": [1, 16],
  partition: [1, 16],
  "hub-isolated": [1, 6],
  swizzle: [1, 6],
  reset: [1, 60],
  flap: [1, 3],
  "broker-forgets": [1, 12],
  "broker-duplicates": [1, 12],
  "broker-reorders": [1, 12],
  "pillar-killed": [1, 40],
  "pillar-power-cut": [1, 40],
  "boot-loop": [1, 3],
  "pillar-effect-crash": [2, 60],
  "hub-killed": [1, 24],
  "hub-power-cut": [1, 24],
  "hub-effect-crash": [2, 40],
  "hub-restored": [1, 4],
  "pillar-disk-slow": [1, 12],
  "pillar-disk-full": [1, 8],
  "pillar-disk-errors": [1, 12],
  "pillar-disk-dead": [1, 4],
  "hub-disk-slow": [1, 12],
  "hub-disk-full": [1, 8],
  "hub-disk-errors": [1, 12],
  "hub-disk-dead": [1, 4],
  "pillar-clock-step": [1, 12],
  "hub-clock-step": [1, 12],
  "operators-vanish": [1, 8],
} as const satisfies Record<string, readonly [number, number]>;

export type FaultKind = keyof typeof FREQUENCY;
export const FAULT_KINDS = Object.keys(FREQUENCY) as FaultKind[];

export type Density = "day" | "dense";

export interface Profile {
  /** Times a day. */
  readonly perDay: ReadonlyMap<FaultKind, number>;
  /** Of both wall and monotonic clocks, at most. */
  readonly drift: number;
  /** Hubs that take alarms by HTTPS; there is one hub. */
  readonly secondWays: 0 | 1;
  /** The second way has an interface of its own. */
  readonly isSecondWaySeparate: boolean;
  /** Mean time between two visits of a person to a pillar. */
  readonly visitEveryMs: number;
  /** How quickly operators act. */
  readonly operatorMs: readonly [number, number];
}

const DAY_MS = 86_400_000;
/** 500 ppm: a cheap crystal in the sun. */
const MOST_DRIFT = 0.0005;

export function drawProfile(seed: number, density: Density): Profile {
  const chance = newChance(seed, "profile");
  const perDay = new Map<FaultKind, number>();
  for (const kind of FAULT_KINDS) {
    const [least, most] = FREQUENCY[kind];
    const isOn = chance.isTrue(0.5);
    const rate = least * (most / least) ** chance.next();
    if (isOn) perDay.set(kind, rate);
  }
  const isDrifting = chance.isTrue(0.5);
  const visits = density === "dense" ? chance.between(1500, 2500) : 4 * 10 ** chance.next();
  return {
    perDay,
    drift: isDrifting ? MOST_DRIFT : 0,
    secondWays: chance.isTrue(0.6) ? 1 : 0,
    isSecondWaySeparate: chance.isTrue(0.5),
    visitEveryMs: DAY_MS / visits,
    operatorMs: density === "dense" ? [300, 4000] : [1000, 25_000],
  };
}
