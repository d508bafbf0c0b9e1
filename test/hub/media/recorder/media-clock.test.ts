import { expect, test } from "vitest";
import { newMediaClock } from "../../../../hub/media/recorder/media-clock.ts";

/** Feeds packets of 20 ms whose delays repeat in this pattern. */
function drive(late: readonly number[], count: number, drift = 1): number {
  const clock = newMediaClock(48_000);
  let worst = 0;
  for (let index = 0; index < count; index += 1) {
    const truth = index * 20 * drift;
    const happened = clock.observe(
      (4_294_960_000 + index * 960) >>> 0,
      truth + (late[index % late.length] ?? 0),
    );
    if (index > count / 2) worst = Math.max(worst, Math.abs(happened - truth));
  }
  return worst;
}

test("jitter of 40 ms moves sound by less than 5 ms, across the wrap of the timestamps", () => {
  expect(drive([0, 12, 40, 3, 25], 2000)).toBeLessThan(5);
});

test("a drift of 100 ppm is followed for an hour", () => {
  expect(drive([0, 5], 180_000, 1.0001)).toBeLessThan(5);
});

test("a new timeline is taken up at once", () => {
  const clock = newMediaClock(90_000);
  clock.observe(0, 0);
  expect(clock.observe(2_000_000_000, 40)).toBe(40);
  expect(clock.timestampAt(50)).toBe(2_000_000_900);
});
