/**
 * Presses at real pillars while everything around them
 * fails, for as long as asked; judged at the end.
 *
 * A press here is a contact that closes at a board long enough to be counted, and that must be in
 * the hub's journal when all is healed: as an alarm of its own, or within the call that was going
 * on. Each person waits for the answer to the press before, as people do, and a tenth of them press
 * once more in between.
 *
 * The seed decides who presses when and what fails; the machine's speed decides the rest, so a run
 * is like another one and not the same.
 */
import { setTimeout as delay } from "node:timers/promises";
import { until } from "../../../../simulator/demo/hub-client.ts";
import { newChance, type Chance } from "../../../../simulator/world/chance.ts";
import type { Violation } from "../judge/violation.ts";
import { eventually } from "./kill-sweep.ts";
import { newLine } from "../network/line.ts";
import { newFaultInjector, type FaultInjector } from "../programs/fault-injector.ts";
import type { PillarUnderTest } from "../programs/pillar.ts";
import { openPowerRig } from "../disk/power-rig.ts";
import type { Surroundings } from "../programs/process.ts";
import { breakHub, breakPillars, newTally, type SoakPillar, type Tally } from "./soak-faults.ts";
import { injected } from "../disk/disk.ts";
import { endCalls, openStreet, type Street } from "../programs/street.ts";
import { missing } from "../programs/tool.ts";

/** More than ten times what an eMMC takes, and not the ledger's patience of 250 ms. */
const SLOW_DISK = "fsync,fdatasync:delay_exit=120000";
/** A disk that can be filled in a moment. */
const SMALL_MIB = 96;
/**
 * Each agent looks at its board so often: twenty of
 * them share two cores with what they are tried by.
 */
const POLL_MS = 25;
const AGAIN_ONE_IN = 10;
/** A call that begins late is still the answer to its press. */
const PATIENCE_MS = 90_000;
const CLEAR_EVERY_MS = 80;
const PROGRESS_EVERY_MS = 30_000;

export interface SoakWanted {
  readonly presses: number;
  readonly pillars: number;
  readonly seed: number;
  progress(text: string): void;
}

export interface SoakResult extends Tally {
  readonly presses: number;
  readonly violations: readonly Violation[];
  /** Faults that could not be had here, in words. */
  readonly without: readonly string[];
}

export async function soak(wanted: SoakWanted): Promise<SoakResult> {
  const street = await openStreet();
  const injector = newFaultInjector();
  const without: string[] = [];
  try {
    await street.hub.stop();
    await street.hub.start(injector.around);
    const pillars = await placePillars(street, wanted.pillars, injector, without);
    const tally = newTally();
    const pressed = await pressAll({ street, injector, pillars, tally, wanted });
    const violations = await eventually(() => street.verdict());
    return { ...tally, presses: pressed, violations, without };
  } finally {
    await street.close();
    injector.remove();
  }
}

async function placePillars(
  street: Street,
  count: number,
  injector: FaultInjector,
  without: string[],
): Promise<SoakPillar[]> {
  const pillars: SoakPillar[] = [];
  for (let n = 0; n < count; n += 1) {
    const [mqtt, https] = [
      await newLine(street.hub.mqttPort),
      await newLine(street.hub.alarmsPort),
    ];
    street.onClose(async () => {
      await Promise.all([mqtt.close(), https.close()]);
    });
    const alarmUrls = [`https://127.0.0.1:${https.port}`];
    const way = { host: "127.0.0.1", mqttPort: mqtt.port, httpUrl: street.hub.url, alarmUrls };
    const pillar = await street.add(`soak-${n}`, { hub: way, pollMs: POLL_MS });
    const { wrap = [], rig } = await diskOf(n, pillar, street, without);
    const around: Surroundings = { ...injector.around, ...(wrap.length > 0 && { wrap }) };
    pillars.push({ pillar, lines: [mqtt, https], rig, start: () => pillar.start(around) });
  }
  for (const { start } of pillars) start();
  await Promise.all(pillars.map(({ pillar }) => pillar.untilArmed()));
  return pillars;
}

/**
 * The first has a disk that fills and whose power fails,
 * the second one that dawdles, the others a good one.
 */
