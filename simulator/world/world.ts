/**
 * One simulated world: pillars, a hub, the ways between them, and people, for as long as asked.
 *
 * First everything goes wrong that the seed's profile allows (safety); then all faults end and the world
 * must come to rest by itself (liveness). What happened is given to the checkers as a plain record.
 */
import type { ButtonKind } from "../../device/core/events.ts";
import { MAX_UNSTORED } from "../../device/core/disk.ts";
import { MAX_OUTBOX } from "../../device/core/outbox.ts";
import type { LampPattern } from "../../device/ports.ts";
import { MAX_RECENT_ALARMS } from "../../hub/core/ledger.ts";
import { MAX_CLOSED } from "../../hub/core/state.ts";
import type { Instant } from "../../shared/duration.ts";
import type { IncidentId, PillarId, SessionNonce } from "../../shared/ids.ts";
import { newCoverage, type Coverage } from "./coverage.ts";
import { newFaults, type Faults } from "./faults.ts";
import type { Happening, History } from "./history.ts";
import { endingOf } from "./ending.ts";
import { hubHears } from "./desk.ts";
import { newHub, registerPillars, startHub, takeIn, type Hub } from "./hub.ts";
import { newNetwork, type Network, type Peers } from "./network.ts";
import { newPeople, type People } from "./people.ts";
import {
  newPillar,
  pillarAcknowledged,
  pillarHears,
  startPillar,
  tellPillar,
  type Pillar,
} from "./pillar.ts";
import { drawProfile, type Density, type FaultKind, type Profile } from "./profile.ts";
import { HONEST, type Rules } from "./rules.ts";
import { newScheduler, type Scheduler } from "./scheduler.ts";
import { newTrace, type Trace } from "./trace.ts";
import { newChance } from "./chance.ts";
import { newWire, type Wire } from "./wire.ts";

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
  note(actor: string, what: string, detail: string): void;
  happened(happening: Happening): void;
  press(pillar: number, kind: ButtonKind): boolean;
  release(pillar: number, kind: ButtonKind): void;
  pillarChanged(pillar: Pillar): void;
  lampShows(pillar: Pillar, lamp: LampPattern): void;
  heardFrom(pillar: number): void;
  hubBegan(isLive: boolean): void;
  hubClockStepped(ms: number): void;
  /** Looks at what the hub shows, once a tick. */
  watchHub(): void;
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
/** In the dense profile and in the day: the last press is made this long before the heal. */
const STALE_AFTER_MS = 15_000;

