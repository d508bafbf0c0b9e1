/** What the poison corpus of stolen pillars costs the receipts of innocent ones. */
import { setTimeout as delay } from "node:timers/promises";
import { poisonCorpus } from "../../simulator/poison/corpus.ts";
import { newPoisoner, type Poisoner } from "../fault/harness/network/poisoner.ts";
import { openStreet, type Street } from "../fault/harness/programs/street.ts";
import { wirePillar, type WireLink } from "../fault/harness/network/wire-pillar.ts";
import { summarise } from "./rig/percentile.ts";
import type { Section } from "./rig/section.ts";

const INNOCENT = 4;
const POISONERS = 3;
const PRESSES = 150;
/** Calm and poison take turns, so that what else the machine does falls on both. */
const ROUNDS = 4;
const MESSAGES = 504;
const EVERY_MS = 40;
const PATIENCE_MS = 20_000;
const MOST_TIMES = 1.5;
const SEED = 7;

export async function benchPoison(): Promise<Section> {
  const street = await openStreet();
  try {
    const links: WireLink[] = [];
    for (let n = 0; n < INNOCENT; n += 1) {
      links.push(await (await wirePillar(street, `innocent-${n}`)).connect());
    }
    const poisoners: Poisoner[] = [];
    for (let n = 0; n < POISONERS; n += 1) {
      poisoners.push(await newPoisoner(street, `stolen-${n}`, "innocent-0"));
    }
    await presses(links);
    const [calm, poisoned]: [number[], number[]] = [[], []];
    for (let round = 0; round < ROUNDS; round += 1) {
      calm.push(...(await presses(links)));
      const poisoning = poison(street, poisoners, round);
      poisoned.push(...(await presses(links)));
      await poisoning;
      await delay(1000);
    }
    return section(calm, poisoned);
  } finally {
    await street.close();
  }
}

/** Resolves when all of the round's messages are out; each poisoner sends its own in order. */
async function poison(street: Street, poisoners: Poisoner[], round: number): Promise<void> {
  const corpus = poisonCorpus(SEED + round, MESSAGES);
  await Promise.all(
    poisoners.map(async (poisoner, n) => {
      const own = corpus.filter((_, i) => Math.floor(i / 6) % poisoners.length === n);
      for (const one of own) await poisoner.send(one);
    }),
  );
  if (!street.hub.process().isRunning()) throw new Error("the hub has ended");
}

/** Press → accepted, ms; each without waiting for the one before. */
async function presses(links: readonly WireLink[]): Promise<number[]> {
  const taken: Promise<number>[] = [];
  for (let n = 0; n < PRESSES; n += 1) {
    taken.push(pressed(links[n % links.length]!));
    await delay(EVERY_MS);
  }
  return await Promise.all(taken);
}

async function pressed(link: WireLink): Promise<number> {
  const pressedAt = performance.now();
  const alarm = await link.press();
  while (!link.isAccepted(alarm)) {
    if (performance.now() - pressedAt > PATIENCE_MS) return Infinity;
    await delay(1);
  }
  return performance.now() - pressedAt;
}

function section(calm: readonly number[], poisoned: readonly number[]): Section {
  const [without, under] = [summarise(calm), summarise(poisoned)];
  const times = under.p99 / without.p99;
  return {
    name: "poison",
    title: "Validly signed poison",
    method:
      `${POISONERS} stolen pillars send the poison corpus (${ROUNDS} x ${MESSAGES} messages of every family, correctly signed, as fast as ` +
      `they are answered) while ${INNOCENT} innocent ones press in turn every ${EVERY_MS} ms; ${ROUNDS} x ${PRESSES} presses without and ` +
      "with it, in turns. Signing and sending the poison happens in the process that measures, on the same two cores.",
    rows: [
      {
        what: "an innocent press → accepted, p99",
        measured: `${under.p99.toFixed(1)} ms (without ${without.p99.toFixed(1)} ms): ${times.toFixed(2)} times`,
        bar: `≤ ${MOST_TIMES} times`,
        isMet: times <= MOST_TIMES,
      },
      {
        what: "receipts withheld from innocent pillars",
        measured: `${poisoned.filter((ms) => ms === Infinity).length} of ${poisoned.length}`,
        bar: "0",
        isMet: poisoned.every((ms) => ms !== Infinity),
      },
    ],
    notTested: "more than three stolen pillars at once; a network between the two.",
  };
}
