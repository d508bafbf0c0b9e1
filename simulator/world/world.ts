/**
 * One simulated world: pillars, a hub, the ways between them, and people, for as long as asked.
 *
 * First everything goes wrong that the seed's profile allows (safety); then all faults end and the
 * world must come to rest by itself (liveness). What happened is given to the checkers as a plain
 * record.
 */
import type { SessionNonce } from "../../shared/ids.ts";
import { press, release } from "./pillar/button.ts";
import { newChance } from "./chance.ts";
import { newCoverage } from "./run/coverage.ts";
import { alarmArrives, hubHears, orderHub } from "./hub/hub-ingest.ts";
import type { Hub } from "./hub/hub-state.ts";
import { endingOf } from "./run/ending.ts";
import type { FaultWorld } from "./faults/fault-effects.ts";
import { newFaults } from "./faults/faults.ts";
import type { Happening } from "./run/happening.ts";
import type { History } from "./run/history.ts";
import { takeIn } from "./hub/hub.ts";
import { newAdministrator, type Administrator } from "./faults/administrator.ts";
import { newHubViews } from "./hub/views.ts";
import { newViewers } from "./desk/viewers.ts";
import { newHub, registerPillars, startHub } from "./hub/hub-life.ts";
import { newNetwork } from "./network/network.ts";
import type { Network, Peers } from "./network/network-state.ts";
import { newPeople, type PeopleWorld } from "./people.ts";
import type { Faults, People, Viewers, Watch } from "./ports.ts";
import { newPillar, startPillar, tellPillar } from "./pillar/pillar.ts";
import { pillarAcknowledged, pillarHears } from "./pillar/pillar-hears.ts";
import type { Pillar } from "./pillar/pillar-state.ts";
import { drawProfile } from "./faults/profile.ts";
import { newReads, type Reads } from "./hub/reads.ts";
import { HONEST } from "./rules.ts";
import { newScheduler } from "./scheduler.ts";
import type { WorldSettings } from "./settings.ts";
import { WALL_AT_START } from "./clock.ts";
import { newStranger, type Stranger } from "./faults/stranger.ts";
import { newThief } from "./faults/thief.ts";
import { newTrace, type Trace } from "./run/trace.ts";
import { newWatch } from "./watch/watch.ts";
import { newWire } from "./network/wire.ts";

