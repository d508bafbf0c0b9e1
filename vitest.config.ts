import { defineConfig } from "vitest/config";
import LongFirst from "./test/kit/run/long-first.ts";

const everywhere = {
  testTimeout: 30_000,
  hookTimeout: 60_000,
  /**
   * Waiting ends with the condition; on a busy machine
   * that may take more than the default second.
   */
  expect: { poll: { timeout: 15_000 } },
  pool: "forks",
} as const;

/** What keeps a core busy by itself: pages that are drawn, days of the world that are computed. */
const busy = ["test/browser/**/*.test.ts", "test/simulator/world/**/*.test.ts"];

/**
 * What works within one process and leaves nothing behind in it. Media is not among them: it is
 * real time, and waits for nobody.
 */
const modules = [
  "console/**",
  "device/{adapters,core,shell}/**",
  "hub",
  "hub/{accounts,api,core,identity,journal,link,settings,shell,storage}/**",
  "shared/**",
  "simulator/{live,load,poison}/**",
].map((folders) => `test/${folders}/*.test.ts`);

/** One after the other: beside what keeps both cores busy, promised times would be late. */
const first = { groupOrder: 0 };
const second = { groupOrder: 1 };

export default defineConfig({
  test: {
    globalSetup: ["./test/kit/run/temp-home.ts"],
    /** The default reporter for people, ours for the plain line at the end. */
    reporters: ["default", "./test/kit/run/summary-reporter.ts"],
    sequence: { sequencer: LongFirst },
    projects: [
      {
        test: { ...everywhere, name: "busy", include: busy, maxWorkers: 2, sequence: first },
      },
      {
        test: {
          ...everywhere,
          name: "programs",
          include: ["test/**/*.test.ts"],
          exclude: [...busy, ...modules],
          /** They wait for real processes half of the time: three at once keep two cores busy. */
          maxWorkers: 3,
          sequence: second,
        },
      },
      {
        test: {
          ...everywhere,
          name: "modules",
          include: modules,
          /** A process for each file would load everything again, which costs half a second. */
          isolate: false,
          maxWorkers: 3,
          sequence: second,
        },
      },
    ],
  },
});
