import { defineConfig } from "vitest/config";
import LongFirst from "./test/kit/run/long-first.ts";

export default defineConfig({
  test: {
    include: ["test/**/*.test.ts"],
    globalSetup: ["./test/kit/run/temp-home.ts"],
    /** The default reporter for people, ours for the plain line at the end. */
    reporters: ["default", "./test/kit/run/summary-reporter.ts"],
    /** Half of them wait for real processes: three at a time keep two cores busy. */
    maxWorkers: 3,
    sequence: { sequencer: LongFirst },
    testTimeout: 30_000,
    hookTimeout: 60_000,
    /**
     * Waiting ends with the condition; on a busy machine
     * that may take more than the default second.
     */
    expect: { poll: { timeout: 15_000 } },
    pool: "forks",
  },
});
