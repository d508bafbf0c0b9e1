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
  /** Each starts several programs: with more at a time than two cores bear, promised times are late. */
  maxWorkers: 2,
} as const;

/**
 * What works within one process and leaves nothing behind in it. Media is not among them: it is
 * real time, and waits for nobody.
 */
const modules = [
  "console/**",
  "device/{adapters,core,shell}/**",
  "hub",
  "hub/{accounts,api,core,identity,journal,link,shell,storage}/**",
  "shared/**",
  "simulator/{live,load,poison}/**",
].map((folders) => `test/${folders}/*.test.ts`);

export default defineConfig({
  test: {
    globalSetup: ["./test/kit/run/temp-home.ts"],
    /** The default reporter for people, ours for the plain line at the end. */
    reporters: ["default", "./test/kit/run/summary-reporter.ts"],
    sequence: { sequencer: LongFirst },
    maxWorkers: everywhere.maxWorkers,
    projects: [
      {
        test: {
          ...everywhere,
          name: "programs",
          include: ["test/**/*.test.ts"],
          exclude: modules,
        },
      },
      {
        /** A process for each file would load everything again, which costs half a second and more. */
        test: { ...everywhere, name: "modules", include: modules, isolate: false },
      },
    ],
  },
});
