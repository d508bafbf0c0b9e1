/**
 * One pillar: the real core, and a model of its shell that performs effects in order.
 *
 * Between any two effects the power may fail. What then remains is what the disk held, and the next life
 * begins from it, as `device/agent.ts` begins: with the ledger, or without one when the disk is dead.
 */
import type { Effect, Event, TimerName, Told } from "../../device/core/events.ts";
import { newAgent, type Agent } from "../../device/core/state.ts";
import { assertNever } from "../../shared/assert.ts";
import { GENESIS } from "../../shared/hash-chain.ts";
import type { Instant } from "../../shared/duration.ts";
import type { EventId, PillarId } from "../../shared/ids.ts";
import type { DownMessage, UpMessage } from "../../shared/protocol/messages.ts";
import { newChance, type Chance } from "./chance.ts";
import { newClock, type Clock } from "./clock.ts";
import { newDisk, type Disk } from "./disk.ts";
import { newLedgerFile, type LedgerFile, type LedgerRecord } from "./ledger.ts";
import { connect, pillarGone, sendUp } from "./network.ts";
import { postAlarm } from "./post.ts";
import type { Task } from "./scheduler.ts";
import { isSignedWith, sealWith } from "./seal.ts";
import type { World } from "./world.ts";

export interface Pillar {
  readonly index: number;
  readonly id: PillarId;
  readonly clock: Clock;
  readonly chance: Chance;
  readonly disk: Disk<LedgerRecord>;
  readonly ledger: LedgerFile;
  readonly timers: Map<TimerName, Task>;
  agent: Agent | undefined;
  /** Rises at every start and end, so that answers to an earlier life are dropped. */
  life: number;
  isOn: boolean;
  isWithoutDisk: boolean;
  /** The newest alarm born here. */
  born: EventId | undefined;
  /** Fresh until an alarm has it. */
  freshId: EventId;
}

const RELEASE = "world";
/** From power to a running agent. */
const BOOT_MS: readonly [number, number] = [800, 20_000];

export function newPillar(world: World, index: number): Pillar {
  const { seed } = world.settings;
  const chance = newChance(seed, `pillar-${index}`);
  const { now } = world.scheduler;
  const disk = newDisk<LedgerRecord>({
    now,
    chance: newChance(seed, `pillar-disk-${index}`),
    coverage: world.coverage,
    owner: "pillar",
  });
  const pillar: Pillar = {
    index,
    id: `pillar-${index}` as PillarId,
    clock: newClock(now, world.profile.drift * chance.between(-1, 1)),
    chance,
    disk,
    ledger: newLedgerFile({
      disk,
      now,
      plan: (delayMs, run) => {
        const { life } = pillar;
        world.scheduler.plan(now() + delayMs, () => {
          if (pillar.life === life) run();
        });
      },
      doesSync: world.rules.doesLedgerSync,
    }),
    timers: new Map(),
    agent: undefined,
    life: 0,
    isOn: false,
    isWithoutDisk: false,
    born: undefined,
    freshId: chance.hex(128) as EventId,
  };
  return pillar;
}

export const keyOf = (pillar: Pick<Pillar, "id">): string => `key of ${pillar.id}`;

export function startPillar(world: World, pillar: Pillar): void {
  if (pillar.isOn) return;
  pillar.isOn = true;
  pillar.life += 1;
  pillar.clock.start();
  const { id: pillarId } = pillar;
  let trouble: string | undefined;
  let found: ReturnType<LedgerFile["start"]>;
  try {
    found = pillar.ledger.start();
  } catch (error) {
    trouble = error instanceof Error ? error.message : String(error);
    found = withoutDisk(pillar);
    world.coverage.count("pillar-started-without-disk");
  }
  pillar.isWithoutDisk = trouble !== undefined;
  const { secondWays } = world.profile;
  pillar.agent = newAgent(world.rules.begin({ ...found, pillarId, release: RELEASE, secondWays }));
  world.happened({ type: "pillar-up", at: world.scheduler.now(), pillar: pillarId });
  world.note(pillarId, "started", `boot ${found.bootEpoch}, head ${found.head.seq}`);
  tellPillar(world, pillar, { type: "started" });
  if (trouble) tellPillar(world, pillar, { type: "ledger-broken", reason: trouble });
}

