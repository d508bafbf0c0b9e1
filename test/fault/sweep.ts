/**
 * The long versions of the fault tests: `npm run fault -- --sweep [agents] [hubs] [brokers]`.
 *
 * The same harness and the same judge as in the tests, with more rounds: every round is one press with a
 * kill in it. Without `--sweep` the short versions run, as in CI.
 */
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import openTempHome from "../temp-home.ts";
import { noMosquitto } from "../instrument/mosquitto.ts";
import { openBrokeredStreet } from "./harness/brokered-street.ts";
import { eventually, killAgents, killBrokers, killHubs } from "./harness/kill-sweep.ts";
import type { Sweep } from "./harness/kill-sweep.ts";
import { openStreet, type Street } from "./harness/street.ts";
import { tearLedgers } from "./harness/torn-ledger.ts";

const AGENT_KILLS = 500;
const HUB_KILLS = 200;
const BROKER_KILLS = 200;
/** A sweep is cut into streets, so that one failure does not hide what comes after it. */
const ROUNDS_PER_STREET = 25;
/** The last 4 KiB, byte by byte. */
const TORN_BYTES = 4096;

interface Ground {
  readonly street: Street;
  kill(sweep: Sweep): Promise<void>;
  close(): Promise<void>;
}

async function plainly(kill: (street: Street, sweep: Sweep) => Promise<void>): Promise<Ground> {
  const street = await openStreet();
  return { street, kill: (one) => kill(street, one), close: () => street.close() };
}

async function withBroker(): Promise<Ground> {
  const brokered = await openBrokeredStreet();
  const { street } = brokered;
  return { street, kill: (one) => killBrokers(brokered, one), close: () => brokered.close() };
}

async function sweep(name: string, rounds: number, open: () => Promise<Ground>): Promise<boolean> {
  let violations = 0;
  for (let done = 0; done < rounds; done += ROUNDS_PER_STREET) {
    const { street, kill, close } = await open();
    const from = done;
    await kill({ id: "swept", from, rounds: Math.min(ROUNDS_PER_STREET, rounds - done) });
    const found = await eventually(() => street.verdict());
    for (const { invariant, detail } of found) console.error(`${name}: ${invariant} ${detail}`);
    violations += found.length;
    await close();
    console.log(
      `${name}: ${Math.min(from + ROUNDS_PER_STREET, rounds)} of ${rounds}, ${violations} violations`,
    );
  }
  return violations === 0;
}

async function sweepBrokers(rounds: number): Promise<boolean> {
  const why = noMosquitto();
  if (why === undefined) return await sweep("A6", rounds, withBroker);
  console.log(`A6: skipped, ${why}`);
  return true;
}

if (process.argv.includes("--sweep")) {
  const [agents = AGENT_KILLS, hubs = HUB_KILLS, brokers = BROKER_KILLS] = process.argv
    .slice(2)
    .flatMap((word) => {
      const count = Number(word);
      return Number.isInteger(count) && count > 0 ? [count] : [];
    });
  openTempHome();
  const torn = await tearLedgers(1, TORN_BYTES);
  console.log(
    `B8: ${torn.cuts} cuts and ${torn.flips} flips, ${torn.complaints.length} complaints`,
  );
  for (const complaint of torn.complaints) console.error(`B8: ${complaint}`);
  const isGood = [
    torn.complaints.length === 0,
    await sweep("A4", agents, () => plainly(killAgents)),
    await sweep("A5", hubs, () => plainly(killHubs)),
    await sweepBrokers(brokers),
  ];
  process.exitCode = isGood.every(Boolean) ? 0 : 1;
} else {
  const vitest = join(import.meta.dirname, "../../node_modules/.bin/vitest");
  const run = spawnSync(vitest, ["run", "test/fault"], { stdio: "inherit" });
  process.exitCode = run.status ?? 1;
}
