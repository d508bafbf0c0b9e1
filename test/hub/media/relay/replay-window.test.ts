import * as fc from "fast-check";
import { expect, test } from "vitest";
import { newReplayGuard, newReplayWindow } from "../../../../hub/media/relay/replay-window.ts";

test("no order and no repetition makes a packet count twice", () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 0, max: 0xffff }),
      fc.array(fc.integer({ min: 0, max: 200 }), { maxLength: 300 }),
      (start, steps) => {
        const window = newReplayWindow();
        const taken = new Set<number>();
        for (const step of steps) {
          const sequence = (start + step) & 0xffff;
          expect(window.accept(sequence)).toBe(!taken.has(sequence));
          taken.add(sequence);
        }
      },
    ),
  );
});

test("a stream of any length passes once, across every wrap", () => {
  const window = newReplayWindow();
  let first = 0;
  let again = 0;
  for (let index = 0; index < 200_000; index += 1) {
    if (window.accept(index & 0xffff)) first += 1;
    if (window.accept(index & 0xffff)) again += 1;
  }
  expect([first, again]).toEqual([200_000, 0]);
});

test("a late packet passes inside the window and never outside it", () => {
  const window = newReplayWindow(64);
  window.accept(1000);
  window.accept(1100);
  expect(window.accept(1100 - 63)).toBe(true);
  expect(window.accept(1100 - 64)).toBe(false);
  expect(window.accept(1000)).toBe(false);
});

test("streams do not disturb each other, and there may be any number of them", () => {
  const accept = newReplayGuard();
  for (let ssrc = 0; ssrc < 1000; ssrc += 1) expect(accept(ssrc, 7)).toBe(true);
  expect(accept(999, 7)).toBe(false);
});
