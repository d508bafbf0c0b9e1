/** A program that starts slowly is waited for; one that does nothing is given up. */
import { spawn, type ChildProcess } from "node:child_process";
import { afterEach, expect, test } from "vitest";
import { readyWhileProgressing } from "../../../simulator/demo/progress.ts";

let child: ChildProcess | undefined;
afterEach(() => void child?.kill("SIGKILL"));

const run = (script: string): void => {
  child = spawn(process.execPath, ["-e", script], { stdio: "ignore" });
};
const pid = (): number | undefined => child?.pid;
const lines = (): number => 0;

test("one that works is waited for, far beyond the patience with one that does nothing", async () => {
  run("for (;;) {}");
  const readyAt = performance.now() + 4000;
  const told: number[] = [];
  const isReady = await readyWhileProgressing({
    ...{ pid, lines, patienceMs: 1500, tellEveryMs: 500 },
    isReady: async () => performance.now() > readyAt,
    onWait: (waitedMs) => told.push(waitedMs),
  });
  expect(isReady).toBe(true);
  expect(told.length).toBeGreaterThan(1);
});

test("one that prints is waited for, though it uses no processor", async () => {
  run("setTimeout(() => {}, 60_000)");
  const startedAt = performance.now();
  const isReady = await readyWhileProgressing({
    ...{ pid, patienceMs: 1500 },
    lines: () => Math.floor((performance.now() - startedAt) / 100),
    isReady: async () => performance.now() - startedAt > 3000,
  });
  expect(isReady).toBe(true);
});

test("one that does nothing is given up after the patience", async () => {
  run("setTimeout(() => {}, 60_000)");
  const isReady = await readyWhileProgressing({
    ...{ pid, lines, patienceMs: 1500 },
    isReady: () => Promise.reject(new Error("no answer")),
  });
  expect(isReady).toBe(false);
});

test("one that ended and is not started again is given up at once", async () => {
  const isReady = await readyWhileProgressing({
    ...{ pid, lines, patienceMs: 60_000 },
    isReady: async () => false,
    isGivenUp: () => true,
  });
  expect(isReady).toBe(false);
});
