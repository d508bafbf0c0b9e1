/**
 * What fails while people press: one table for the pillars and their lines, one for the hub.
 *
 * Every fault heals what it broke before it ends, so that the run may be stopped between any two.
 */
import { setTimeout as delay } from "node:timers/promises";
import { until } from "../../../../simulator/demo/hub-client.ts";
import type { Chance } from "../../../../simulator/world/chance.ts";
import { fill } from "../disk/disk.ts";
import type { Line, LineState } from "../network/line.ts";
import type { FaultInjector } from "../programs/fault-injector.ts";
import type { PillarUnderTest } from "../programs/pillar.ts";
import type { PowerRig } from "../disk/power-rig.ts";
import { below, commandOf } from "../programs/process.ts";
import type { Street } from "../programs/street.ts";

export interface Tally {
  /** Processes, threads and power supplies that ended without being asked. */
  kills: number;
  /** Kills among them. */
  faults: number;
}

export const newTally = (): Tally => ({ kills: 0, faults: 0 });

export interface SoakPillar {
  readonly pillar: PillarUnderTest;
  /** Its two ways to the hub. */
  readonly lines: readonly [mqtt: Line, https: Line];
  /** Of the one whose disk is on it. */
  readonly rig: PowerRig | undefined;
  start(): void;
}

export interface SoakTargets {
  readonly street: Street;
  readonly injector: FaultInjector;
  readonly pillars: readonly SoakPillar[];
  readonly tally: Tally;
  readonly signal: AbortSignal;
}

const PILLAR_EVERY_MS = [200, 1500] as const;
const HUB_EVERY_MS = [4000, 9000] as const;
const THREAD_BACK_MS = 10_000;

interface Fault<Where> {
  readonly weight: number;
  readonly isKill: boolean;
  perform(where: Where, world: SoakTargets & { readonly chance: Chance }): Promise<void>;
}

const PILLAR_FAULTS: Readonly<Record<string, Fault<SoakPillar>>> = {
  "the agent is killed": {
    weight: 4,
    isKill: true,
    perform: async ({ pillar, start }, { chance }) => {
      await pillar.process().crash();
      await pillar.process().cutPower();
      await delay(chance.between(0, 1500));
      start();
    },
  },
  "the power fails, or the agent is killed where it cannot": {
    weight: 2,
    isKill: true,
    perform: async ({ pillar, rig, start }) => {
      pillar.process().freeze();
      await rig?.cut();
      await pillar.process().cutPower();
      await rig?.restore();
      start();
    },
  },
  "the agent's media process is killed": {
    weight: 1,
    isKill: true,
    perform: ({ pillar }) => killBelow(pillar.process().pid(), "device/media/main.ts"),
  },
  "the ledger's thread ends": {
    weight: 1,
    isKill: true,
    perform: async ({ pillar }, { injector }) => {
      injector.inject(pillar.process().pid(), { where: "ledger-worker.ts", what: "end" });
      await delay(500);
    },
  },
  "the agent stops, and goes on": {
    weight: 2,
    isKill: false,
    perform: async ({ pillar }, { chance }) => {
      pillar.process().signal("SIGSTOP");
      await delay(chance.between(200, 5000));
      pillar.process().signal("SIGCONT");
    },
  },
  "the cable is out": line(3, "cut", [200, 6000]),
  "the line is half open": line(2, "frozen", [500, 8000]),
  "nothing goes up": line(1, "frozen-up", [500, 8000]),
  "nothing comes down": line(1, "frozen-down", [500, 8000]),
  "the disk is full": {
    weight: 2,
    isKill: false,
    perform: async ({ pillar, rig }, { chance }) => {
      if (!rig) return;
      const makeRoom = fill(pillar.process().pid(), pillar.dataDir);
      await delay(chance.between(500, 5000));
      makeRoom();
    },
  },
};

