/**
 * The hub: the real core, and a model of its shell's one rule: nothing is promised before it is durable.
 *
 * The fold runs ahead of the disk; orders wait behind their facts in the group commit; when a commit
 * fails, the fold is made again from the disk (`hub/loop.ts`). After a crash only the journal is left.
 */
import type { HubEvent, KnownAlarm } from "../../hub/core/events.ts";
import type { Decision } from "../../hub/core/decision.ts";
import type { Fact } from "../../hub/core/facts.ts";
import { evolve, unattended } from "../../hub/core/hub.ts";
import { seqKey } from "../../hub/core/ledger.ts";
import { hear } from "../../hub/core/presence.ts";
import { newState, readSnapshot, writeSnapshot } from "../../hub/core/state.ts";
import type { HubSettings, HubState } from "../../hub/core/state.ts";
import { DEFAULT_ESCALATION } from "../../hub/core/escalation.ts";
import type { EventId, HubEpoch, PillarId } from "../../shared/ids.ts";
import type { Accepted } from "../../shared/protocol/accepted.ts";
import { newChance, type Chance } from "./chance.ts";
import { newClock, type Clock } from "./clock.ts";
import { performAll } from "./desk.ts";
import { newDisk, type Disk } from "./disk.ts";
import { newJournalFile, type JournalFile } from "./journal.ts";
import { hubGone } from "./network.ts";
import type { Ending } from "./pillar.ts";
import type { World } from "./world.ts";

export interface Hub {
  readonly clock: Clock;
  readonly chance: Chance;
  readonly disk: Disk<Fact>;
  readonly journal: JournalFile;
  state: HubState;
  hubEpoch: HubEpoch;
  isUp: boolean;
  failure: string | undefined;
  recoveryMs: number;
  life: number;
  /** Facts told to the history as durable. */
  durable: number;
  snapshot: { readonly index: number; readonly text: string } | undefined;
  /** What the journal's own tables would answer. */
  readonly alarmsByKey: Map<string, KnownAlarm[]>;
  /** Requests by HTTPS that wait for their receipt. */
  readonly posts: Map<EventId, ((accepted: Accepted) => void)[]>;
  /** The live fold at a clean kill, to compare with the next one. */
  lastFold: string | undefined;
}

const SETTINGS: HubSettings = {
  escalation: {
    ...DEFAULT_ESCALATION,
    targets: ["https://city.example/a", "https://city.example/b"],
  },
  maxOpen: 10_000,
};
const TICK_MS = 1000;
const BOOT_MS: readonly [number, number] = [500, 15_000];
const FIRST_RECOVERY_MS = 1000;
const MOST_RECOVERY_MS = 10_000;
const SNAPSHOT_EVERY = 200;

export function newHub(world: World): Hub {
  const { seed } = world.settings;
  const chance = newChance(seed, "hub");
  const { now, plan } = world.scheduler;
  const disk = newDisk<Fact>({
    now,
    chance: newChance(seed, "hub-disk"),
    coverage: world.coverage,
    owner: "hub",
  });
  const hub: Hub = {
    clock: newClock(now, world.profile.drift * chance.between(-1, 1)),
    chance,
    disk,
    journal: newJournalFile({
      disk,
      plan: (delayMs, run) => {
        const { life } = hub;
        plan(now() + delayMs, () => {
          if (hub.life === life) run();
        });
      },
      durable: (facts, first) => becameDurable(world, hub, { facts, first }),
      failed: (reason) => journalFailed(world, hub, reason),
    }),
    state: newState(SETTINGS),
    hubEpoch: chance.hex(128) as HubEpoch,
    isUp: false,
    failure: undefined,
    recoveryMs: FIRST_RECOVERY_MS,
    life: 0,
    durable: 0,
    snapshot: undefined,
    alarmsByKey: new Map(),
    posts: new Map(),
    lastFold: undefined,
  };
  return hub;
}

/** The street is known before the first day: written and synced. */
export function registerPillars(hub: Hub, pillars: readonly PillarId[]): void {
  const at = hub.clock.wall();
  const facts = pillars.flatMap((pillarId): Fact[] => [
    {
      type: "pillar-registered",
      at,
      pillarId,
      name: pillarId,
      grid: "G1",
      address: "",
      position: null,
    },
    { type: "pillar-enrolled", at, pillarId, certificateSerial: "01", alarmPublicKey: "key" },
  ]);
  hub.disk.write(facts);
  hub.disk.sync().finish();
}

