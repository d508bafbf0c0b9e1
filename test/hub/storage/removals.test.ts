/**
 * Deletions on a disk that refuses, fails or does not answer: each is tried again later and does
 * not delay the others.
 */
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { newPatience } from "../../../hub/storage/patience.ts";
import {
  FIRST_RETRY_MS,
  MOST_RETRY_MS,
  newRemovals,
  type Removable,
  type RemovalPort,
} from "../../../hub/storage/removals.ts";
import type { RecordingId } from "../../../shared/ids.ts";

const ANSWER_MS = 1000;
const READ_ONLY = Object.assign(new Error("EROFS: read-only file system"), { code: "EROFS" });
const id = (n: number): RecordingId => n.toString(16).padStart(32, "0") as RecordingId;
const file = (n: number, day = "2026-11-01"): Removable => ({
  id: id(n),
  path: `/r/${day}/${n}.mp4`,
  isDayOver: true,
});

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** A disk on which removals and flushes end as `given` says. */
function newDisk(given: Partial<RemovalPort> = {}) {
  const asked: string[] = [];
  const patience = newPatience(ANSWER_MS);
  const removals = newRemovals(
    {
      now: () => Date.now(),
      remove: async (path) => {
        asked.push(path);
        await given.remove?.(path);
      },
      flush: async (directory, isDayOver) => {
        asked.push(`flush ${directory}`);
        await given.flush?.(directory, isDayOver);
      },
    },
    patience,
  );
  return { asked, removals };
}

describe("a file that cannot be removed", () => {
  test("is tried again after 10 s, then after twice as long each time, up to ten minutes", async () => {
    const disk = newDisk({ remove: () => Promise.reject(READ_ONLY) });
    const gaps: number[] = [];
    let last = Date.now();
    for (let second = 0; second < 4000; second += 1) {
      const before = disk.asked.length;
      expect(await disk.removals.run([file(1)])).toEqual([]);
      if (disk.asked.length > before) {
        gaps.push(Date.now() - last);
        last = Date.now();
      }
      vi.advanceTimersByTime(1000);
    }
    const s = 1000;
    expect(gaps).toEqual([0, FIRST_RETRY_MS, 20 * s, 40 * s, 80 * s, 160 * s, 320 * s, ...most(5)]);
    expect(disk.removals.failure()).toContain("EROFS");
  });

  const most = (count: number): number[] => Array.from({ length: count }, () => MOST_RETRY_MS);

  test("holds up no other, and its reason goes when it is removed", async () => {
    let isReadOnly = true;
    const disk = newDisk({
      remove: (path) =>
        isReadOnly && path.includes("/1.mp4") ? Promise.reject(READ_ONLY) : Promise.resolve(),
    });
    expect(await disk.removals.run([file(1), file(2), file(3)])).toEqual([id(2), id(3)]);
    expect(disk.removals.failure()).toContain("EROFS");
    isReadOnly = false;
    expect(await disk.removals.run([file(1)])).toEqual([]);
    vi.advanceTimersByTime(FIRST_RETRY_MS);
    expect(await disk.removals.run([file(1)])).toEqual([id(1)]);
    expect(disk.removals.failure()).toBe(null);
  });

  test("is forgotten when it is no longer to be removed", async () => {
    const disk = newDisk({ remove: () => Promise.reject(READ_ONLY) });
    await disk.removals.run([file(1)]);
    expect(await disk.removals.run([])).toEqual([]);
    expect(disk.removals.failure()).toBe(null);
  });
});

test("a directory that cannot be made durable keeps its files undone, and those of other days go", async () => {
  const disk = newDisk({
    flush: (directory) =>
      directory.endsWith("02") ? Promise.reject(READ_ONLY) : Promise.resolve(),
  });
  const [a, b, c] = [file(1), file(2, "2026-11-02"), file(3, "2026-11-02")];
  expect(await disk.removals.run([a, b, c])).toEqual([id(1)]);
  expect(disk.removals.failure()).toContain("EROFS");
});

describe("a disk that does not answer", () => {
  test("is asked one thing and not a second until it has answered; nobody waits longer than the limit", async () => {
    let answer = (): void => {};
    let isStuck = true;
    const disk = newDisk({
      remove: () =>
        isStuck ? new Promise((resolve) => void (answer = () => resolve())) : Promise.resolve(),
    });
    const first = disk.removals.run([file(1), file(2), file(3)]);
    await vi.advanceTimersByTimeAsync(ANSWER_MS);
    expect(await first).toEqual([]);
    expect(disk.asked).toEqual(["/r/2026-11-01/1.mp4"]);
    expect(disk.removals.failure()).toContain("has not answered for 1 s");
    expect(await disk.removals.run([file(1), file(2), file(3)])).toEqual([]);
    expect(disk.asked).toHaveLength(1);
    isStuck = false;
    answer();
    await vi.advanceTimersByTimeAsync(FIRST_RETRY_MS);
    expect(await disk.removals.run([file(1), file(2), file(3)])).toEqual([id(1), id(2), id(3)]);
    expect(disk.removals.failure()).toBe(null);
  });
});
