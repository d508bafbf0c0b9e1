/**
 * How much a pillar adds to the journal in a day: an idle one, an ordinary one, and a stolen one
 * that floods the hub.
 */
import { statSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import type { Fact } from "../../../hub/core/facts.ts";
import { MAX_BATCH_FACTS, openJournal } from "../../../hub/journal/journal.ts";
import { newFlood } from "../../kit/core/flood.ts";
import { newStreet, WANG } from "../../kit/core/hub-core-street.ts";
import { tempDir } from "../../kit/journal/directory.ts";

const DAY_S = 86_400;
const HOUR_S = 3600;
const MB = 1_000_000;
/**
 * With `ANZHU_FULL_FLOOD=1` the flood comes in every second of the day, and the test takes minutes.
 */
const EVERY_S = process.env["ANZHU_FULL_FLOOD"] === "1" ? 1 : 10;
const DENSE_S = 120;

/** The size in bytes of a closed journal with these facts. */
async function sizeOf(facts: readonly Fact[]): Promise<number> {
  const file = join(tempDir(), "journal.db");
  const journal = await openJournal(file);
  for (let from = 0; from < facts.length; from += MAX_BATCH_FACTS) {
    await journal.append(facts.slice(from, from + MAX_BATCH_FACTS));
  }
  await journal.close();
  return statSync(file).size;
}

test("an idle pillar-day costs the journal nothing, an ordinary one less than 40 kB", async () => {
  const pillars = 50;
  const street = newStreet({ pillars });
  const beat = (uptimeMs: number): void => {
    for (let n = 0; n < pillars; n += 1) street.heartbeat(n, { uptimeMs });
  };
  beat(1000);
  street.advance(1);
  const before = street.facts.length;
  for (let second = 0; second < HOUR_S; second += 5) {
    beat(6000 + second * 1000);
    street.advance(5);
  }
  expect(street.facts).toHaveLength(before);
  const base = await sizeOf(street.facts);

  const ordinary = newStreet({ pillars });
  ordinary.startMedia();
  for (let n = 0; n < pillars; n += 1) ordinaryDay(ordinary, n);
  const perPillar = ((await sizeOf(ordinary.facts)) - base) / pillars;
  console.log(`an ordinary pillar-day: ${Math.round(perPillar)} bytes of journal`);
  expect(perPillar).toBeLessThan(40_000);
}, 60_000);

/**
 * One restart, two lost connections, two faults that come and go, three calls that are answered and
 * closed.
 */
function ordinaryDay(street: ReturnType<typeof newStreet>, n: number): void {
  street.heartbeat(n, { bootEpoch: 2 });
  for (let times = 0; times < 2; times += 1) {
    street.disconnect(n);
    street.advance(5);
    street.connect(n);
    street.heartbeat(n, { bootEpoch: 2, faults: ["camera-lost"] });
    street.heartbeat(n, { bootEpoch: 2, faults: [] });
  }
  for (let seq = 1; seq <= 3; seq += 1) {
    street.alarm(n, { seq, eventId: n * 10 + seq });
    const id = [...street.state.incidents.keys()].at(-1)!;
    street.order(WANG, id, { name: "answer" });
    street.order(WANG, id, { name: "dispatch", unit: "巡逻一组" });
    street.order(WANG, id, { name: "close", disposition: "resolved", note: "已劝离" });
  }
}

test("H3 a stolen identity that floods at every pace it is allowed costs at most 50 MB a day", async () => {
  const { street, run, sent } = newFlood();
  run(DENSE_S, 1);
  run(DAY_S - DENSE_S, EVERY_S);
  const bytes = await sizeOf(street.facts);
  const told = street.facts.filter(
    (fact) => fact.type === "pillar-fault" && fact.code === "budget-spent" && fact.isActive,
  );
  console.log(
    `${sent()} hostile messages: ${street.facts.length} facts, ${(bytes / MB).toFixed(1)} MB`,
  );
  expect(bytes).toBeLessThan(50 * MB);
  expect(told.length).toBeGreaterThan(0);
  expect(told.length).toBeLessThan(10);
}, 300_000);
