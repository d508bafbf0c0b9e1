import { describe, expect, test } from "vitest";
import {
  fullInDays,
  MAX_SAMPLES,
  SAMPLE_EVERY_MS,
  withSample,
  type Sample,
} from "../../../../hub/core/recording/forecast.ts";
import { RECORDING_LEAST_BYTES } from "../../../../hub/core/recording/retention.ts";

const DAY_MS = 86_400_000;
const GIB = 1024 ** 3;
const START = Date.UTC(2026, 10, 1);

/**
 * A sample every ten minutes for so many hours, of a disk whose free space is what `freeAt` says
 * (days since the start).
 */
function watched(hours: number, freeAt: (days: number) => number): readonly Sample[] {
  let samples: readonly Sample[] = [];
  for (let at = START; at <= START + hours * 3_600_000; at += SAMPLE_EVERY_MS) {
    samples = withSample(samples, { at, freeBytes: freeAt((at - START) / DAY_MS) });
  }
  return samples;
}
const now = (samples: readonly Sample[]): number => samples.at(-1)?.freeBytes ?? 0;
const forecast = (samples: readonly Sample[]) => fullInDays(samples, now(samples));

test("a disk that loses 2 GiB a day and has 20 GiB to spare is full in ten days", () => {
  const samples = watched(48, (days) => RECORDING_LEAST_BYTES + 24 * GIB - 2 * GIB * days);
  expect(forecast(samples)).toBeCloseTo(10, 6);
});

test("a disk that stays as it is, or empties, is never full", () => {
  expect(forecast(watched(48, () => 50 * GIB))).toBe(null);
  expect(forecast(watched(48, (days) => 10 * GIB + GIB * days))).toBe(null);
});

test("one evening of calls among quiet days does not turn the forecast round", () => {
  const samples = watched(6 * 24, (days) => 100 * GIB - GIB * days - (days > 5.9 ? 2 * GIB : 0));
  const days = forecast(samples) ?? 0;
  expect(days).toBeGreaterThan(60);
  expect(days).toBeLessThan(95);
});

test("deletions in between count: what grows and shrinks by the same is not filling", () => {
  const samples = watched(6 * 24, (days) => 20 * GIB - GIB * ((days * 8) % 1));
  expect(forecast(samples) ?? 3650).toBeGreaterThan(300);
});

test("from less than an hour nothing is said", () => {
  const falling = (days: number): number => 50 * GIB - 10 * GIB * days;
  expect(forecast(watched(0.5, falling))).toBe(null);
  expect(forecast(watched(1, falling))).toBeCloseTo(
    (now(watched(1, falling)) - RECORDING_LEAST_BYTES) / (10 * GIB),
    6,
  );
  expect(fullInDays([], 5)).toBe(null);
});

test("a disk below the line where recordings stop is full now", () => {
  const samples = watched(24, (days) => RECORDING_LEAST_BYTES * (1 - days / 2));
  expect(forecast(samples)).toBe(0);
});

test("further than ten years is no forecast", () => {
  expect(forecast(watched(48, (days) => 5000 * GIB - GIB * days))).toBe(null);
  expect(forecast(watched(48, (days) => 3000 * GIB - GIB * days))).not.toBe(null);
});

test("a week is remembered, and no sample too many", () => {
  const samples = watched(30 * 24, () => 1);
  expect(samples).toHaveLength(MAX_SAMPLES);
  expect((samples.at(-1)?.at ?? 0) - (samples[0]?.at ?? 0)).toBe(7 * DAY_MS);
});

test("a look that comes sooner than the next sample is not kept", () => {
  const one = withSample([], { at: START, freeBytes: 1 });
  expect(withSample(one, { at: START + SAMPLE_EVERY_MS - 1, freeBytes: 2 })).toEqual(one);
  expect(withSample(one, { at: START + SAMPLE_EVERY_MS, freeBytes: 2 })).toHaveLength(2);
});

test("what a clock that was set back left in the future goes", () => {
  const samples = watched(2, () => 1);
  expect(withSample(samples, { at: START - DAY_MS, freeBytes: 7 })).toEqual([
    { at: START - DAY_MS, freeBytes: 7 },
  ]);
});

describe("exactly", () => {
  const HOUR_MS = 3_600_000;
  /** Two samples of the disk, so far apart. */
  const two = (spanMs: number, lostBytes: number): readonly Sample[] => [
    { at: START, freeBytes: 100 * GIB },
    { at: START + spanMs, freeBytes: 100 * GIB - lostBytes },
  ];

  test("a sample is taken every ten minutes, for a week and one more", () => {
    expect([SAMPLE_EVERY_MS, MAX_SAMPLES]).toEqual([600_000, 1009]);
    const one = { at: START, freeBytes: 1 };
    const after = (ms: number) => withSample([one], { at: START + ms, freeBytes: 2 });
    expect(after(7 * DAY_MS)).toEqual([one, { at: START + 7 * DAY_MS, freeBytes: 2 }]);
    expect(after(7 * DAY_MS + 1)).toEqual([{ at: START + 7 * DAY_MS + 1, freeBytes: 2 }]);
    // A sample that is not later replaces the old one: the clock was set back, or stands still.
    expect(after(0)).toEqual([{ at: START, freeBytes: 2 }]);
    expect(after(1)).toEqual([one]);
  });

  test("an hour is enough, and a minute less is not", () => {
    expect(fullInDays(two(HOUR_MS - 1, GIB), 50 * GIB)).toBe(null);
    expect(fullInDays(two(HOUR_MS, GIB), 24 * GIB + RECORDING_LEAST_BYTES)).toBeCloseTo(1, 9);
    expect(fullInDays(two(0, GIB), 50 * GIB)).toBe(null);
    expect(fullInDays(two(HOUR_MS, GIB).slice(1), 50 * GIB)).toBe(null);
  });

  test("ten years are a forecast, and a day more is none; nothing that is left is full now", () => {
    const aDay = two(DAY_MS, GIB);
    const left = (days: number) => fullInDays(aDay, days * GIB + RECORDING_LEAST_BYTES);
    expect([left(3650), left(3651)]).toEqual([3650, null]);
    expect([left(0), left(-0.5)]).toEqual([0, 0]);
    expect(fullInDays(two(DAY_MS, 0), 50 * GIB)).toBe(null);
    expect(fullInDays(two(DAY_MS, -GIB), 50 * GIB)).toBe(null);
  });

  test("the line lies through all samples, whatever their first one is", () => {
    const samples = [100, 90, 89, 79].map((gib, n) => ({
      ...{ at: START + n * DAY_MS, freeBytes: gib * GIB },
    }));
    // By hand: a slope of (1.5·21 + 0.5·1) / 5 = 6.4 GiB a day.
    expect(fullInDays(samples, 64 * GIB + RECORDING_LEAST_BYTES)).toBeCloseTo(10, 9);
  });
});
