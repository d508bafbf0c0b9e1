/**
 * Group K, in short: many people press at once at a real hub process, whose disk is quick or slow.
 *
 * Ten times as many, and what they take of the machine: `npm run bench -- burst`.
 */
import { describe, expect, test } from "vitest";
import { isExactlyOnce } from "../../simulator/load/press-verdict.ts";
import { measureBurst, slowFsync } from "../bench/load/burst.ts";
import { missing } from "./harness/programs/tool.ts";

const PILLARS = 150;
const SLOW = 120_000;
/** The product's own bars, from the last press on. */
const COMMITTED_MS = 1000;
const ACCEPTED_MS = 2000;

async function expectPressesInTime(around?: ReturnType<typeof slowFsync>): Promise<void> {
  const { verdict, committedMs } = await measureBurst(PILLARS, around);
  expect(verdict).toMatchObject({ pressed: PILLARS, accepted: PILLARS, incidents: PILLARS });
  expect(isExactlyOnce(verdict)).toBe(true);
  expect(committedMs).toBeLessThanOrEqual(COMMITTED_MS);
  expect(verdict.tailMs).toBeLessThanOrEqual(ACCEPTED_MS);
}

test(
  "K1 presses of many pillars within a second are committed within a second and accepted within two, once each",
  { timeout: SLOW },
  () => expectPressesInTime(),
);

const why = missing("strace");
describe.skipIf(why)(`with a disk that takes 20 ms to sync${why ? ` (${why})` : ""}`, () => {
  test(
    "K2 presses of many pillars are accepted within two seconds although every fsync takes 20 ms more",
    { timeout: SLOW },
    () => expectPressesInTime(slowFsync()),
  );
});
