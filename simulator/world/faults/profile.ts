/**
 * What one seed is exposed to: a random half of all fault kinds, each with an intensity of its own.
 *
 * Swarm testing (Groce 2012): a mix of everything in every run hides what only a pure storm of one
 * kind brings out. A quiet seed is as useful as a wild one, because some bugs appear only when
 * little happens.
 */
import { newChance } from "../chance.ts";

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
  "pillar-file-damaged": [1, 6],
  "broker-restarted": [1, 12],
  "broker-unreached": [1, 12],
} as const satisfies Record<string, readonly [number, number]>;

/** Drawn from a stream of their own, so that they move no fault of an old seed. */
const LATER = {
  "stolen-pillar": [1, 12],
} as const satisfies Record<string, readonly [number, number]>;

type EarlyKind = keyof typeof FREQUENCY;
type LaterKind = keyof typeof LATER;
export type FaultKind = EarlyKind | LaterKind;
const EARLY_KINDS = Object.keys(FREQUENCY) as EarlyKind[];
const LATER_KINDS = Object.keys(LATER) as LaterKind[];
export const FAULT_KINDS: readonly FaultKind[] = [...EARLY_KINDS, ...LATER_KINDS];

/** Faults of a broker that is not the hub's own. */
const EXTERNAL: ReadonlySet<FaultKind> = new Set(["broker-restarted", "broker-unreached"]);

export type Density = "day" | "dense";

/** The hub's own broker; another's that keeps nothing for a hub that is away; or one that does. */
export type BrokerKind = "embedded" | "external" | "external-keeping";

/** What an address for alarms leads to: the hub; the hub, late; nothing. */
export const FALLBACK_HUB_KINDS = ["right", "slow", "dead"] as const;
export type FallbackHub = (typeof FALLBACK_HUB_KINDS)[number];

export interface Profile {
  /** Times a day. */
  readonly perDay: ReadonlyMap<FaultKind, number>;
  /** Of both wall and monotonic clocks, at most. */
  readonly drift: number;
  readonly broker: BrokerKind;
  /** The addresses for alarms by HTTPS, in the order in which they are asked. */
  readonly fallbackHubs: readonly FallbackHub[];
  /** The HTTPS fallback has an interface of its own. */
  readonly isFallbackSeparate: boolean;
  /** One pillar's certificate ends at that part of the time: from then on only its alarms count. */
  readonly expiry: { readonly pillar: number; readonly after: number } | undefined;
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
  const { broker, fallbackHubs, expiry } = drawWays(seed);
  const perDay = new Map<FaultKind, number>();
  for (const kind of EARLY_KINDS) {
    const [least, most] = FREQUENCY[kind];
    const isOn = chance.isTrue(0.5);
    const rate = least * (most / least) ** chance.next();
    const isPossible = broker !== "embedded" || !EXTERNAL.has(kind);
    if (isOn && isPossible) perDay.set(kind, rate);
  }
  const later = newChance(seed, "later");
  for (const kind of LATER_KINDS) {
    const [least, most] = LATER[kind];
    const rate = least * (most / least) ** later.next();
    if (later.isTrue(0.5)) perDay.set(kind, rate);
  }
  const isDrifting = chance.isTrue(0.5);
  const visits = density === "dense" ? chance.between(1500, 2500) : 4 * 10 ** chance.next();
  return {
    perDay,
    drift: isDrifting ? MOST_DRIFT : 0,
    broker,
    fallbackHubs,
    isFallbackSeparate: chance.isTrue(0.5),
    expiry,
    visitEveryMs: DAY_MS / visits,
    operatorMs: density === "dense" ? [300, 4000] : [1000, 25_000],
  };
}

/** The addresses of several hubs: one leads to ours, some to it late, some to nothing. */
const FALLBACK_HUBS: readonly (readonly FallbackHub[])[] = [
  ["right"],
  ["dead", "right"],
  ["slow", "right"],
  ["dead", "slow", "right"],
  ["slow", "dead", "right"],
  ["right", "dead"],
  ["dead", "dead", "right", "slow"],
];

/** From a stream of its own, so that a new way of being reached moves no fault of an old seed. */
function drawWays(seed: number): Pick<Profile, "broker" | "fallbackHubs" | "expiry"> {
  const chance = newChance(seed, "ways");
  const broker = chance.isTrue(0.65)
    ? "embedded"
    : chance.pick(["external", "external-keeping"] as const);
  const isExpiring = chance.isTrue(0.25);
  const hasFallback = isExpiring || chance.isTrue(0.7);
  return {
    broker,
    fallbackHubs: hasFallback ? chance.pick(FALLBACK_HUBS) : [],
    expiry: isExpiring ? { pillar: chance.below(3), after: chance.next() } : undefined,
  };
}
