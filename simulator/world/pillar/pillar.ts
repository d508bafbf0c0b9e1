/**
 * One pillar: the real core, and a model of the shell around it.
 *
 * When the power fails, what remains is what the disk held, and the next start begins from it, as
 * `device/agent.ts` begins: with the ledger, or in memory when no file of it can be opened.
 */
import type { Event, Told } from "../../../device/core/events.ts";
import { toldByLedger } from "../../../device/core/told.ts";
import { newAgent } from "../../../device/core/state/agent-state.ts";
import type { Instant } from "../../../shared/duration.ts";
import type { EventId, PillarId } from "../../../shared/ids.ts";
import type { LedgerNews } from "../../../device/core/state/kept.ts";
import { newChance } from "../chance.ts";
import { newClock, NO_END_MS, WALL_AT_START } from "../clock.ts";
import { newDisk } from "../faults/disk.ts";
import { newLedgerFile } from "./ledger.ts";
import type { LedgerRecord } from "./ledger-rows.ts";
import { pillarGone } from "../network/link.ts";
import { performAll } from "./pillar-effects.ts";
import type { Ending } from "../ports.ts";
import { keyNamed, resigned, type Pillar, type PillarWorld } from "./pillar-state.ts";
import { pillarChanged } from "./seen.ts";

const RELEASE = "world";
/** From power to a running agent. */
const BOOT_MS: readonly [number, number] = [800, 20_000];

export function newPillar(world: PillarWorld, index: number): Pillar {
  const { seed } = world.settings;
  const { coverage } = world;
  const chance = newChance(seed, `pillar-${index}`);
  const { now } = world.scheduler;
  const diskChance = newChance(seed, `pillar-disk-${index}`);
  const file = { now, chance: diskChance, coverage, owner: "pillar" } as const;
  const disk = newDisk<LedgerRecord>(file);
  const spare = newDisk<LedgerRecord>({ ...file, conditions: disk.conditions });
  const id = `pillar-${index}` as PillarId;
  const expiresAt = world.expiryOf(index) ?? WALL_AT_START + NO_END_MS;
  const pillar: Pillar = {
    index,
    id,
    identity: { number: 0, key: keyNamed(id, 0), expiresAt },
    enrolments: 0,
    clock: newClock(now, world.profile.drift * chance.between(-1, 1)),
    chance,
    disk,
    spare,
    ledger: newLedgerFile({
      main: disk,
      spare,
      now,
      plan: (delayMs, run) => {
        const { life } = pillar;
        world.scheduler.plan(now() + delayMs, () => {
          if (pillar.life === life) run();
        });
      },
      news: (news) => ledgerSays(world, pillar, news),
      doesSync: world.rules.doesLedgerSync,
    }),
    timers: new Map(),
    agent: undefined,
    life: 0,
    isOn: false,
    isBornBlind: false,
    early: [],
    born: undefined,
    freshId: chance.hex(128) as EventId,
  };
  return pillar;
}

export function startPillar(world: PillarWorld, pillar: Pillar): void {
  if (pillar.isOn) return;
  pillar.isOn = true;
  pillar.life += 1;
  pillar.clock.start();
  pillar.early = [];
  const { id: pillarId } = pillar;
  const { clock, chance } = pillar;
  const base = world.rules.ledgerBase(clock.wall(), (bound) => chance.below(bound));
  const found = pillar.ledger.start(base);
  pillar.isBornBlind = !pillar.ledger.isSound() && !pillar.ledger.isMoved();
  const fallbackHubs = world.profile.fallbackHubs.length;
  pillar.agent = newAgent(
    world.rules.begin({
      ...found,
      unaccepted: resigned(pillar, found.unaccepted),
      pillarId,
      release: RELEASE,
      fallbackHubs,
    }),
  );
  const { isBornBlind } = pillar;
  if (isBornBlind) world.coverage.count("pillar-started-without-disk");
  world.happened({ type: "pillar-up", at: world.scheduler.now(), pillar: pillarId, isBornBlind });
  world.note(pillarId, "started", `boot ${found.bootEpoch}, head ${found.head.seq}`);
  for (const news of pillar.early.splice(0)) ledgerSays(world, pillar, news);
  tellPillar(world, pillar, { type: "started" });
}

function ledgerSays(world: PillarWorld, pillar: Pillar, news: LedgerNews): void {
  if (!pillar.agent) {
    pillar.early.push(news);
    return;
  }
  world.coverage.count(`ledger-${news.type}`);
  world.note(pillar.id, `ledger ${news.type}`, "reason" in news ? news.reason : "");
  const signed =
    news.type === "back" ? { ...news, unaccepted: resigned(pillar, news.unaccepted) } : news;
  tellPillar(world, pillar, toldByLedger(signed));
}

export function crashPillar(world: PillarWorld, pillar: Pillar, how: Ending): void {
  if (!pillar.isOn) return;
  pillar.isOn = false;
  pillar.life += 1;
  for (const task of pillar.timers.values()) world.scheduler.callOff(task);
  pillar.timers.clear();
  pillar.ledger.stop();
  if (how === "power-cut") {
    pillar.disk.powerCut();
    pillar.spare.powerCut();
  }
  const unstored = pillar.agent?.disk.size ?? 0;
  pillar.agent = undefined;
  world.coverage.count(`pillar-${how}`);
  const at = world.scheduler.now();
  world.happened({ type: "pillar-down", at, pillar: pillar.id, unstored });
  world.note(pillar.id, how, "");
  pillarGone(world.network, pillar.index, how === "power-cut");
  const backAt = at + pillar.chance.between(...BOOT_MS);
  world.scheduler.plan(backAt, () => startPillar(world, pillar));
}

export function tellPillar(world: PillarWorld, pillar: Pillar, told: Told): void {
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
  if (state.call.call !== agent.call.call) pillarChanged(world, pillar);
  const { life } = pillar;
  performAll(world, pillar, effects);
  if (!world.rules.doesStateComeFirst && pillar.life === life) pillar.agent = state;
}
