/**
 * The parts of a sweep: each repeats one kind of fault
 * as often as asked, judges, and says what it found.
 */
import { noMosquitto } from "../../../kit/programs/mosquitto.ts";
import { fuzzBroker } from "../network/broker-fuzz.ts";
import { openBrokeredStreet } from "../programs/brokered-street.ts";
import {
  endThreads,
  eventually,
  killAgents,
  killBrokers,
  killHubs,
  killMedia,
  type Sweep,
} from "./kill-sweep.ts";
import { failDisks } from "./disk-sweep.ts";
import { cutHubs, cutPillars, type CutResult } from "./power-sweep.ts";
import { soak } from "./soak.ts";
import { openStreet, type Street } from "../programs/street.ts";
import { tearJournals } from "../disk/torn-journal.ts";
import { tearLedgers } from "../disk/torn-ledger.ts";
import type { Torn } from "../disk/torn-file.ts";

/** A sweep is cut into streets, so that one failure does not hide what comes after it. */
const ROUNDS_PER_STREET = 25;
const PACKETS_PER_STREET = 50_000;
const SOAK_PILLARS = 8;

type Say = (text: string) => void;

interface Part {
  /** How often, unless it is given. */
  readonly rounds: number;
  /** Whether nothing was found. */
  run(rounds: number, say: Say): Promise<boolean>;
}

interface Ground {
  readonly street: Street;
  /** What it found beside the history; in words, why it cannot be had here. */
  perform(sweep: Sweep): Promise<readonly string[] | string>;
  close(): Promise<void>;
}

type Performance = (street: Street, sweep: Sweep) => Promise<void | CutResult | string>;

/** On a street of its own, ended with it. */
const plainly = (perform: Performance) => async (): Promise<Ground> => {
  const street = await openStreet();
  return {
    street,
    close: () => street.close(),
    perform: async (sweep) => {
      const result = await perform(street, sweep);
      return typeof result === "object" ? result.complaints : (result ?? []);
    },
  };
};

async function withBroker(): Promise<Ground> {
  const brokered = await openBrokeredStreet();
  return {
    street: brokered.street,
    close: () => brokered.close(),
    perform: async (sweep) => {
      await killBrokers(brokered, sweep);
      return [];
    },
  };
}

/** `what`: in the plural, for the last line. */
const sweeping =
  (what: string, open: () => Promise<Ground>): Part["run"] =>
  async (rounds, say) => {
    let violations = 0;
    for (let from = 0; from < rounds; from += ROUNDS_PER_STREET) {
      const { street, perform, close } = await open();
      try {
        const sweep = { id: "swept", from, rounds: Math.min(ROUNDS_PER_STREET, rounds - from) };
        const complaints = await perform(sweep);
        if (typeof complaints === "string") {
          say(`skipped, ${complaints}`);
          return true;
        }
        const found = await eventually(() => street.verdict());
        for (const complaint of complaints) say(complaint);
        for (const { invariant, detail } of found) say(`${invariant} ${detail}`);
        violations += complaints.length + found.length;
      } finally {
        await close();
      }
      say(`${Math.min(from + ROUNDS_PER_STREET, rounds)} of ${rounds}, ${violations} violations`);
    }
    say(`${rounds} ${what}, ${violations} violations`);
    return violations === 0;
  };

const tearing =
  (tear: (step: number, bytes: number) => Promise<Torn>): Part["run"] =>
  async (bytes, say) => {
    const { cuts, flips, complaints } = await tear(1, bytes);
    for (const complaint of complaints) say(complaint);
    say(`${cuts} cuts and ${flips} flipped bits, ${complaints.length} violations`);
    return complaints.length === 0;
  };

async function soakAll(presses: number, say: Say): Promise<boolean> {
  const seed = Number(process.env["SOAK_SEED"] ?? 1);
  const result = await soak({ presses, pillars: SOAK_PILLARS, seed, progress: say });
  const { violations, without, kills, faults } = result;
  for (const reason of without) say(`without ${reason}`);
  for (const { invariant, detail } of violations) say(`${invariant} ${detail}`);
  const lost = violations.filter(({ invariant }) => invariant === "I1").length;
  const falsely = violations.filter(({ invariant }) => invariant === "I2").length;
  const others = violations.length - lost - falsely;
  if (others > 0) say(`${others} other violations`);
  const sums = `${result.presses} presses, ${kills} kills, ${faults} faults`;
  say(`${sums}, ${lost} lost, ${falsely} falsely confirmed`);
  return violations.length === 0;
}

async function killingBrokers(rounds: number, say: Say): Promise<boolean> {
  const why = noMosquitto();
  if (why === undefined)
    return await sweeping("kills of the broker between", withBroker)(rounds, say);
  say(`skipped, ${why}`);
  return true;
}

/**
 * In pieces, each on a hub of its own: one that ended, or grows, is found in the piece that did it.
 */
async function bendPackets(cases: number, say: Say): Promise<boolean> {
  let ended = 0;
  for (let from = 0; from < cases; from += PACKETS_PER_STREET) {
    const street = await openStreet();
    try {
      const life = street.hub.process();
      await fuzzBroker(street, { cases: Math.min(PACKETS_PER_STREET, cases - from), seed: from });
      if (!life.isRunning()) ended += 1;
    } finally {
      await street.close();
    }
    say(`${Math.min(from + PACKETS_PER_STREET, cases)} of ${cases}, the hub ended ${ended} times`);
  }
  say(`${cases} bent packets, the hub ended ${ended} times`);
  return ended === 0;
}

const bootLoop: Performance = (street, sweep) => cutPillars(street, { ...sweep, isBootLoop: true });

export const PARTS = {
  /** B8, the last bytes one by one. */
  ledgers: { rounds: 4096, run: tearing(tearLedgers) },
  journals: { rounds: 4096, run: tearing(tearJournals) },
  /** B4, B5: the n-th fsync and the n-th write fail, on either side. */
  disks: { rounds: 40, run: sweeping("failing calls on each side", plainly(failDisks)) },
  /** A1, A3. */
  cuts: { rounds: 75, run: sweeping("power cuts of the pillar", plainly(cutPillars)) },
  hubcuts: { rounds: 50, run: sweeping("power cuts of the hub", plainly(cutHubs)) },
  boots: { rounds: 50, run: sweeping("power cuts in a boot loop", plainly(bootLoop)) },
  /** A4, A5, A6, A7. */
  agents: { rounds: 500, run: sweeping("kills of the agent", plainly(killAgents)) },
  hubs: { rounds: 200, run: sweeping("kills of the hub", plainly(killHubs)) },
  brokers: { rounds: 200, run: killingBrokers },
  media: { rounds: 100, run: sweeping("kills of media processes and ffmpeg", plainly(killMedia)) },
  threads: {
    rounds: 100,
    run: sweeping("ends of ledger and journal threads", plainly(endThreads)),
  },
  /** H2. */
  packets: { rounds: 1_000_000, run: bendPackets },
  soak: { rounds: 10_000, run: soakAll },
} as const satisfies Record<string, Part>;
export type PartName = keyof typeof PARTS;
