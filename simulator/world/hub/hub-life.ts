/**
 * The hub's course: from a start on what its disk holds to
 * a crash, a failed journal, or an older copy put back.
 *
 * When a commit fails, the fold is made again from the disk in the same process. After a crash only
 * the journal is left.
 */
import { isIdentityFact, type Fact } from "../../../hub/core/facts.ts";
import { FIRST_RECOVERY_MS, recoveryAfter } from "../../../hub/core/line.ts";
import type { JournalFold } from "../../../hub/core/refold.ts";
import type { HubSettings } from "../../../hub/core/state/hub-state.ts";
import { newState } from "../../../hub/core/parts.ts";
import { newNumbering } from "../../../hub/core/told/call.ts";
import { writeSnapshot } from "../../../hub/core/snapshot.ts";
import { DEFAULT_ESCALATION } from "../../../hub/core/incident/escalation.ts";
import { DEFAULT_PRIORITY } from "../../../hub/core/incident/priority-settings.ts";
import type { HubEpoch, HubRun } from "../../../shared/ids.ts";
import { newChance } from "../chance.ts";
import { newClock, NO_END_MS, PLACE_OFFSET_MINUTES } from "../clock.ts";
import { newDisk } from "../faults/disk.ts";
import { hubLeaves, hubReaches } from "../network/external-broker.ts";
import { becameDurable, indexAlarms, takeIn } from "./hub.ts";
import { reconcileIdentities } from "./identities.ts";
import { newJournalFile } from "./journal.ts";
import { brokerGone } from "../network/link.ts";
import type { Ending } from "../ports.ts";
import { keyNamed } from "../pillar/pillar-state.ts";
import { THIEF } from "../faults/thief.ts";
import type { Hub, HubWorld } from "./hub-state.ts";

const SETTINGS: HubSettings = {
  escalation: {
    ...DEFAULT_ESCALATION,
    targets: ["https://city.example/a", "https://city.example/b"],
  },
  priority: {
    ...DEFAULT_PRIORITY,
    night: { fromMinute: 23 * 60, untilMinute: 5 * 60 },
    offsetMinutes: PLACE_OFFSET_MINUTES,
  },
  maxOpen: 10_000,
  mediaProcesses: 4,
};
const TICK_MS = 1000;
const BOOT_MS: readonly [number, number] = [500, 15_000];

export function newHub(world: HubWorld): Hub {
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
      now,
      plan: (delayMs, run) => {
        const { life } = hub;
        plan(now() + delayMs, () => {
          if (hub.life === life) run();
        });
      },
      durable: (facts, first) => becameDurable(world, { facts, first }),
      failed: (reason) => journalFailed(world, reason),
    }),
    state: newState(SETTINGS),
    hubEpoch: chance.hex(128) as HubEpoch,
    isUp: false,
    failure: undefined,
    failures: 0,
    recoveryMs: FIRST_RECOVERY_MS,
    life: 0,
    numbering: newNumbering(runOf(0)),
    durable: 0,
    snapshot: undefined,
    alarmsByKey: new Map(),
    requests: new Set(),
    register: [],
    registerChance: newChance(seed, "register"),
    registerFreeAt: 0,
    endedSessions: new Set(),
    expelled: new Set(),
    lastFold: undefined,
  };
  return hub;
}

/** The street is known before the first day: written and synced. */
export function registerPillars(world: HubWorld): void {
  const { hub } = world;
  const at = hub.clock.wall();
  const facts = world.pillars.flatMap(({ id: pillarId, identity }): Fact[] => [
    {
      type: "pillar-registered",
      at,
      pillarId,
      name: pillarId,
      grid: "G1",
      address: "",
      position: null,
    },
    {
      type: "pillar-enrolled",
      at,
      pillarId,
      certificateSerial: String(identity.number),
      alarmPublicKey: identity.key,
      certificateExpiresAt: identity.expiresAt,
    },
  ]);
  const pillarId = THIEF;
  const stolen = { name: "stolen", grid: "G2", address: "", position: null };
  const known = { certificateSerial: "01", alarmPublicKey: keyNamed(pillarId, 0) };
  facts.push(
    { type: "pillar-registered", at, pillarId, ...stolen },
    { type: "pillar-enrolled", at, pillarId, ...known, certificateExpiresAt: at + NO_END_MS },
  );
  hub.register.push(...facts.filter(isIdentityFact));
  hub.disk.write(facts);
  hub.disk.sync().finish();
}

const runOf = (life: number): HubRun => life.toString(16).padStart(32, "0") as HubRun;

export function startHub(world: HubWorld): void {
  const { hub } = world;
  if (hub.isUp) return;
  if (hub.disk.conditions.isDead) {
    world.scheduler.plan(world.scheduler.now() + 5000, () => startHub(world));
    return;
  }
  hub.life += 1;
  hub.numbering = newNumbering(runOf(hub.life));
  hub.clock.start();
  hub.state = newState(SETTINGS);
  foldAgain(world);
  hub.isUp = true;
  hub.failure = undefined;
  if (hub.lastFold !== undefined && hub.lastFold !== writeSnapshot(hub.state)) {
    world.happened({ type: "diverged", at: world.scheduler.now(), detail: "after a restart" });
  }
  hub.lastFold = undefined;
  reconcileIdentities(world);
  world.watch.hubBegan(true);
  world.note("hub", "started", `${hub.durable} facts, ${hub.state.incidents.size} open`);
  world.people.hubStarted();
  world.views.hubBegan();
  world.viewers.hubBegan();
  hubReaches(world.network);
  tick(world);
}