/** As `device/adapters/ledger-memory.ts`: numbers from the wall clock, above any the disk may hold. */
function withoutDisk(pillar: Pillar): ReturnType<LedgerFile["start"]> {
  const start = Math.max(1, Math.floor(pillar.clock.wall() / 1000));
  return {
    bootEpoch: start,
    head: { seq: start, hash: GENESIS },
    hubEpoch: undefined,
    unaccepted: [],
    replayFrom: undefined,
    lastEventId: undefined,
  };
}

export type Ending = "killed" | "power-cut";

export function crashPillar(world: World, pillar: Pillar, how: Ending): void {
  if (!pillar.isOn) return;
  pillar.isOn = false;
  pillar.life += 1;
  for (const task of pillar.timers.values()) world.scheduler.callOff(task);
  pillar.timers.clear();
  pillar.ledger.stop();
  if (how === "power-cut") pillar.disk.powerCut();
  pillar.agent = undefined;
  world.coverage.count(`pillar-${how}`);
  world.happened({ type: "pillar-down", at: world.scheduler.now(), pillar: pillar.id });
  world.note(pillar.id, how, "");
  pillarGone(world.network, pillar.index, how === "power-cut");
  const backAt = world.scheduler.now() + pillar.chance.between(...BOOT_MS);
  world.scheduler.plan(backAt, () => startPillar(world, pillar));
}

export function tellPillar(world: World, pillar: Pillar, told: Told): void {
  const { agent } = pillar;
  if (!agent) return;
  const event: Event = {
    ...told,
    at: pillar.clock.monotonic() as Instant,
    wallMs: pillar.clock.wall(),
    isClockSynced: true,
    chance: pillar.chance.next(),
    freshId: pillar.freshId,
  };
  world.trace.count(world.scheduler.now(), pillar.id, told.type);
  const { state, effects } = world.rules.step(agent, event);
  if (world.rules.doesStateComeFirst) pillar.agent = state;
  if (state.call !== agent.call || state.link.phase !== agent.link.phase) {
    world.pillarChanged(pillar);
  }
  const { life } = pillar;
  for (const effect of effects) {
    world.faults.atEffect("pillar", pillar.index);
    if (pillar.life !== life) return;
    perform(world, pillar, effect);
  }
  if (!world.rules.doesStateComeFirst && pillar.life === life) pillar.agent = state;
}

// oxlint-disable-next-line complexity -- one flat switch: splitting it would hide which effects exist
function perform(world: World, pillar: Pillar, effect: Effect): void {
  switch (effect.type) {
    case "seal": {
      pillar.born = effect.draft.eventId;
      pillar.freshId = pillar.chance.hex(128) as EventId;
      const alarm = sealWith(keyOf(pillar), effect.draft);
      return tellPillar(world, pillar, { type: "sealed", alarm, edgeAt: effect.edgeAt });
    }
    case "append":
      return append(world, pillar, effect.alarm);
    case "mark-accepted":
      if (!pillar.isWithoutDisk) pillar.ledger.markAccepted(effect.eventId, effect.hubEpoch);
      return;
    case "fetch-kept":
      return fetchKept(world, pillar, effect);
    case "publish":
      if (effect.message.channel === "alarm") {
        const { event, attempt } = effect.message.message;
        world.note(pillar.id, "alarm sent", `${event.eventId} seq ${event.seq} try ${attempt}`);
      }
      return sendUp(world.network, pillar.index, effect.message);
    case "post-alarm":
      return postAlarm(world, pillar, effect.message);
    case "connect":
      return connect(world.network, pillar.index);
    case "set-timer":
      return setTimer(world, pillar, effect);
    case "clear-timer":
      world.scheduler.callOff(pillar.timers.get(effect.name));
      pillar.timers.delete(effect.name);
      return;
    case "lamp":
      return world.lampShows(pillar, effect.pattern);
    case "prompt":
      return world.note(pillar.id, "says", effect.name);
    case "display":
    case "siren":
    case "media":
    case "log":
      return;
    default:
      assertNever(effect);
  }
}

