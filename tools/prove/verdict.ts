/** From what vitest reports of the files to one line per promise. */
import { relative } from "node:path";
import { z } from "zod";
import type { Promised } from "./promises.ts";

/** One test file, as `reporter.ts` writes it. */
const FileResult = z.object({
  /** Absolute path. */
  file: z.string(),
  ms: z.number(),
  /** What kept it from being loaded. */
  errors: z.array(z.string()),
  tests: z.array(z.object({ name: z.string(), state: z.string() })),
});
export type FileResult = z.infer<typeof FileResult>;

/** Whole lines only: a run that was killed may have left half of the last one. */
export const readResults = (text: string): readonly FileResult[] =>
  text
    .split("\n")
    .slice(0, -1)
    .map((line) => FileResult.parse(JSON.parse(line)));

export interface Verdict {
  readonly name: string;
  readonly promise: string;
  readonly isKept: boolean;
  readonly passed: number;
  readonly skipped: number;
  /** Of all its files together; files run two at a time. */
  readonly seconds: number;
  /** One line per thing that is wrong. */
  readonly trouble: readonly string[];
}

/**
 * A promise is kept when each of its files ran, nothing
 * in them failed, and something in each was tried.
 */
export function verdictsOf(
  promises: readonly Promised[],
  all: readonly FileResult[],
  root: string,
): readonly Verdict[] {
  const resultByFile = new Map(all.map((result) => [relative(root, result.file), result]));
  return promises.map(({ name, en, short }) => {
    const results = short.flatMap((file) => resultByFile.get(file) ?? []);
    const trouble = short.flatMap((file) => troubleOf(file, resultByFile.get(file)));
    const ms = results.reduce((sum, one) => sum + one.ms, 0);
    return {
      name,
      promise: en.promise,
      isKept: trouble.length === 0,
      passed: count(results, "passed"),
      skipped: count(results, "skipped") + count(results, "pending"),
      seconds: Math.round(ms / 1000),
      trouble,
    };
  });
}

function troubleOf(file: string, result: FileResult | undefined): readonly string[] {
  if (!result) return [`${file}: did not run to its end`];
  const failed = result.tests.filter(({ state }) => state === "failed");
  if (failed.length > 0) return failed.map(({ name }) => `${file}: ${name}`);
  if (result.errors.length > 0) return result.errors.map((error) => `${file}: ${error}`);
  return count([result], "passed") === 0 ? [`${file}: nothing in it could run here`] : [];
}

const count = (results: readonly FileResult[], wanted: string): number =>
  results.flatMap(({ tests }) => tests).filter(({ state }) => state === wanted).length;

/** The table people read. */
export function tableOf(verdicts: readonly Verdict[]): string {
  const width = Math.max(...verdicts.map(({ name }) => name.length));
  const lines = verdicts.flatMap(({ name, promise, isKept, passed, skipped, seconds, trouble }) => {
    const counted = `${passed} passed${skipped > 0 ? `, ${skipped} skipped` : ""}, ${seconds} s`;
    const word = isKept ? "kept  " : "BROKEN";
    return [
      `${word}  ${name.padEnd(width)}  ${promise} (${counted})`,
      ...trouble.map((one) => `        ${one}`),
    ];
  });
  const kept = verdicts.filter(({ isKept }) => isKept).length;
  return [...lines, "", `Promises: ${kept} kept, ${verdicts.length - kept} broken`].join("\n");
}