export function startHub(world: World, hub: Hub): void {
  if (hub.isUp) return;
  if (hub.disk.mood.isDead) {
    world.scheduler.plan(world.scheduler.now() + 5000, () => startHub(world, hub));
    return;
  }
  hub.life += 1;
  hub.clock.start();
  hub.state = newState(SETTINGS);
  refold(world, hub);
  hub.isUp = true;
  hub.failure = undefined;
  if (hub.lastFold !== undefined && hub.lastFold !== writeSnapshot(hub.state)) {
    world.happened({ type: "diverged", at: world.scheduler.now(), detail: "after a restart" });
  }
  hub.lastFold = undefined;
  world.hubBegan(true);
  world.note("hub", "started", `${hub.durable} facts, ${hub.state.incidents.size} open`);
  world.people.hubStarted();
  tick(world, hub);
}

function tick(world: World, hub: Hub): void {
  const { life } = hub;
  takeIn(world, hub, {
    type: "tick",
    at: hub.clock.wall(),
    monotonicMs: hub.clock.monotonic(),
  });
  if (hub.life !== life) return;
  world.watchHub();
  const { scheduler } = world;
  scheduler.plan(scheduler.now() + TICK_MS, () => {
    if (hub.life === life) tick(world, hub);
  });
}

/** The latest snapshot or none, then every fact after it. */
function refold(world: World, hub: Hub): void {
  const { heard } = hub.state;
  const facts = hub.journal.open();
  indexAlarms(hub, facts);
  let from = 0;
  let state = newState(SETTINGS);
  const { snapshot } = hub;
  if (snapshot && snapshot.index <= facts.length && hub.chance.isTrue(0.5)) {
    const read = readSnapshot(SETTINGS, snapshot.text);
    if (read) {
      state = read;
      from = snapshot.index;
      world.coverage.count("hub-started-from-snapshot");
    }
  }
  for (let i = from; i < facts.length; i++) {
    const fact = facts[i] as Fact;
    evolve(state, i % 64 === 0 ? (JSON.parse(JSON.stringify(fact)) as Fact) : fact, i + 1);
  }
  for (const voice of heard.voices.values()) voice.isTold = false;
  hub.state = world.rules.refolded({ ...state, heard });
  const unknown = facts.slice(hub.durable);
  if (unknown.length > 0) becameDurable(world, hub, { facts: unknown, first: hub.durable + 1 });
}

function indexAlarms(hub: Hub, facts: readonly Fact[]): void {
  hub.alarmsByKey.clear();
  for (const [i, fact] of facts.slice(0, hub.durable).entries()) indexAlarm(hub, fact, i + 1);
}

function indexAlarm(hub: Hub, fact: Fact, index: number): void {
  if (fact.type !== "alarm-recorded") return;
  const { pillarId, seq, eventId, bootEpoch } = fact.event;
  const { incidentId, sig } = fact;
  const known: KnownAlarm = { pillarId, seq, eventId, bootEpoch, incidentId, sig, index };
  for (const key of [seqKey(pillarId, seq), eventId]) {
    const all = hub.alarmsByKey.get(key);
    if (all) all.push(known);
    else hub.alarmsByKey.set(key, [known]);
  }
}

function becameDurable(
  world: World,
  hub: Hub,
  { facts, first }: { readonly facts: readonly Fact[]; readonly first: number },
): void {
  const at = world.scheduler.now();
  for (const [offset, fact] of facts.entries()) {
    const index = first + offset;
    world.happened({ type: "durable", at, index, fact });
    world.note("hub", fact.type, wordsOf(fact));
    indexAlarm(hub, fact, index);
  }
  hub.durable = first + facts.length - 1;
  world.people.factsBecame(facts);
  const isDue = hub.durable - (hub.snapshot?.index ?? 0) >= SNAPSHOT_EVERY;
  // Taken only when the fold is not ahead of the disk: the real journal keeps that order by its queue.
  if (isDue && hub.journal.nextIndex() === hub.durable + 1) {
    hub.snapshot = { index: hub.durable, text: writeSnapshot(hub.state) };
  }
}

