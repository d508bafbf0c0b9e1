/**
 * One simulated world: pillars, a hub, the ways between them, and people, for as long as asked.
 *
 * First everything goes wrong that the seed's profile allows (safety); then all faults end and the world
 * must come to rest by itself (liveness). What happened is given to the checkers as a plain record.
 */
import type { ButtonKind } from "../../device/core/events.ts";
import type { LampPattern } from "../../device/ports.ts";
import type { PillarId, SessionNonce } from "../../shared/ids.ts";
import { press, release } from "./pillar/button.ts";
import { newChance } from "./chance.ts";
import { newCoverage, type Coverage } from "./run/coverage.ts";
import { hubHears } from "./hub/hub-shell.ts";
import { endingOf } from "./run/ending.ts";
import { newFaults, type Faults } from "./faults/faults.ts";
import type { Happening, History } from "./run/history.ts";
import { takeIn, type Hub } from "./hub/hub.ts";
import { newHub, registerPillars, startHub } from "./hub/hub-life.ts";
import { newNetwork } from "./network/network.ts";
import type { Network, Peers } from "./network/path.ts";
import { newPeople, type People } from "./people.ts";
import { newPillar, startPillar, tellPillar, type Pillar } from "./pillar/pillar.ts";
import { pillarAcknowledged, pillarHears } from "./pillar/pillar-effects.ts";
import { drawProfile, type Density, type FaultKind, type Profile } from "./faults/profile.ts";
import { newReads, type Reads } from "./hub/reads.ts";
import { HONEST, type Rules } from "./rules.ts";
import { newScheduler, type Scheduler } from "./scheduler.ts";
import { lampShows, outgrown, pillarChanged } from "./pillar/seen.ts";
import { WALL_AT_START } from "./clock.ts";
import { newStranger, type Stranger } from "./faults/stranger.ts";
import { newThief, type Thief } from "./faults/thief.ts";
import { newTrace, type Span, type Trace } from "./run/trace.ts";
import { newWatch, type Watch } from "./watch/watch.ts";
import { newWire, type Wire } from "./network/wire.ts";

export interface WorldSettings {
  readonly seed: number;
  readonly days: number;
  readonly pillars: number;
  readonly density?: Density;
  readonly rules?: Rules;
  /** Only these kinds of faults, of those the seed has. */
  readonly only?: readonly FaultKind[];
  /** Faults only between these moments, ms. */
  readonly window?: readonly [number, number];
  /** Crash whoever performs the n-th effect of the run. */
  readonly crashAtEffect?: number;
  /** The story is told of this time only; otherwise of the newest lines. */
  readonly told?: Span;
}

export interface World {
  readonly settings: WorldSettings;
  readonly profile: Profile;
  readonly rules: Rules;
  readonly scheduler: Scheduler;
  readonly trace: Trace;
  readonly coverage: Coverage;
  readonly wire: Wire;
  readonly network: Network;
  readonly pillars: readonly Pillar[];
  readonly pillarById: ReadonlyMap<PillarId, Pillar>;
  readonly hub: Hub;
  readonly people: People;
  readonly faults: Faults;
  readonly watch: Watch;
  readonly reads: Reads;
  readonly thief: Thief;
  readonly stranger: Stranger;
  note(actor: string, what: string, detail: string): void;
  happened(happening: Happening): void;
  press(pillar: number, kind: ButtonKind): boolean;
  release(pillar: number, kind: ButtonKind): void;
  pillarChanged(pillar: Pillar): void;
  lampShows(pillar: Pillar, lamp: LampPattern): void;
  outgrown(
    actor: string,
    found: { readonly what: string; readonly size: number; readonly limit: number },
  ): void;
  /** Unix ms at which this pillar's certificate ends; `undefined`: it does not. */
  expiryOf(pillar: number): number | undefined;
  /** Whether the hub, by its clock, takes no more than alarms from this pillar. */
  isExpired(pillar: number): boolean;
}

export interface Run {
  readonly history: History;
  readonly coverage: ReadonlyMap<string, number>;
  readonly trace: Trace;
  readonly presses: number;
  readonly steps: number;
  readonly effects: number;
}

const DAY_MS = 86_400_000;
/** Long enough for every bounded wait: a file opened again (30 s), a link tried again (15 s), a page. */
const LIVENESS_MS = 240_000;

/** Four alarms at a time, past addresses that never answer: a backlog takes its time. */
const BY_DOORS_MS = 1_800_000;