function tick(world: HubWorld): void {
  const { hub } = world;
  const { life } = hub;
  takeIn(world, { type: "tick", at: hub.clock.wall() });
  if (hub.life !== life) return;
  world.watch.look();
  const { scheduler } = world;
  scheduler.plan(scheduler.now() + TICK_MS, () => {
    if (hub.life === life) tick(world);
  });
}

function foldAgain(world: HubWorld): void {
  const { hub, rules } = world;
  const facts = hub.journal.open();
  indexAlarms(hub, facts);
  const folding = rules.beginFold(SETTINGS);
  replayInto(world, folding.fold, facts);
  hub.state = folding.end(hub.state.heard).state;
  const unknown = facts.slice(hub.durable);
  if (unknown.length > 0)
    becameDurable(world, { facts: unknown, first: hub.durable + 1, isFound: true });
}

/** The latest snapshot or none, then every fact after it. */
function replayInto({ hub, coverage }: HubWorld, fold: JournalFold, facts: readonly Fact[]): void {
  let from = 0;
  const { snapshot } = hub;
  if (snapshot && snapshot.index <= facts.length && hub.chance.isTrue(0.5)) {
    if (fold.snapshot(snapshot.text, snapshot.index)) {
      from = snapshot.index;
      coverage.count("hub-started-from-snapshot");
    }
  }
  for (let i = from; i < facts.length; i++) {
    const fact = facts[i] as Fact;
    fold.fact(i % 64 === 0 ? (JSON.parse(JSON.stringify(fact)) as Fact) : fact, i + 1);
  }
}

function journalFailed(world: HubWorld, reason: string): void {
  const { hub } = world;
  hub.failure = reason;
  hub.failures += 1;
  world.note("hub", "journal fails", reason);
  answerAll(hub, "503");
  world.views.journalFailed();
  world.coverage.count("hub-journal-failed");
  world.watch.hubBegan(false);
  planRecovery(world);
}

/** What waits for a receipt gets none; after a power cut it hears nothing at all. */
function answerAll({ requests }: Hub, reason: string | undefined): void {
  if (reason !== undefined) for (const answer of [...requests]) answer({ reason });
  requests.clear();
}

function planRecovery(world: HubWorld): void {
  const { hub, scheduler } = world;
  const { life } = hub;
  scheduler.plan(scheduler.now() + hub.recoveryMs, () => {
    if (hub.life !== life) return;
    if (hub.disk.conditions.isDead) {
      hub.recoveryMs = recoveryAfter(hub.recoveryMs);
      planRecovery(world);
      return;
    }
    foldAgain(world);
    hub.failure = undefined;
    reconcileIdentities(world);
    world.views.review();
    hub.recoveryMs = FIRST_RECOVERY_MS;
    world.note("hub", "journal holds again", `${hub.durable} facts`);
    world.coverage.count("hub-journal-recovered");
    world.watch.hubBegan(true);
  });
}

export function crashHub(world: HubWorld, how: Ending): void {
  const { hub } = world;
  if (!hub.isUp) return;
  hub.isUp = false;
  hub.life += 1;
  const isWhole = hub.failure === undefined && hub.journal.nextIndex() === hub.durable + 1;
  hub.lastFold = isWhole ? writeSnapshot(hub.state) : undefined;
  hub.journal.stop();
  world.views.hubEnded();
  answerAll(hub, how === "killed" ? "the connection was closed" : undefined);
  if (how === "power-cut") hub.disk.powerCut();
  world.coverage.count(`hub-${how}`);
  world.happened({ type: "hub-down", at: world.scheduler.now() });
  world.note("hub", how, "");
  if (world.network.external) hubLeaves(world.network);
  else brokerGone(world.network, how === "power-cut");
  const backAt = world.scheduler.now() + hub.chance.between(...BOOT_MS);
  world.scheduler.plan(backAt, () => startHub(world));
}

/** An older copy is put back while the hub is down: another history, another epoch. */
export function restoreHub(world: HubWorld): void {
  const { hub } = world;
  crashHub(world, "killed");
  const least = (world.pillars.length + 1) * 2;
  const durable = hub.disk.syncedCount();
  const age = Math.floor(hub.chance.next() ** 2 * (durable - least));
  const keptIndex = hub.disk.restore(Math.max(least, durable - age));
  hub.endedSessions.clear();
  for (const fact of hub.disk.records()) {
    if (fact.type === "pillar-session-ended") hub.endedSessions.add(fact.sessionNonce);
  }
  // What survived a failed sync is told when it is read.
  hub.durable = Math.min(hub.durable, keptIndex);
  hub.hubEpoch = hub.chance.hex(128) as HubEpoch;
  if (hub.snapshot && hub.snapshot.index > keptIndex) hub.snapshot = undefined;
  hub.lastFold = undefined;
  world.coverage.count("hub-restored");
  if (age > 0) world.coverage.count("hub-restored-older");
  world.watch.hubRestored(keptIndex);
  world.reads.begin(hub.disk.records().slice(0, hub.durable));
  world.happened({ type: "restored", at: world.scheduler.now(), keptIndex });
  world.note("hub", "restored", `to fact ${keptIndex} of ${durable}`);
}