function wordsOf(fact: Fact): string {
  const parts: string[] = [];
  if ("incidentId" in fact) parts.push(`incident ${fact.incidentId.slice(0, 6)}`);
  if (fact.type === "alarm-recorded") {
    parts.push(`alarm ${fact.event.eventId} ${fact.event.pillarId} seq ${fact.event.seq}`);
  } else if ("eventId" in fact) parts.push(`alarm ${fact.eventId}`);
  if ("pillarId" in fact) parts.push(fact.pillarId);
  if (fact.type === "presence-changed") parts.push(fact.presence);
  if (fact.type === "pillar-fault") parts.push(`${fact.code} ${fact.isActive ? "on" : "off"}`);
  if ("by" in fact) parts.push(`by ${fact.by}`);
  return parts.join(" ");
}

/** One event, as `hub/loop.ts` takes it. Returns what was decided, or nothing when nothing can be. */
export function takeIn(world: World, hub: Hub, event: HubEvent): Decision | undefined {
  if (!hub.isUp) return undefined;
  world.trace.count(world.scheduler.now(), "hub", event.type);
  if (hub.failure !== undefined) {
    hear(hub.state, event);
    return undefined;
  }
  const first = hub.journal.nextIndex();
  const decision = world.rules.handle(hub.state, event, first);
  if (event.type === "tick" || event.type === "operator-order") {
    const [orphan] = hub.state.incidents.size > 0 ? unattended(hub.state) : [];
    if (orphan !== undefined) {
      const reason = `incident ${orphan} has neither an owner nor a deadline`;
      world.happened({ type: "broken", at: world.scheduler.now(), actor: "hub", reason });
    }
  }
  const settled = (): void => performAll(world, hub, { ...decision, first });
  if (!world.rules.doOrdersWait) settled();
  const after = world.rules.doOrdersWait ? settled : () => undefined;
  if (decision.facts.length > 0) hub.journal.append(decision.facts, after);
  else if (decision.effects.length > 0) hub.journal.follow(after);
  return decision;
}

function journalFailed(world: World, hub: Hub, reason: string): void {
  hub.failure = reason;
  world.note("hub", "journal fails", reason);
  world.coverage.count("hub-journal-failed");
  world.hubBegan(false);
  planRecovery(world, hub);
}

function planRecovery(world: World, hub: Hub): void {
  const { life } = hub;
  const { scheduler } = world;
  scheduler.plan(scheduler.now() + hub.recoveryMs, () => {
    if (hub.life !== life) return;
    if (hub.disk.mood.isDead) {
      hub.recoveryMs = Math.min(hub.recoveryMs * 2, MOST_RECOVERY_MS);
      planRecovery(world, hub);
      return;
    }
    refold(world, hub);
    hub.failure = undefined;
    hub.recoveryMs = FIRST_RECOVERY_MS;
    world.note("hub", "journal holds again", `${hub.durable} facts`);
    world.coverage.count("hub-journal-recovered");
    world.hubBegan(true);
  });
}

export function crashHub(world: World, hub: Hub, how: Ending): void {
  if (!hub.isUp) return;
  hub.isUp = false;
  hub.life += 1;
  const isWhole = hub.failure === undefined && hub.journal.nextIndex() === hub.durable + 1;
  hub.lastFold = isWhole ? writeSnapshot(hub.state) : undefined;
  hub.journal.stop();
  hub.posts.clear();
  if (how === "power-cut") hub.disk.powerCut();
  world.coverage.count(`hub-${how}`);
  world.happened({ type: "hub-down", at: world.scheduler.now() });
  world.note("hub", how, "");
  hubGone(world.network, how === "power-cut");
  const backAt = world.scheduler.now() + hub.chance.between(...BOOT_MS);
  world.scheduler.plan(backAt, () => startHub(world, hub));
}

/** An older copy is put back while the hub is down: another lineage, another epoch. */
export function restoreHub(world: World, hub: Hub): void {
  crashHub(world, hub, "killed");
  const least = world.pillars.length * 2;
  const durable = hub.disk.syncedCount();
  const age = Math.floor(hub.chance.next() ** 2 * (durable - least));
  const keptIndex = hub.disk.restore(Math.max(least, durable - age));
  hub.durable = keptIndex;
  hub.hubEpoch = hub.chance.hex(128) as HubEpoch;
  if (hub.snapshot && hub.snapshot.index > keptIndex) hub.snapshot = undefined;
  hub.lastFold = undefined;
  world.coverage.count("hub-restored");
  if (age > 0) world.coverage.count("hub-restored-older");
  world.happened({ type: "restored", at: world.scheduler.now(), keptIndex });
  world.note("hub", "restored", `to fact ${keptIndex} of ${durable}`);
}
