/** Groups A and L: what the board counted is told once, however often the agent ends and starts. */
import { setTimeout as delay } from "node:timers/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import { dataPaths } from "../../device/adapters/host/data-dir.ts";
import type { PillarUnderTest } from "./harness/programs/pillar.ts";
import { endCall, openStreet, readLedger, type Street } from "./harness/programs/street.ts";

const SLOW = 120_000;
/** Longer than a board tells a press as "of this moment". */
const LONG_AGO_MS = 2500;

let street: Street;
beforeAll(async () => {
  street = await openStreet();
});
afterAll(() => street?.close());

const alarmsOf = ({ dataDir }: PillarUnderTest): number =>
  readLedger(dataPaths(dataDir).ledger).length;

async function armed(id: string): Promise<PillarUnderTest> {
  const pillar = await street.add(id);
  pillar.start();
  await pillar.untilArmed();
  return pillar;
}

test(
  "A4 an agent killed right after it told a press tells it no second time: one alarm for each press",
  { timeout: SLOW },
  async () => {
    const pillar = await armed("told-once");
    for (let pressed = 1; pressed <= 3; pressed += 1) {
      await pillar.press();
      await expect.poll(() => alarmsOf(pillar)).toBe(pressed);
      await pillar.process().crash();
      pillar.start();
      await endCall(street, pillar);
    }
    // Once an agent has polled the board again and read a
    // new press, it would have told any that it invented.
    await pillar.press();
    await endCall(street, pillar);
    expect(alarmsOf(pillar)).toBe(4);
    expect(await street.verdict()).toEqual([]);
  },
);

test(
  "L4 a press while the agent is dead calls when it is back, however long ago it was, and once",
  { timeout: SLOW },
  async () => {
    const pillar = await armed("unheard");
    await pillar.press();
    await endCall(street, pillar);
    await pillar.process().crash();
    await pillar.press();
    await delay(LONG_AGO_MS);
    pillar.start();
    await endCall(street, pillar);
    await pillar.process().crash();
    pillar.start();
    await pillar.untilArmed();
    await pillar.press();
    await endCall(street, pillar);
    expect(alarmsOf(pillar)).toBe(3);
  },
);
