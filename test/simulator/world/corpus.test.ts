/** Days that once went wrong, and a few that never did: they must stay good, and stay the same. */
import { describe, expect, test } from "vitest";
import { crashAtEveryEffect } from "../../../simulator/world/run/every-effect.ts";
import { judge } from "../../../simulator/world/run/report.ts";

/** Seed and what it once showed. */
const CORPUS: readonly (readonly [seed: number, story: string])[] = [
  [1, "a day with much of everything"],
  [2, "another profile"],
  [27, "a restored hub, and a pillar whose clock is in another century"],
  [
    25,
    "a pillar was enrolled again before its hub was restored, and nobody asked for what was forgotten",
  ],
  [33, "a restored hub knows a running call under another incident"],
];

/** The same, where thousands press. */
const DENSE: typeof CORPUS = [
  [2, "words of a call that was over came again while the next one called"],
  [3, "the end of a call was lost in a short cut between hub and broker"],
  [4, "a restored hub heard of the running call after all the years before it"],
  [16, "a backlog behind two addresses stood still"],
];

/** The whole day takes ten seconds; by hand: `world --dense --seeds 100`. */
const DENSE_DAYS = 0.25;
/** Each by hand: `world --every-effect --seed 9`. */
const EFFECT_STEP = 4;

/** Days of the world are work, and longer on a busy machine. */
const WORK = { timeout: 180_000 };

describe("the simulated world", WORK, () => {
  test.each(CORPUS)("seed %i keeps every promise (%s)", (seed) => {
    const verdict = judge({ seed, days: 1, pillars: 3 });
    expect(verdict.violations).toEqual([]);
    expect(verdict.presses).toBeGreaterThan(0);
  });

  test.each(DENSE)("keeps every promise when thousands press (seed %i: %s)", (seed) => {
    const verdict = judge({ seed, days: DENSE_DAYS, pillars: 3, density: "dense" });
    expect(verdict.violations).toEqual([]);
    expect(verdict.presses).toBeGreaterThan(1000);
  });

  test("gives the same trace for the same seed, and another for another", () => {
    const hashes = [5, 5, 6].map((seed) => judge({ seed, days: 1, pillars: 2 }).hash);
    expect(hashes[0]).toBe(hashes[1]);
    expect(hashes[2]).not.toBe(hashes[0]);
  });

  test("keeps every promise when the power fails before single effects of a short day", () => {
    const { effects, failures } = crashAtEveryEffect(9, EFFECT_STEP);
    expect(effects).toBeGreaterThan(200);
    expect(failures).toEqual([]);
  });
});