function setTimer(
  world: World,
  pillar: Pillar,
  effect: Extract<Effect, { type: "set-timer" }>,
): void {
  const { name } = effect;
  world.scheduler.callOff(pillar.timers.get(name));
  // No timer of Node waits for less than a millisecond.
  const at = Math.max(pillar.clock.worldTimeOf(effect.at), world.scheduler.now() + 1);
  const task = world.scheduler.plan(at, () => {
    pillar.timers.delete(name);
    tellPillar(world, pillar, { type: "timer-due", name });
  });
  pillar.timers.set(name, task);
}

function append(
  world: World,
  pillar: Pillar,
  alarm: Extract<Effect, { type: "append" }>["alarm"],
): void {
  const { eventId } = alarm.event;
  const answer = (failure: string | undefined): void => {
    if (failure) {
      world.note(pillar.id, "not stored", `${eventId} ${failure}`);
      return tellPillar(world, pillar, { type: "append-failed", eventId, reason: failure });
    }
    world.happened({ type: "stored", at: world.scheduler.now(), pillar: pillar.id, eventId });
    world.note(pillar.id, "stored", eventId);
    return tellPillar(world, pillar, { type: "appended", eventId });
  };
  if (!pillar.isWithoutDisk) return pillar.ledger.append(alarm, answer);
  const { life } = pillar;
  world.scheduler.plan(world.scheduler.now() + 1, () => {
    if (pillar.life === life) answer("the ledger could not be opened at the start");
  });
}

function fetchKept(
  world: World,
  pillar: Pillar,
  effect: Extract<Effect, { type: "fetch-kept" }>,
): void {
  const { life } = pillar;
  world.scheduler.plan(world.scheduler.now() + 2, () => {
    if (pillar.life !== life) return;
    const { fromSeq, limit } = effect;
    const alarms = pillar.isWithoutDisk ? [] : pillar.ledger.since(fromSeq, limit);
    world.note(pillar.id, "kept alarms read", `from ${fromSeq}: ${alarms?.length ?? "failed"}`);
    tellPillar(
      world,
      pillar,
      alarms
        ? { type: "kept", alarms }
        : { type: "kept-failed", reason: "the ledger's file is opened again later" },
    );
  });
}

/** Whatever lights a lamp or moves a hand must carry the hub's own signature. */
export function pillarHears(world: World, pillar: Pillar, down: DownMessage): void {
  if (!pillar.agent) return;
  switch (down.channel) {
    case "accepted": {
      const { receipt, sig } = down.message;
      if (!isSignedWith("key of the hub", receipt, sig)) return;
      world.note(pillar.id, "accepted heard", receipt.eventId);
      return tellPillar(world, pillar, { type: "accepted", receipt });
    }
    case "command": {
      const { body, sig } = down.message;
      if (!isSignedWith("key of the hub", body, sig)) return;
      world.note(pillar.id, "order heard", body.order.name);
      return tellPillar(world, pillar, { type: "ordered", body });
    }
    case "call":
      world.note(pillar.id, "call heard", `${down.message.status} ${down.message.eventId}`);
      return tellPillar(world, pillar, { type: "call-told", call: down.message });
    case "signal":
      return tellPillar(world, pillar, { type: "signalled", signal: down.message });
    default:
      assertNever(down);
  }
}

export function pillarAcknowledged(world: World, pillar: Pillar, message: UpMessage): void {
  const told = pillar.agent && world.rules.acknowledged(pillar.agent, message);
  if (told) tellPillar(world, pillar, told);
}