/** Both ways, or one of them. */
function line(
  weight: number,
  state: LineState,
  [least, most]: readonly [number, number],
): Fault<SoakPillar> {
  return {
    weight,
    isKill: false,
    perform: async ({ lines }, { chance }) => {
      const broken = chance.isTrue(0.5) ? lines : [chance.pick(lines)];
      for (const one of broken) one.set(state);
      await delay(chance.between(least, most));
      for (const one of broken) one.set("open");
    },
  };
}

const HUB_FAULTS: Readonly<Record<string, Fault<Street>>> = {
  "the hub is killed": {
    weight: 4,
    isKill: true,
    perform: async ({ hub }, { chance, injector }) => {
      await hub.crash();
      await hub.process().cutPower();
      await delay(chance.between(0, 2000));
      await hub.start(injector.around);
    },
  },
  "the hub's media process is killed": {
    weight: 1,
    isKill: true,
    perform: ({ hub }) => killBelow(hub.process().pid(), "hub/media/main.ts"),
  },
  "the journal's thread ends": {
    weight: 2,
    isKill: true,
    perform: async ({ hub }, { injector }) => {
      injector.inject(hub.process().pid(), { where: "worker.ts", what: "end" });
      await delay(500);
      await until(THREAD_BACK_MS, () => hub.isReady());
    },
  },
  "the hub stops, and goes on": {
    weight: 2,
    isKill: false,
    perform: async ({ hub, history }, { chance }) => {
      history.record({ what: "hub", at: Date.now(), state: "down" });
      hub.process().signal("SIGSTOP");
      await delay(chance.between(200, 4000));
      hub.process().signal("SIGCONT");
      history.record({ what: "hub", at: Date.now(), state: "up" });
    },
  },
};

/** One pillar after the other, until told to end. */
export function breakPillars(world: SoakTargets, chance: Chance): Promise<void> {
  const where = (): SoakPillar => chance.pick(world.pillars);
  const nameOf = ({ pillar }: SoakPillar): string => pillar.id;
  return breakOn(PILLAR_FAULTS, { where, nameOf }, { world, chance, everyMs: PILLAR_EVERY_MS });
}

export function breakHub(world: SoakTargets, chance: Chance): Promise<void> {
  const where = (): Street => world.street;
  const nameOf = (): undefined => undefined;
  return breakOn(HUB_FAULTS, { where, nameOf }, { world, chance, everyMs: HUB_EVERY_MS });
}

interface Breaker {
  readonly world: SoakTargets;
  readonly chance: Chance;
  readonly everyMs: readonly [number, number];
}

interface Target<Where> {
  readonly where: () => Where;
  /** The pillar that alone can notice it. */
  readonly nameOf: (where: Where) => string | undefined;
}

async function breakOn<Where>(
  faults: Readonly<Record<string, Fault<Where>>>,
  { where, nameOf }: Target<Where>,
  { world, chance, everyMs }: Breaker,
): Promise<void> {
  const { tally, signal, street } = world;
  const drawn = Object.entries(faults).flatMap((one) =>
    Array.from({ length: one[1].weight }, () => one),
  );
  while (!signal.aborted) {
    await delay(chance.between(...everyMs));
    const [detail, fault] = chance.pick(drawn);
    const target = where();
    const pillarId = nameOf(target);
    const note = (words: string): void =>
      street.history.record({
        ...{ what: "fault", at: Date.now(), detail: words },
        ...(pillarId !== undefined && { pillarId }),
      });
    note(detail);
    tally.faults += 1;
    if (fault.isKill) tally.kills += 1;
    await fault.perform(target, { ...world, chance });
    note(`mended: ${detail}`);
  }
}

/** There may be none at this moment: it is being started again. */
function killBelow(pid: number, file: string): Promise<void> {
  const media = below(pid).find((one) => commandOf(one).includes(file));
  if (media !== undefined) process.kill(media, "SIGKILL");
  return Promise.resolve();
}
