/** The disk under the simulated ledgers: what a power cut may take, and what it may not. */
import { describe, expect, test } from "vitest";
import { newChance } from "../../../../simulator/world/chance.ts";
import { newCoverage } from "../../../../simulator/world/run/coverage.ts";
import { newDisk, type Disk } from "../../../../simulator/world/faults/disk.ts";

function diskOf(seed: number): Disk<number> {
  const chance = newChance(seed, "disk");
  return newDisk({ now: () => 0, chance, coverage: newCoverage(), owner: "hub" });
}

const SEEDS = Array.from({ length: 200 }, (_, seed) => seed);

describe("a power cut", () => {
  test("never takes what was synced", () => {
    for (const seed of SEEDS) {
      const disk = diskOf(seed);
      disk.write([1, 2]);
      expect(disk.sync().finish()).toBeUndefined();
      disk.write([3]);
      disk.powerCut();
      expect(disk.records().slice(0, 2)).toEqual([1, 2]);
    }
  });

  test("takes a transaction whole or not at all, and nothing from the middle", () => {
    const ends = new Set<number>();
    for (const seed of SEEDS) {
      const disk = diskOf(seed);
      disk.write([1, 2, 3]);
      disk.write([4, 5]);
      disk.powerCut();
      ends.add(disk.records().length);
      expect(disk.records()).toEqual([1, 2, 3, 4, 5].slice(0, disk.records().length));
    }
    expect([...ends].toSorted()).toEqual([0, 3, 5]);
  });

  test("a failed sync is told, and what it covered is not to be believed", () => {
    const disk = diskOf(1);
    disk.conditions.isDead = true;
    disk.write([1]);
    expect(disk.sync().finish()).toContain("EIO");
    expect(disk.syncedCount()).toBe(disk.records().length);
  });
});
