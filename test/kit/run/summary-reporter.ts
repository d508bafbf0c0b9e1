/** Ends a run with one plain line that people and programs read: `Tests: N passed, N failed`. */
import type { Reporter, TestModule } from "vitest/node";

const counted = { passed: 0, failed: 0, skipped: 0 };

export default class SummaryReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[], errors: readonly unknown[]): void {
    const count = { ...counted, failed: errors.length };
    for (const module of modules) {
      // A file that cannot even be loaded holds no tests, yet it failed.
      if (module.errors().length > 0) count.failed += 1;
      for (const test of module.children.allTests()) {
        const state = test.result().state;
        if (state === "passed" || state === "failed" || state === "skipped") count[state] += 1;
      }
    }
    const skipped = count.skipped > 0 ? `, ${count.skipped} skipped` : "";
    process.on("exit", () => {
      console.log(`Tests: ${count.passed} passed, ${count.failed} failed${skipped}`);
    });
  }
}
