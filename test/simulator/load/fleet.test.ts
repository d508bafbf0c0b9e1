/** A few light pillars at a real hub process: what thousands of them do is what these do. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { judgePresses, isExactlyOnce } from "../../../simulator/load/press-verdict.ts";
import { costOf } from "../../../simulator/load/process-cost.ts";
import { openLoad, type LoadRig } from "../../bench/rig/load-rig.ts";
import { waitFor } from "../../kit/run/wait.ts";

const PILLARS = 8;

let rig: LoadRig;
beforeAll(async () => {
  rig = await openLoad(PILLARS);
  await rig.hub.start();
  await rig.hub.isReady();
  await rig.fleet.start();
});
afterAll(() => rig.close());

test("a fleet is up when every pillar has its subscription", async () => {
  const { pillars } = await rig.fleet.report();
  expect(pillars).toHaveLength(PILLARS);
  expect(pillars.every(({ upAt }) => upAt !== null)).toBe(true);
});

test("those told to press do, once each, and keep the hub's receipt", async () => {
  await rig.fleet.press({ first: 2, count: 3, withinMs: 50 });
  await waitFor(async () => {
    const { presses } = await rig.fleet.report();
    expect(presses.filter(({ acceptedAt }) => acceptedAt !== null)).toHaveLength(3);
  });
  const { presses } = await rig.fleet.report();
  const journal = rig.journal();
  const verdict = judgePresses(presses, journal.alarms());
  journal.close();
  expect(verdict).toMatchObject({ pressed: 3, accepted: 3, incidents: 3 });
  expect(isExactlyOnce(verdict)).toBe(true);
  expect(presses.map(({ pillarId }) => pillarId).toSorted()).toEqual([
    "load-00003",
    "load-00004",
    "load-00005",
  ]);
});

test(
  "a press while the hub is down is accepted after its return",
  { timeout: 60_000 },
  async () => {
    await rig.hub.crash();
    await rig.fleet.press({ first: 0, count: 1, withinMs: 0 });
    await rig.hub.start();
    await waitFor(
      async () => {
        const { pillars, presses } = await rig.fleet.report();
        expect(presses.every(({ acceptedAt }) => acceptedAt !== null)).toBe(true);
        expect(pillars.every(({ upAt }) => upAt !== null)).toBe(true);
      },
      { timeout: 45_000 },
    );
  },
);

test("the cost of a process is its own", () => {
  const own = costOf(process.pid);
  const spinUntil = performance.now() + 10_000;
  let { cpuSeconds } = own;
  while (cpuSeconds <= own.cpuSeconds && performance.now() < spinUntil) {
    ({ cpuSeconds } = costOf(process.pid));
  }
  expect(cpuSeconds).toBeGreaterThan(own.cpuSeconds);
  expect(own.residentKib).toBeGreaterThan(10_000);
  expect(own.peakKib).toBeGreaterThanOrEqual(own.residentKib);
  expect(() => costOf(2 ** 30)).toThrow("ENOENT");
});
