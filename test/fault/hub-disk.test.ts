/**
 * Group B at the hub: its disk fails an fsync, has no room for a write, dawdles, turns read-only.
 * What it cannot store it does not confirm; the pillars ask until it can.
 */
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { injected } from "./harness/disk/disk.ts";
import type { PillarUnderTest } from "./harness/programs/pillar.ts";
import { openPowerRig } from "./harness/disk/power-rig.ts";
import { endCall, openStreet, type Street } from "./harness/programs/street.ts";
import { missing } from "./harness/programs/tool.ts";

const SLOW = 120_000;
const PRESSES = 3;
const MOST_PRESSES = 8;

let street: Street;
let pillar: PillarUnderTest;
beforeEach(async () => {
  street = await openStreet();
  pillar = await street.add("pillar-1");
  pillar.start();
  await pillar.untilArmed();
  await street.hub.stop();
});
afterEach(() => street?.close());

const journal = (): string => join(street.hub.dir, "journal.db");

const failures = (): number =>
  street.hub.lines().filter((line) => line.includes("nothing is accepted until it can be")).length;

/** Presses at a hub on such a disk; the violations found in the end. */
async function pressOn(fault: string): Promise<readonly unknown[]> {
  await street.hub.start(injected(fault, journal()));
  // A thread fails at its own n-th call; until then, and once more, people press.
  for (let n = 0; n < PRESSES || (failures() === 0 && n < MOST_PRESSES); n += 1) {
    await pillar.press();
    await endCall(street, pillar);
  }
  return street.verdict();
}

test(
  "B4 fsync fails at the hub: nothing is confirmed on it, the journal is opened anew, every press is accepted",
  { timeout: SLOW },
  async ({ skip }) => {
    const reason = missing("strace");
    skip(reason !== undefined, reason);
    expect(await pressOn("fsync,fdatasync:error=EIO:when=6..7")).toEqual([]);
    expect(failures()).toBeGreaterThan(0);
  },
);

test(
  "B5 some writes find no room at the hub: nothing is confirmed on them, and every press is accepted",
  { timeout: SLOW },
  async ({ skip }) => {
    const reason = missing("strace");
    skip(reason !== undefined, reason);
    expect(await pressOn("pwrite64:error=ENOSPC:when=150..152")).toEqual([]);
    expect(failures()).toBeGreaterThan(0);
  },
);

test(
  "B7 every third write is interrupted at the hub: every press is accepted, and the chain holds",
  { timeout: SLOW },
  async ({ skip }) => {
    const reason = missing("strace");
    skip(reason !== undefined, reason);
    expect(await pressOn("pwrite64:error=EINTR:when=3+3")).toEqual([]);
  },
);

test(
  "B6 each fsync takes a second at the hub: it goes on answering, and no receipt comes before its commit",
  { timeout: SLOW },
  async ({ skip }) => {
    const reason = missing("strace");
    skip(reason !== undefined, reason);
    await street.hub.start(injected("fsync,fdatasync:delay_exit=1000000", journal()));
    const pressedAt = performance.now();
    const pressing = pillar.press();
    const answers: number[] = [];
    while (pillar.lamp() !== "received" && performance.now() - pressedAt < 20_000) {
      const askedAt = performance.now();
      await fetch(`${street.hub.url}/healthz`);
      answers.push(performance.now() - askedAt);
    }
    await pressing;
    expect(performance.now() - pressedAt).toBeGreaterThan(1000);
    expect(answers.length).toBeGreaterThan(3);
    // A hub that waited for its disk would answer only every second.
    expect(answers.toSorted((a, b) => a - b)[answers.length >> 1]).toBeLessThan(500);
    await endCall(street, pillar);
    expect(await street.verdict()).toEqual([]);
  },
);

test(
  "B3 the hub's disk turns read-only while it runs: nothing is confirmed, and the press is accepted after the repair",
  { timeout: SLOW },
  async ({ skip }) => {
    const rig = await openPowerRig(street.hub.dir);
    if (typeof rig === "string") return skip(rig);
    street.onClose(rig.close);
    await street.hub.start(rig.around);
    await pillar.press();
    await endCall(street, pillar);
    await rig.turnReadOnly();
    await pillar.press();
    await expect
      .poll(() => street.hub.lines().some((line) => line.includes("could not be recorded")), {
        timeout: 20_000,
      })
      .toBe(true);
    expect(pillar.lamp()).toBe("calling");
    await street.hub.cutPower(() => Promise.resolve());
    await rig.repair();
    await street.hub.start(rig.around);
    await endCall(street, pillar);
    expect(await street.verdict()).toEqual([]);
  },
);