async function diskOf(n: number, pillar: PillarUnderTest, street: Street, without: string[]) {
  if (n === 0) {
    const rig = await openPowerRig(pillar.dataDir, SMALL_MIB);
    if (typeof rig !== "string") {
      street.onClose(rig.close);
      return { ...rig.around, rig };
    }
    without.push(`power cuts and full disks: ${rig}`);
  }
  const reason = missing("strace");
  if (n !== 1) return { rig: undefined };
  if (reason === undefined) return { ...injected(SLOW_DISK), rig: undefined };
  without.push(`a slow disk: ${reason}`);
  return { rig: undefined };
}

interface SoakState {
  readonly street: Street;
  readonly injector: FaultInjector;
  readonly pillars: readonly SoakPillar[];
  readonly tally: Tally;
  readonly wanted: SoakWanted;
}

async function pressAll({ street, injector, pillars, tally, wanted }: SoakState): Promise<number> {
  const { seed } = wanted;
  const ending = new AbortController();
  const { signal } = ending;
  let pressed = 0;
  const isDone = (): boolean => pressed >= wanted.presses;
  const world = { street, injector, pillars, tally, signal };
  const background = [
    breakPillars(world, newChance(seed, "pillars")),
    breakHub(world, newChance(seed, "hub")),
    clearAlways(street, signal),
    tell(signal, () => {
      const { kills, faults } = tally;
      wanted.progress(`${pressed} of ${wanted.presses} presses, ${kills} kills, ${faults} faults`);
    }),
  ];
  const people = pillars.map(async ({ pillar }) => {
    const chance = newChance(seed, pillar.id);
    while (!isDone()) {
      pressed += 1;
      await oneCall(pillar, chance, async () => {
        if (isDone()) return;
        pressed += 1;
        await pillar.press();
      });
    }
  });
  try {
    await Promise.all(people);
  } finally {
    // Each fault is ended by its own code; then the operator looks once more.
    ending.abort();
    await Promise.all(background);
  }
  await Promise.all(pillars.map(({ pillar }) => pillar.untilArmed()));
  await Promise.all(pillars.map(({ pillar }) => endCalls(street, pillar)));
  return pressed;
}

/** One press, and the wait for its end. */
async function oneCall(
  pillar: PillarUnderTest,
  chance: Chance,
  again: () => Promise<void>,
): Promise<void> {
  await delay(chance.between(0, 150));
  const hasCalled = callsFromNow(pillar);
  await pillar.press();
  if (chance.below(AGAIN_ONE_IN) === 0) {
    await delay(chance.between(50, 400));
    await again();
  }
  const isCalling = (): boolean => ["calling", "received", "answered"].includes(pillar.lamp());
  const began = await quickly(() => isCalling() || hasCalled());
  const ended = began && (await quickly(() => pillar.lamp() === "standby"));
  if (ended) return;
  const last = pillar.lines().slice(-12).join("\n");
  throw new Error(`${pillar.id}: the press found no ${began ? "end" : "call"}:\n${last}`);
}

const CALL_BEGINS = /call [0-9a-f]{4} idle → calling/;

/**
 * The operator may answer and close before the button is
 * released: then only the agent's log shows the press.
 */
function callsFromNow(pillar: PillarUnderTest): () => boolean {
  const life = pillar.process();
  const said = life.lines().length;
  return () => {
    const now = pillar.process();
    const lines = now === life ? now.lines().slice(said) : now.lines();
    return lines.some((line) => CALL_BEGINS.test(line));
  };
}

const LOOK_MS = 10;

async function quickly(isSo: () => boolean): Promise<boolean> {
  const end = performance.now() + PATIENCE_MS;
  while (performance.now() < end) {
    if (isSo()) return true;
    await delay(LOOK_MS);
  }
  return false;
}

/** The desk answers and closes whatever rings; a hub that is away is asked again. */
async function clearAlways({ hub }: Street, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    await hub.operator.clear().catch(() => undefined);
    await delay(CLEAR_EVERY_MS);
  }
  await until(PATIENCE_MS, async () => {
    await hub.operator.clear();
    return true;
  });
}

async function tell(signal: AbortSignal, say: () => void): Promise<void> {
  const timer = setInterval(say, PROGRESS_EVERY_MS);
  await new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve()));
  clearInterval(timer);
}
