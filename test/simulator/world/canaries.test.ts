/**
 * The test of the tests: each known bug, planted, is found by the seed that is known to find it.
 */
import { describe, expect, test } from "vitest";
import { CANARIES } from "../../../simulator/world/canaries/all.ts";
import { judge } from "../../../simulator/world/run/report.ts";

/** A day of the world is work, and longer on a busy machine. */
const WORK = { timeout: 180_000 };

describe("a canary", () => {
  test("each has a name of its own, and none is missing", () => {
    expect(new Set(CANARIES.map(({ name }) => name)).size).toBe(45);
  });

  test.each(CANARIES.map((canary) => [canary.name, canary] as const))(
    "%s is found",
    WORK,
    (_, canary) => {
      const { firstSeed: seed, density = "day" } = canary;
      const settings = { seed, density, days: 1, pillars: 3 };
      const verdict = judge({ ...settings, rules: canary.rules() });
      expect(verdict.violations).not.toEqual([]);
    },
  );
});
