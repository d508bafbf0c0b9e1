/** A short soak; the long one is `npm run fault -- --sweep soak 10000`. */
import { expect, test } from "vitest";
import { soak } from "./harness/sweep/soak.ts";

const PRESSES = 60;

test(
  "sixty presses at three pillars, while agents, hub, threads, lines and disks fail, are in the journal in the end",
  { timeout: 180_000 },
  async () => {
    const { presses, kills, faults, violations } = await soak({
      ...{ presses: PRESSES, pillars: 3, seed: 1 },
      progress: () => undefined,
    });
    expect(violations).toEqual([]);
    expect(presses).toBe(PRESSES);
    expect(kills).toBeGreaterThan(0);
    expect(faults).toBeGreaterThan(kills);
  },
);
