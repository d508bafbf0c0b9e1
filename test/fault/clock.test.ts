/**
 * Group C: the wall clock of hub or agent is set while
 * somebody presses, waits, talks and has hung up.
 */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { afterEach, expect, test } from "vitest";
import { PROMISED_MS } from "../../shared/promises.ts";
import type { PillarUnderTest } from "./harness/programs/pillar.ts";
import { openStreet, readJournal, type Street } from "./harness/programs/street.ts";
import { libfaketime, underClock } from "./harness/programs/tool.ts";

const SLOW = 180_000;
/**
 * An hour is what a clock in local time goes back in
 * autumn, a second what it repeats on a leap second.
 */
const LEAPS = ["+1d", "-1d", "@1970-01-02 00:00:00", "@2106-02-07 06:28:10", "-1h", "-1"];
const BACK = "+0";
const DESKS_SECONDS = 3;
/** What asking for it takes. */
const GRAIN_MS = 500;
/** One tick of the hub, and a little. */
const TICK_MS = 1200;

let street: Street | undefined;
afterEach(async () => {
  await street?.close();
  street = undefined;
});

async function open(): Promise<Street> {
  const escalation = { desksAfterSeconds: DESKS_SECONDS, supervisorAfterSeconds: 60 };
  street = await openStreet({
    incidents: { escalation: { ...escalation, externalAfterSeconds: 90 } },
  });
  return street;
}

const clockOf = ({ dir }: Street): string => join(dir, "clock");
const setClock = (of: Street, to: string): void => writeFileSync(clockOf(of), `${to}\n`);

const escalated = ({ hub }: Street): number =>
  readJournal(hub.dir).filter(({ type }) => type === "incident-escalated").length;

async function untilDesksAreCalled(
  of: Street,
  { before, pressedAt }: { readonly before: number; readonly pressedAt: number },
): Promise<void> {
  await expect.poll(() => escalated(of), { timeout: 10_000 }).toBe(before + 1);
  const waitedMs = performance.now() - pressedAt;
  expect(waitedMs).toBeGreaterThan(DESKS_SECONDS * 1000 - GRAIN_MS);
  expect(waitedMs).toBeLessThan(DESKS_SECONDS * 1000 + PROMISED_MS.stepLate + GRAIN_MS);
}

interface Leap {
  readonly to: string;
  /** Of the hub: then the steps of the escalation are timed. */
  readonly isOfHub: boolean;
}

/** One call, with a leap there or back in each of its states. */
async function callWithLeaps(
  of: Street,
  pillar: PillarUnderTest,
  { to: leap, isOfHub }: Leap,
): Promise<void> {
  const { operator } = of.hub;
  const before = escalated(of);
  const pressing = pillar.press();
  const pressedAt = performance.now();
  setClock(of, leap);
  await pressing;
  await pillar.untilLamp("received");
  setClock(of, BACK);
  if (isOfHub) await untilDesksAreCalled(of, { before, pressedAt });
  const [incident] = await operator.active();
  await operator.order(incident!.id, "answer");
  await pillar.untilLamp("answered");
  setClock(of, leap);
  await delay(TICK_MS);
  expect(pillar.lamp()).toBe("answered");
  expect(await operator.incident(incident!.id)).toMatchObject({
    state: "answered",
    deadlineAt: null,
  });
  await operator.order(incident!.id, "close", { disposition: "test", note: "" });
  await pillar.untilLamp("standby");
  setClock(of, BACK);
  await delay(TICK_MS);
  expect(await operator.active()).toEqual([]);
  expect(escalated(of)).toBe(isOfHub ? before + 1 : before);
}

test(
  "C1 the hub's clock is set, by a second or to 2106, while a call is pressed, rings, is answered, is closed: no step is early, late or lost",
  { timeout: SLOW },
  async ({ skip }) => {
    const library = libfaketime();
    if (library === undefined) return skip("needs libfaketime; install it with apt-get");
    const here = await open();
    setClock(here, BACK);
    here.history.record({ what: "hub-clock-moved", at: Date.now() });
    await here.hub.stop();
    await here.hub.start(underClock(library, clockOf(here)));
    const pillar = await here.add("pillar-1");
    pillar.start();
    await pillar.untilArmed();
    for (const to of LEAPS) await callWithLeaps(here, pillar, { to, isOfHub: true });
    const moments = readJournal(here.hub.dir).map(({ at }) => new Date(at).getUTCFullYear());
    expect(moments).toEqual(expect.arrayContaining([1970, 2106]));
    expect(await here.verdict()).toEqual([]);
  },
);

test(
  "C1 the pillar's clock is set while its call is pressed, rings, is answered, is closed: nothing is lost, and the age of the press stays true",
  { timeout: SLOW },
  async ({ skip }) => {
    const library = libfaketime();
    if (library === undefined) return skip("needs libfaketime; install it with apt-get");
    const here = await open();
    setClock(here, BACK);
    const pillar = await here.add("pillar-1");
    pillar.start(underClock(library, clockOf(here)));
    await pillar.untilArmed();
    for (const to of LEAPS) {
      const pressedAt = Date.now();
      await callWithLeaps(here, pillar, { to, isOfHub: false });
      const { items } = await here.hub.operator.get<{ items: { pressedAt: string }[] }>(
        "/incidents?limit=1",
      );
      expect(Math.abs(Date.parse(items[0]!.pressedAt) - pressedAt)).toBeLessThan(1000);
    }
    // The judge compares a press with the pillar's clock, which is what was falsified here.
    const judged = (await here.verdict()).filter(({ invariant }) => /I[356]/.test(invariant));
    expect(judged).toEqual([]);
    const recorded = readJournal(here.hub.dir).filter(({ type }) => type === "alarm-recorded");
    expect(recorded).toHaveLength(LEAPS.length);
  },
);