export function runWorld(settings: WorldSettings): Run {
  const happenings: Happening[] = [];
  const world = newWorld(settings, happenings);
  const { scheduler, hub, pillars } = world;
  const healAt = settings.days * DAY_MS;
  registerPillars(world, hub);
  startHub(world, hub);
  for (const pillar of pillars) {
    scheduler.plan(pillar.chance.between(0, 20_000), () => startPillar(world, pillar));
  }
  world.people.begin(healAt);
  world.faults.begin(healAt);
  world.stranger.begin(healAt);
  try {
    scheduler.runUntil(healAt);
    world.note("world", "healed", "");
    world.faults.heal();
    scheduler.runUntil(healAt + LIVENESS_MS);
    if (hasOnlyDoors(world)) scheduler.runUntil(healAt + BY_DOORS_MS);
  } catch (error) {
    const reason = error instanceof Error ? (error.stack ?? error.message) : String(error);
    world.happened({ type: "broken", at: scheduler.now(), actor: "world", reason });
  }
  const ending = endingOf(world);
  return {
    history: { happenings, healedAt: healAt, endedAt: scheduler.now(), ...ending },
    coverage: world.coverage.counts,
    trace: world.trace,
    presses: world.people.presses(),
    steps: scheduler.steps(),
    effects: world.faults.effects(),
  };
}

/** Whether an expired pillar has not told everything yet. */
const hasOnlyDoors = (world: World): boolean =>
  world.pillars.some(
    ({ index, agent }) => world.isExpired(index) && (agent?.outbox.pending.size ?? 0) > 0,
  );

function newWorld(settings: WorldSettings, happenings: Happening[]): World {
  const scheduler = newScheduler();
  const trace = newTrace(settings.told);
  const world = {
    settings,
    profile: drawProfile(settings.seed, settings.density ?? "day"),
    rules: settings.rules ?? HONEST,
    scheduler,
    trace,
    coverage: newCoverage(),
    wire: newWire(),
    note: (actor: string, what: string, detail: string) =>
      trace.note(scheduler.now(), actor, { what, detail }),
    happened: (happening: Happening) => void happenings.push(happening),
  } as unknown as Writable<World>;
  world.press = (pillar, kind) => press(world, pillar, kind);
  world.release = (pillar, kind) => release(world, pillar, kind);
  world.pillarChanged = (pillar) => pillarChanged(world, pillar);
  world.lampShows = (pillar, lamp) => lampShows(world, pillar, lamp);
  world.outgrown = (actor, found) => outgrown(world, actor, found);
  const { broker, expiry } = world.profile;
  const healAt = settings.days * DAY_MS;
  const expiresAt = expiry && Math.floor(WALL_AT_START + expiry.after * healAt);
  world.expiryOf = (pillar) => (expiry?.pillar === pillar ? expiresAt : undefined);
  world.isExpired = (pillar) => isExpiredNow(world, pillar);
  world.pillars = Array.from({ length: settings.pillars }, (_, i) => newPillar(world, i));
  world.pillarById = new Map(world.pillars.map((pillar) => [pillar.id, pillar]));
  world.hub = newHub(world);
  const chance = newChance(settings.seed, "network");
  const { coverage } = world;
  const { pillars } = settings;
  world.network = newNetwork(
    { scheduler, chance, coverage, peers: peersOf(world) },
    { pillars, broker },
  );
  world.people = newPeople(world);
  world.faults = newFaults(world);
  world.watch = newWatch(world);
  world.thief = newThief(world);
  world.stranger = newStranger(world);
  world.reads = newReads({
    show: world.rules.show,
    isDense: settings.density === "dense",
    failed: (what, reason) =>
      world.happened({ type: "unreadable", at: scheduler.now(), what, reason }),
  });
  return world;
}

function isExpiredNow(world: World, index: number): boolean {
  if (world.expiryOf(index) === undefined) return false;
  const { hub, pillars } = world;
  const record = hub.state.pillars.get((pillars[index] as Pillar).id);
  return record !== undefined && world.rules.isExpired(record, hub.clock.wall());
}

type Writable<T> = { -readonly [K in keyof T]: T[K] };

function peersOf(world: World): Peers {
  const { scheduler, happened } = world;
  const of = (index: number): Pillar => world.pillars[index] as Pillar;
  const tellConnection = (
    index: number,
    type: "pillar-connected" | "pillar-disconnected",
  ): void => {
    takeIn(world, world.hub, { type, at: world.hub.clock.wall(), pillarId: of(index).id });
  };
  return {
    isPillarOn: (index) => of(index).isOn,
    isHubUp: () => world.hub.isUp,
    isAdmitted: (index) => !world.isExpired(index),
    linkUp: (index) => {
      const sessionNonce = of(index).chance.hex(128) as SessionNonce;
      happened({ type: "link", at: scheduler.now(), pillar: of(index).id, isUp: true });
      tellPillar(world, of(index), { type: "link-up", sessionNonce });
    },
    linkDown: (index, reason) => {
      world.note(of(index).id, "link down", reason);
      happened({ type: "link", at: scheduler.now(), pillar: of(index).id, isUp: false });
      tellPillar(world, of(index), { type: "link-down", reason });
    },
    pillarHears: (index, message) => pillarHears(world, of(index), message),
    pillarAcknowledged: (index, message) => pillarAcknowledged(world, of(index), message),
    hubConnected: (index) => {
      world.watch.heardFrom(index);
      tellConnection(index, "pillar-connected");
    },
    hubDisconnected: (index) => tellConnection(index, "pillar-disconnected"),
    hubHears: (index, message) => hubHears(world, index, world.wire.up(message)),
  };
}
