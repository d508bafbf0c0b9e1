/** Groups A and B: the power fails, and only what was synced is there when it returns. */
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, onTestFinished, test } from "vitest";
import { openPowerRig } from "./harness/disk/power-rig.ts";
import { cutHubs, cutPillars, type CutResult } from "./harness/sweep/power-sweep.ts";
import { openStreet, type Street } from "./harness/programs/street.ts";

const SLOW = 120_000;

let street: Street;
beforeAll(async () => {
  street = await openStreet();
});
afterAll(() => street?.close());

/** What the files said between cuts, and what the history says in the end. */
const judged = async (result: CutResult): Promise<unknown[]> => [
  ...result.complaints,
  ...(await street.verdict()),
];

test(
  "a cut on the rig leaves what was synced and takes what was only written",
  { timeout: SLOW },
  async ({ skip }) => {
    const dir = mkdtempSync(join(tmpdir(), "anzhu-rig-"));
    onTestFinished(() => rmSync(dir, { recursive: true, force: true }));
    const rig = await openPowerRig(dir);
    if (typeof rig === "string") return skip(rig);
    onTestFinished(rig.close);
    await rig.run(`echo kept > ${dir}/synced && sync ${dir}/synced && echo lost > ${dir}/written`);
    await rig.cut();
    await rig.restore();
    expect(existsSync(rig.seen(join(dir, "synced")))).toBe(true);
    expect(existsSync(rig.seen(join(dir, "written")))).toBe(false);
  },
);

test(
  "A1 the pillar's power is cut around a press, also in the middle of its commit: what was stored is there and calls",
  { timeout: SLOW },
  async ({ skip }) => {
    const result = await cutPillars(street, { id: "cut", rounds: 2 });
    if (typeof result === "string") return skip(result);
    expect(await judged(result)).toEqual([]);
  },
);

test(
  "A3 the power fails again and again while the pillar boots, with presses between: each boot counts up, nothing stored is lost",
  { timeout: SLOW },
  async ({ skip }) => {
    const result = await cutPillars(street, { id: "boot-loop", rounds: 4, isBootLoop: true });
    if (typeof result === "string") return skip(result);
    expect(await judged(result)).toEqual([]);
  },
);

test(
  "A1 the hub's power is cut around a press, also in the middle of its commit: nothing it confirmed is lost",
  { timeout: SLOW },
  async ({ skip }) => {
    const result = await cutHubs(street, { id: "hub-cut", rounds: 2 });
    if (typeof result === "string") return skip(result);
    expect(await judged(result)).toEqual([]);
  },
);