/** The whole: each part of it knows its own slice only. */
interface World extends FaultWorld, PeopleWorld {
  readonly pillars: readonly Pillar[];
  readonly hub: Hub;
  readonly people: People;
  readonly faults: Faults;
  readonly watch: Watch;
  readonly stranger: Stranger;
  readonly administrator: Administrator;
  readonly viewers: Viewers;
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
/**
 * Long enough for every bounded wait: a file opened
 * again (30 s), a link tried again (15 s), a page.
 */
const LIVENESS_MS = 240_000;

/** Four alarms at a time, past addresses that never answer: a backlog takes its time. */
const BY_FALLBACK_MS = 1_800_000;

export function runWorld(settings: WorldSettings): Run {
  const happenings: Happening[] = [];
  const world = newWorld(settings, happenings);
  const { scheduler, pillars } = world;
  const healAt = settings.days * DAY_MS;
  registerPillars(world);
  startHub(world);
  for (const pillar of pillars) {
    scheduler.plan(pillar.chance.between(0, 20_000), () => startPillar(world, pillar));
  }
  world.people.begin(healAt);
  world.faults.begin(healAt);
  world.stranger.begin(healAt);
  world.administrator.begin(healAt);
  world.viewers.begin(healAt);
  try {
    scheduler.runUntil(healAt);
    world.note("world", "healed", "");
    world.faults.heal();
    world.administrator.heal();
    world.viewers.heal();
    scheduler.runUntil(healAt + LIVENESS_MS);
    if (hasOnlyFallback(world)) scheduler.runUntil(healAt + BY_FALLBACK_MS);
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
const hasOnlyFallback = (world: World): boolean =>
  world.pillars.some(
    ({ index, agent }) => world.isExpired(index) && (agent?.outbox.pending.size ?? 0) > 0,
  );

/** What needs no other part. */
function basicsOf(settings: WorldSettings, happenings: Happening[]) {
  const scheduler = newScheduler();
  const trace = newTrace(settings.told);
  return {
    settings,
    profile: drawProfile(settings.seed, settings.density ?? "day"),
    rules: settings.rules ?? HONEST,
    scheduler,
    trace,
    coverage: newCoverage(),
    wire: newWire(),
    note: (actor: string, what: string, detail: string): void =>
      trace.note(scheduler.now(), actor, { what, detail }),
    happened: (happening: Happening): void => void happenings.push(happening),
  };
}

type Basics = ReturnType<typeof basicsOf>;

function readsOf({ settings, rules, scheduler, happened }: Basics): Reads {
  return newReads({
    show: rules.show,
    isDense: settings.density === "dense",
    failed: (what, reason) => happened({ type: "unreadable", at: scheduler.now(), what, reason }),
  });
}

/** By pillar: when its certificate ends, Unix ms. */
function expiryIn({ settings, profile }: Pick<World, "settings" | "profile">): World["expiryOf"] {
  const { expiry } = profile;
  const expiresAt = expiry && Math.floor(WALL_AT_START + expiry.after * settings.days * DAY_MS);
  return (pillar) => (expiry?.pillar === pillar ? expiresAt : undefined);
}

function networkOf(world: World, { settings, scheduler, coverage, profile }: Basics): Network {
  const chance = newChance(settings.seed, "network");
  return newNetwork(
    { scheduler, chance, coverage, peers: peersOf(world) },
    { pillars: settings.pillars, broker: profile.broker },
  );
}

/** Each part is made with the world it lives in; what is made later is reached through a getter. */
function newWorld(settings: WorldSettings, happenings: Happening[]): World {
  const basics = basicsOf(settings, happenings);
  const pillarAt = (index: number): Pillar => pillars[index] as Pillar;
  const world: World = {
    ...basics,
    press: (index, kind) => press(world, pillarAt(index), kind),
    release: (index, kind) => release(world, pillarAt(index), kind),
    tellPillar: (pillar, told) => tellPillar(world, pillar, told),
    alarmArrives: (arrival, request) => alarmArrives(world, arrival, request),
    takeIn: (event) => takeIn(world, event),
    orderHub: (asked) => orderHub(world, asked),
    expiryOf: expiryIn(basics),
    isExpired: (pillar) => isExpiredNow(world, pillar),
    get pillars() {
      return pillars;
    },
    get pillarById() {
      return pillarById;
    },
    get hub() {
      return hub;
    },
    get network() {
      return network;
    },
    get people() {
      return people;
    },
    get faults() {
      return faults;
    },
    get watch() {
      return watch;
    },
    get thief() {
      return thief;
    },
    get stranger() {
      return stranger;
    },
    get administrator() {
      return administrator;
    },
    get reads() {
      return reads;
    },
    get views() {
      return views;
    },
    get viewers() {
      return viewers;
    },
  };
  const pillars: readonly Pillar[] = Array.from({ length: settings.pillars }, (_, i) =>
    newPillar(world, i),
  );
  const pillarById = new Map(pillars.map((pillar) => [pillar.id, pillar]));
  const hub: Hub = newHub(world);
  const network = networkOf(world, basics);
  const people = newPeople(world);
  const faults = newFaults(world);
  const watch = newWatch(world);
  const thief = newThief(world);
  const stranger = newStranger(world);
  const administrator = newAdministrator(world);
  const reads = readsOf(basics);
  const views = newHubViews(world);
  const viewers = newViewers(world);
  return world;
}

function isExpiredNow(world: World, index: number): boolean {
  if (world.expiryOf(index) === undefined) return false;
  const { hub, pillars } = world;
  const record = hub.state.pillars.get((pillars[index] as Pillar).id);
  return record !== undefined && world.rules.isExpired(record, hub.clock.wall());
}

/** Another's broker looks at the date alone; our own knows every certificate. */
function whyNotAdmitted(world: World, pillar: Pillar): "expired" | "unknown" | undefined {
  const { hub, network, rules } = world;
  if (world.isExpired(pillar.index)) return "expired";
  if (network.external) return undefined;
  const record = hub.state.pillars.get(pillar.id);
  const serial = String(pillar.identity.number);
  return rules.isKnown(record, serial, hub.clock.wall()) ? undefined : "unknown";
}

function peersOf(world: World): Peers {
  const { scheduler, happened } = world;
  const of = (index: number): Pillar => world.pillars[index] as Pillar;
  const tellConnection = (
    index: number,
    type: "pillar-connected" | "pillar-disconnected",
  ): void => {
    takeIn(world, { type, at: world.hub.clock.wall(), pillarId: of(index).id });
  };
  return {
    isPillarOn: (index) => of(index).isOn,
    isHubUp: () => world.hub.isUp,
    whyNotAdmitted: (index) => whyNotAdmitted(world, of(index)),
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
