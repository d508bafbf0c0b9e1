/** From what vitest reports of the files to one line per promise. */
import { relative } from "node:path";
import { z } from "zod";
import type { Promised } from "./promises.ts";

/** As far as it is read: vitest's `json` reporter. */
const Report = z.object({
  testResults: z.array(
    z.object({
      name: z.string(),
      startTime: z.number(),
      endTime: z.number(),
      status: z.string(),
      message: z.string().optional(),
      assertionResults: z.array(z.object({ status: z.string(), fullName: z.string() })),
    }),
  ),
});
export type Report = z.infer<typeof Report>;
export const readReport = (text: string): Report => Report.parse(JSON.parse(text));

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

type FileResult = Report["testResults"][number];

/** A promise is kept when each of its files ran, nothing in them failed, and something in each was tried. */
export function verdictsOf(
  promises: readonly Promised[],
  report: Report,
  root: string,
): readonly Verdict[] {
  const resultByFile = new Map(
    report.testResults.map((result) => [relative(root, result.name), result]),
  );
  return promises.map(({ name, en, short }) => {
    const results = short.flatMap((file) => resultByFile.get(file) ?? []);
    const trouble = short.flatMap((file) => troubleOf(file, resultByFile.get(file)));
    const ms = results.reduce((sum, { startTime, endTime }) => sum + endTime - startTime, 0);
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
  if (!result) return [`${file}: did not run`];
  const failed = result.assertionResults.filter(({ status }) => status === "failed");
  if (failed.length > 0) return failed.map(({ fullName }) => `${file}: ${fullName}`);
  if (result.status === "failed") return [`${file}: ${firstLine(result.message)}`];
  return count([result], "passed") === 0 ? [`${file}: nothing in it could run here`] : [];
}

const count = (results: readonly FileResult[], wanted: string): number =>
  results.flatMap((one) => one.assertionResults).filter(({ status }) => status === wanted).length;

const firstLine = (text = ""): string => text.trim().split("\n")[0] || "could not be loaded";

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
