import { describe, expect, test } from "vitest";
import { ENDING_MS, mayBeDue, nextLook, sureOf, troubleOf } from "../../../device/core/renewal.ts";

const DAY_MS = 86_400_000;
const FROM = Date.UTC(2026, 10, 23);
const certificate = { from: FROM, until: FROM + 60 * DAY_MS };
const on = (days: number, isClockSynced = true) => ({
  wallMs: FROM + days * DAY_MS,
  isClockSynced,
});

describe("the next certificate is asked for", () => {
  test.each([
    ["not in the first two thirds", on(39), false],
    ["a millisecond before two thirds", on(40 - 1 / DAY_MS), false],
    ["at two thirds", on(40), true],
    ["in the last third", on(41), true],
    ["after the end: the hub decides", on(61), true],
    ["by a clock that nothing has set, whatever it says", on(1, false), true],
    ["by a clock of 1970, even if something claims to have set it", on(-20_000), true],
  ])("%s", (_when, calendar, isAsked) => {
    expect(mayBeDue(certificate, calendar)).toBe(isAsked);
  });

  test("again within the hour after a failure, and within eight hours otherwise", () => {
    for (const chance of [0, 0.5, 0.999]) {
      expect(nextLook(0, chance)).toBeGreaterThanOrEqual(4 * 3_600_000);
      expect(nextLook(0, chance)).toBeLessThan(8 * 3_600_000);
      for (const failures of [1, 2, 50]) {
        expect(nextLook(failures, chance)).toBeLessThanOrEqual(3_600_000);
      }
    }
  });
});

test("after failures in a row the wait doubles from five minutes to an hour", () => {
  const longest = [1, 2, 3, 4, 5, 6].map((failures) => nextLook(failures, 0.999_999_999));
  expect(longest.map((wait) => Math.round(wait / 60_000))).toEqual([5, 10, 20, 40, 60, 60]);
});

describe("a renewal that fails", () => {
  test("is a fault when less than ten days are left, in words that say why", () => {
    const daysOf = (days: number) => troubleOf(certificate, on(days), "no answer");
    expect(daysOf(50 - 1)).toBeUndefined();
    expect(daysOf(50 + 1)).toBe(
      "the certificate ends in 9 days and could not be renewed: no answer",
    );
    expect(daysOf(61)).toMatch(/has ended; enrol again with a new code \(no answer\)/);
    expect(ENDING_MS).toBe(10 * DAY_MS);
  });

  test("is none for a clock that cannot tell: the hub sees the end as well", () => {
    expect(troubleOf(certificate, on(59, false), "no answer")).toBeUndefined();
  });
});

test("a pillar is sure of its own certificate's beginning, and of its clock when something has set it", () => {
  expect(sureOf(certificate, on(-20_000, false))).toBe(FROM);
  expect(sureOf(certificate, on(-20_000))).toBe(FROM);
  expect(sureOf(certificate, on(30))).toBe(FROM + 30 * DAY_MS);
  expect(sureOf(certificate, on(30, false))).toBe(FROM);
});
