/**
 * The test of the tests: each known bug, planted, is found by the seed that is known to find it.
 */
import { describe, expect, test } from "vitest";
import { CANARIES } from "../../../simulator/world/canaries/all.ts";
import { judge } from "../../../simulator/world/run/report.ts";

/** A day of the world is work, and longer on a busy machine. */
const WORK = { timeout: 180_000 };

/** Where any change of the world has moved the chance that found it in its seed. */
const MORE_SEEDS = 60;
/** Of a day: most bugs show by then. */
const FIRST_HOURS = 0.1;

const SEEDS = [
  ...new Map(
    CANARIES.map(({ firstSeed, density = "day" }) => [
      `${firstSeed} ${density}`,
      [firstSeed, density] as const,
    ]),
  ).values(),
];

describe("a canary", () => {
  test("each has a name of its own, and none is missing", () => {
    expect(new Set(CANARIES.map(({ name }) => name)).size).toBe(64);
  });

  test.each(SEEDS)(
    "without one the first hours of seed %i (%s) keep every promise",
    WORK,
    (seed, density) => {
      expect(judge({ seed, density, days: FIRST_HOURS, pillars: 3 }).violations).toEqual([]);
    },
  );

  test.each(CANARIES.map((canary) => [canary.name, canary] as const))(
    "%s is found",
    WORK,
    (_, canary) => {
      const { firstSeed, density = "day" } = canary;
      const isFound = (seed: number, days: number): boolean =>
        judge({ seed, density, days, pillars: 3, rules: canary.rules() }).violations.length > 0;
      const others = Array.from({ length: MORE_SEEDS }, (_each, n) => n + 1);
      const found =
        isFound(firstSeed, FIRST_HOURS) || [firstSeed, ...others].some((seed) => isFound(seed, 1));
      expect(found).toBe(true);
    },
  );
});
