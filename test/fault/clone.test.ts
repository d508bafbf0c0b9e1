/** One pillar's identity on two machines at once: two real agents, a real hub. */
import { cpSync, mkdirSync } from "node:fs";
import { afterAll, beforeAll, expect, test } from "vitest";
import { PROMISED_MS } from "../../shared/promises.ts";
import { openStreet, type Street } from "./harness/programs/street.ts";
import type { PillarUnderTest } from "./harness/programs/pillar.ts";

const SLOW = 120_000;
/** Three connections that throw each other out; each comes back after one second on average. */
const FOUND_WITHIN_MS = PROMISED_MS.visible;

let street: Street;
let original: PillarUnderTest;
let copy: PillarUnderTest;
beforeAll(async () => {
  street = await openStreet();
  original = await street.add("doubled");
  const dataDir = `${street.dir}/stolen`;
  cpSync(original.dataDir, dataDir, { recursive: true });
  mkdirSync(`${street.dir}/elsewhere`);
  copy = await street.add("doubled", { dir: `${street.dir}/elsewhere`, dataDir });
});
afterAll(() => street?.close());

test(
  "G8 two machines of one identity at once are a fault within 15 s, and a press of the real one is accepted",
  { timeout: SLOW },
  async () => {
    original.start();
    await original.untilArmed();
    copy.start();
    await copy.untilArmed();
    await expect
      .poll(async () => (await street.hub.operator.pillar("doubled")).faults, {
        timeout: FOUND_WITHIN_MS,
      })
      .toContain("clone-suspected");
    await original.press();
    await original.untilLamp("received", "answered");
    const [incident] = await street.hub.operator.active();
    expect(incident).toMatchObject({ pillarId: "doubled", presses: 1 });
  },
);
