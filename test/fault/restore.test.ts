/**
 * Group B, the hub's journal put back from a backup, under
 * real agents: nothing that was accepted is lost.
 */
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { PillarUnderTest } from "./harness/programs/pillar.ts";
import {
  endCall,
  alarmRows,
  openStreet,
  readPillarLedger,
  type Street,
} from "./harness/programs/street.ts";

const SLOW = 240_000;
/** The street is open again, the pillars have said what they keep. */
const REPLAYED = { timeout: 90_000 };

let street: Street;
beforeEach(async () => {
  street = await openStreet();
});
afterEach(() => street?.close());

async function armed(id: string): Promise<PillarUnderTest> {
  const pillar = await street.add(id);
  pillar.start();
  await pillar.untilArmed();
  return pillar;
}

const alarmsOf = ({ id }: PillarUnderTest): number[] =>
  alarmRows(street.hub.dir, id)
    .map((row) => (JSON.parse(row.body) as { event: { seq: number } }).event.seq)
    .toSorted((a, b) => a - b);

/**
 * What was promised before the restore is judged against
 * the journal after it, so not by its hours (I2).
 */
const broken = async (): Promise<unknown[]> =>
  (await street.verdict()).filter(({ invariant }) => invariant !== "I2");

test(
  "B10 the hub is restored from an old backup: its pillars tell again all it had accepted since",
  { timeout: SLOW },
  async () => {
    const pillar = await armed("faithful");
    await pillar.press();
    await endCall(street, pillar);
    const copy = join(street.dir, "copy.db");
    const begunAt = Date.now();
    await street.hub.command("backup", copy);
    for (let n = 0; n < 2; n += 1) {
      await pillar.press();
      await endCall(street, pillar);
    }
    expect(alarmsOf(pillar)).toEqual([1, 2, 3]);
    await street.hub.stop();
    await street.hub.restore(copy, begunAt);
    expect(alarmsOf(pillar)).toEqual([1]);
    await street.hub.start();
    await expect.poll(() => alarmsOf(pillar), REPLAYED).toEqual([1, 2, 3]);
    // What the backup does not know to be over rings again, and is seen by somebody.
    expect(await street.hub.operator.active()).toMatchObject([
      { pillarId: "faithful", presses: 2 },
    ]);
    await expect
      .poll(() => pillar.lines().some((line) => line.includes("the hub's database is another one")))
      .toBe(true);
    expect(await broken()).toEqual([]);
    await street.hub.operator.clear();
    await pillar.press();
    await endCall(street, pillar);
    expect(alarmsOf(pillar)).toEqual([1, 2, 3, 4]);
  },
);

test(
  "B11 a backup made in the middle of a burst is whole, and a hub restored from it lacks nothing in the end",
  { timeout: SLOW },
  async () => {
    const pillars = await Promise.all(["north", "east", "south"].map(armed));
    const begunAt = Date.now();
    const copies = [1, 2, 3].map((n) => join(street.dir, `copy-${n}.db`));
    const backUps = Promise.all(copies.map((copy) => street.hub.command("backup", copy)));
    for (let n = 0; n < 4; n += 1) await Promise.all(pillars.map((pillar) => pillar.press()));
    await backUps;
    await Promise.all(pillars.map((pillar) => pillar.untilLamp("received")));
    for (const copy of copies) {
      expect(await street.hub.command("verify", copy)).toMatch(
        /\d+ facts, each linked to the one before/,
      );
    }
    await street.hub.stop();
    await street.hub.restore(copies[0]!, begunAt);
    await street.hub.start();
    // Some presses were remembered, and became an alarm five seconds later.
    const lacking = (): number[] =>
      pillars.flatMap((pillar) => {
        const held = alarmsOf(pillar);
        return readPillarLedger(pillar).flatMap(({ seq }) => (held.includes(seq) ? [] : [seq]));
      });
    await expect.poll(lacking, REPLAYED).toEqual([]);
    expect(pillars.every((pillar) => alarmsOf(pillar).includes(1))).toBe(true);
    expect(await street.hub.command("verify")).toMatch(/each linked to the one before/);
    expect(await broken()).toEqual([]);
  },
);