export function runWorld(settings: WorldSettings): Run {
  const happenings: Happening[] = [];
  const world = newWorld(settings, happenings);
  const { scheduler, hub, pillars } = world;
  const healAt = settings.days * DAY_MS;
  registerPillars(
    hub,
    pillars.map(({ id }) => id),
  );
  startHub(world, hub);
  for (const pillar of pillars) {
    scheduler.plan(pillar.chance.between(0, 20_000), () => startPillar(world, pillar));
  }
  world.people.begin(healAt);
  world.faults.begin(healAt);
  try {
    scheduler.runUntil(healAt);
    world.note("world", "healed", "");
    world.faults.heal();
    scheduler.runUntil(healAt + LIVENESS_MS);
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

function newWorld(settings: WorldSettings, happenings: Happening[]): World {
  const scheduler = newScheduler();
  const trace = newTrace();
  const watch = newWatch();
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
  world.heardFrom = (pillar) => void (watch.heardAt[pillar] = scheduler.now());
  world.hubBegan = (isLive) => {
    watch.since = isLive ? scheduler.now() : Number.POSITIVE_INFINITY;
    watch.deadlines.clear();
    world.happened({ type: "hub-up", at: scheduler.now(), isLive });
  };
  world.hubClockStepped = (ms) => {
    watch.since = Math.max(watch.since, scheduler.now());
    watch.deadlines.clear();
    world.happened({ type: "hub-clock-stepped", at: scheduler.now(), ms });
  };
  world.watchHub = () => watchHub(world, watch);
  world.pillars = Array.from({ length: settings.pillars }, (_, i) => newPillar(world, i));
  world.pillarById = new Map(world.pillars.map((pillar) => [pillar.id, pillar]));
  world.hub = newHub(world);
  const chance = newChance(settings.seed, "network");
  const { coverage } = world;
  world.network = newNetwork(
    { scheduler, chance, coverage, peers: peersOf(world) },
    settings.pillars,
  );
  world.people = newPeople(world);
  world.faults = newFaults(world);
  return world;
}

type Writable<T> = { -readonly [K in keyof T]: T[K] };

function peersOf(world: World): Peers {
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
    linkUp: (index) => {
      const sessionNonce = of(index).chance.hex(128) as SessionNonce;
      tellPillar(world, of(index), { type: "link-up", sessionNonce });
    },
    linkDown: (index, reason) => {
      world.note(of(index).id, "link down", reason);
      tellPillar(world, of(index), { type: "link-down", reason });
    },
    pillarHears: (index, message) => pillarHears(world, of(index), message),
    pillarAcknowledged: (index, message) => pillarAcknowledged(world, of(index), message),
    hubConnected: (index) => {
      world.heardFrom(index);
      tellConnection(index, "pillar-connected");
    },
    hubDisconnected: (index) => tellConnection(index, "pillar-disconnected"),
    hubHears: (index, message) => hubHears(world, index, world.wire.up(message)),
  };
}

function press(world: World, index: number, kind: ButtonKind): boolean {
  const pillar = world.pillars[index] as Pillar;
  const before = pillar.agent;
  if (!before) return false;
  const at = world.scheduler.now();
  const { call } = before.call;
  const edgeAt = pillar.clock.monotonic() as Instant;
  const bornBefore = pillar.born;
  const { syncMs, isFull, isDead, errorRate } = pillar.disk.mood;
  const isDiskGood = syncMs[1] < 250 && !isFull && !isDead && errorRate === 0;
  tellPillar(world, pillar, { type: "button-pressed", kind, edgeAt });
  const eventId = pillar.born === bornBefore ? undefined : pillar.born;
  world.note(pillar.id, "pressed", `${kind} ${eventId ?? "no new alarm"} in ${call.phase}`);
  world.happened({
    type: "pressed",
    at,
    pillar: pillar.id,
    eventId,
    call: call.phase === "idle" ? undefined : call.eventId,
    incident: "incidentId" in call ? call.incidentId : undefined,
    isDiskGood: isDiskGood && !pillar.isWithoutDisk,
  });
  world.coverage.count(eventId ? "pressed-alarm" : "pressed-in-call");
  return true;
}

function release(world: World, index: number, kind: ButtonKind): void {
  const pillar = world.pillars[index] as Pillar;
  tellPillar(world, pillar, { type: "button-released", kind });
}

function pillarChanged(world: World, pillar: Pillar): void {
  const { agent } = pillar;
  if (!agent) return;
  for (const [what, size, limit] of [
    ["outbox", agent.outbox.pending.size, MAX_OUTBOX],
    ["unstored alarms", agent.disk.size, MAX_UNSTORED],
  ] as const) {
    if (size > limit) outgrown(world, pillar.id, { what, size, limit });
  }
  const { call } = agent.call;
  world.note(pillar.id, "call", `${call.phase} ${"eventId" in call ? call.eventId : ""}`);
}

function lampShows(world: World, pillar: Pillar, lamp: LampPattern): void {
  const call = pillar.agent?.call.call;
  world.happened({
    type: "shown",
    at: world.scheduler.now(),
    pillar: pillar.id,
    lamp,
    eventId: call && "eventId" in call ? call.eventId : undefined,
    incident: call && "incidentId" in call ? call.incidentId : undefined,
    by: call?.phase === "answered" ? call.by : undefined,
  });
  world.note(pillar.id, "lamp", lamp);
}

function outgrown(
  world: World,
  actor: string,
  found: { readonly what: string; readonly size: number; readonly limit: number },
): void {
  world.happened({ type: "outgrown", at: world.scheduler.now(), actor, ...found });
}

interface Watch {
  /** By incident: the deadline seen, and when the hub must have acted upon it. */
  readonly deadlines: Map<IncidentId, { readonly dueAt: number; readonly by: number }>;
  readonly abandoned: Set<IncidentId>;
  /** Since when the hub has been watching undisturbed. */
  since: number;
  readonly heardAt: number[];
  readonly isTold: boolean[];
}

const newWatch = (): Watch => ({
  deadlines: new Map(),
  abandoned: new Set(),
  since: 0,
  heardAt: [],
  isTold: [],
});

function watchHub(world: World, watch: Watch): void {
  const { hub, scheduler } = world;
  const now = scheduler.now();
  for (const { id, index } of world.pillars) {
    const silentMs = now - Math.max(watch.heardAt[index] ?? 0, watch.since);
    const presence = hub.state.pillars.get(id)?.presence;
    const isStale = silentMs > STALE_AFTER_MS && presence === "online";
    if (isStale && !watch.isTold[index]) {
      world.happened({ type: "stale", at: now, pillar: id, presence, silentMs });
    }
    watch.isTold[index] = isStale;
  }
  watchDeadlines(world, watch);
  watchOwners(world, watch);
  const { closed, alarms } = hub.state;
  if (closed.size > MAX_CLOSED) {
    outgrown(world, "hub", { what: "closed incidents", size: closed.size, limit: MAX_CLOSED });
  }
  if (alarms.size > MAX_RECENT_ALARMS) {
    outgrown(world, "hub", { what: "alarms", size: alarms.size, limit: MAX_RECENT_ALARMS });
  }
}

/** No deadline of the core is longer than this. */
const LONGEST_DEADLINE_MS = 62_000;
const DEADLINE_SLACK_MS = 2000;

function watchDeadlines(world: World, watch: Watch): void {
  const { hub, scheduler } = world;
  const { incidents } = hub.state;
  if (incidents.size === 0 && watch.deadlines.size === 0) return;
  const now = scheduler.now();
  for (const id of watch.deadlines.keys()) if (!incidents.has(id)) watch.deadlines.delete(id);
  if (hub.failure !== undefined) return;
  for (const { id, deadline } of incidents.values()) {
    if (!deadline) {
      watch.deadlines.delete(id);
      continue;
    }
    const { dueAt } = deadline;
    const seen = watch.deadlines.get(id);
    if (seen?.dueAt !== dueAt) {
      const wait = Math.min(Math.max(0, dueAt - hub.clock.wall()), LONGEST_DEADLINE_MS);
      watch.deadlines.set(id, { dueAt, by: now + wait + DEADLINE_SLACK_MS });
    } else if (now > seen.by) {
      world.happened({ type: "overdue", at: now, incidentId: id, lateMs: now - seen.by });
      watch.deadlines.set(id, { dueAt, by: Number.POSITIVE_INFINITY });
    }
  }
}

/** 30 s without a console, and a little for the tick and the commit. */
const OWNER_GONE_MS = 34_000;

/** Whoever owns an incident and is gone must be released. */
function watchOwners(world: World, watch: Watch): void {
  const { hub, scheduler, people } = world;
  const now = scheduler.now();
  for (const { id, owner, state } of hub.state.incidents.values()) {
    if (state === "open" || owner === null) continue;
    const goneMs = now - Math.max(people.goneSince(owner), watch.since);
    if (goneMs < OWNER_GONE_MS || watch.abandoned.has(id)) continue;
    watch.abandoned.add(id);
    world.happened({ type: "abandoned", at: now, incidentId: id, owner, goneMs });
  }
}
