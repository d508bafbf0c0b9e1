/** How the watchdog decides which part has not checked in within the time it promised. */
import { expect, test } from "vitest";
import { LOOK_MS, newCells, newLook, vitalsIn } from "../../../../device/adapters/host/watchdog.ts";

const WITHIN_MS = 2000;
/** Enough looks to exceed the time promised, even if the first came just before the check-in. */
const LOOKS = WITHIN_MS / LOOK_MS + 2;

function newWorld() {
  const cells = newCells();
  const look = newLook(cells);
  return {
    ...vitalsIn(cells),
    look,
    looks: (count: number) => Array.from({ length: count }, look),
  };
}

test("a part that checks in as it promised is never missed", () => {
  const { checkIn, looks } = newWorld();
  for (let n = 0; n < 10; n += 1) {
    checkIn("board", WITHIN_MS);
    expect(looks(WITHIN_MS / LOOK_MS)).not.toContain("board");
  }
});

test("a part that stops is named when its time is over, and not before", () => {
  const { checkIn, looks, look } = newWorld();
  checkIn("heart", WITHIN_MS);
  expect(looks(LOOKS)).not.toContain("heart");
  expect(look()).toBe("heart");
});

test("nothing is expected of a part that rests, or has not begun", () => {
  const { checkIn, rest, looks } = newWorld();
  checkIn("link", WITHIN_MS);
  rest("link");
  expect(looks(100)).toEqual(Array(100).fill(undefined));
});

test("a part that promises more time has it", () => {
  const { checkIn, looks } = newWorld();
  checkIn("ledger", WITHIN_MS);
  looks(LOOKS);
  checkIn("ledger", 10 * WITHIN_MS);
  expect(looks((10 * WITHIN_MS) / LOOK_MS)).not.toContain("ledger");
});
