/** Group C: the hub's wall clock is set while somebody waits. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import { openStreet, readJournal, type Street } from "./harness/street.ts";
import { libfaketime } from "./harness/tool.ts";

const SLOW = 120_000;
/** Long enough for several ticks of the hub. */
const TICKS_MS = 3000;
const HALF_A_DAY_MS = 43_200_000;

let street: Street;
beforeAll(async () => {
  street = await openStreet();
});
afterAll(() => street.close());

const passed = (): number =>
  readJournal(street.hub.dir).filter(({ type }) => type === "deadline-passed").length;

test(
  "C1 the hub's clock leaps a day ahead and a day back while a call rings: no mass fire, no frozen deadline",
  { timeout: SLOW },
  async ({ skip }) => {
    const library = libfaketime();
    skip(library === undefined, "needs libfaketime; install it with apt-get");
    const clock = join(street.dir, "clock");
    const setClock = (offset: string): void => writeFileSync(clock, `${offset}\n`);
    setClock("+0");
    street.history.record({ what: "hub-clock-moved", at: Date.now() });
    await street.hub.stop();
    await street.hub.start({
      env: {
        LD_PRELOAD: library ?? "",
        FAKETIME_TIMESTAMP_FILE: clock,
        FAKETIME_NO_CACHE: "1",
        FAKETIME_DONT_FAKE_MONOTONIC: "1",
      },
    });
    const pillar = await street.add("pillar-1");
    pillar.start();
    await pillar.untilArmed();
    await pillar.press();
    await pillar.untilLamp("received");
    for (const offset of ["+1d", "-1d"]) {
      const before = passed();
      setClock(offset);
      await delay(TICKS_MS);
      expect(passed() - before).toBeLessThanOrEqual(1);
      const [incident] = await street.hub.desk.active();
      expect(incident!.deadlineAt).not.toBeNull();
      await expect.poll(passed, { timeout: 25_000 }).toBeGreaterThan(before);
    }
    const isLeapSeen = readJournal(street.hub.dir).some(
      ({ at }) => at > Date.now() + HALF_A_DAY_MS,
    );
    expect(isLeapSeen).toBe(true);
    expect(pillar.lamp()).toBe("received");
    await street.hub.desk.clear();
    await pillar.untilLamp("standby");
    await pillar.press();
    await pillar.untilLamp("received");
    await street.hub.desk.clear();
    expect(await street.verdict()).toEqual([]);
  },
);
