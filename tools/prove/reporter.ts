/**
 * A vitest reporter: the result of each test file, as a line of JSON, as soon as it is known. A run
 * that is cut short has then said what it knew.
 */
import { appendFileSync } from "node:fs";
import type { Reporter, TestModule } from "vitest/node";
import type { FileResult } from "./verdict.ts";

/** The environment variable that names the file to write to. */
export const OUTPUT = "ANZHU_PROVE_OUTPUT";

export default class LineReporter implements Reporter {
  onTestModuleEnd(module: TestModule): void {
    const path = process.env[OUTPUT];
    if (path === undefined) throw new Error(`bug: ${OUTPUT} names no file`);
    appendFileSync(path, `${JSON.stringify(resultOf(module))}\n`);
  }
}

function resultOf(module: TestModule): FileResult {
  const tests = [...module.children.allTests()].map((test) => ({
    name: test.fullName,
    state: test.result().state,
  }));
  return {
    file: module.moduleId,
    ms: Math.round(module.diagnostic().duration),
    errors: module.errors().map(({ message }) => message),
    tests,
  };
}
