/**
 * Runs the short checks of promises, all files in one run of vitest, and judges what came of them.
 */
import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Promised } from "./promises.ts";
import { OUTPUT } from "./reporter.ts";
import { readResults, tableOf, verdictsOf, type FileResult } from "./verdict.ts";

const VITEST = join(import.meta.dirname, "../../node_modules/vitest/vitest.mjs");
const REPORTER = join(import.meta.dirname, "reporter.ts");
/**
 * Ten minutes are meant, on two idle cores; a busy machine is given time, an endless run is not.
 */
const MAX_MS = 30 * 60_000;

export interface Proof {
  /** Where the test files are. */
  readonly root: string;
  readonly print: (text: string) => void;
  /** Where vitest's own lines go. */
  readonly lines: "inherit" | "ignore";
}

/** The exit code: 0 when all promises are kept. */
export async function prove(promises: readonly Promised[], proof: Proof): Promise<0 | 1> {
  const files = [...new Set(promises.flatMap(({ short }) => short))];
  const { results, isClean } = await runFiles(files, proof);
  const verdicts = verdictsOf(promises, results, proof.root);
  proof.print(tableOf(verdicts));
  const areKept = verdicts.every(({ isKept }) => isKept);
  if (areKept && !isClean) proof.print("The run itself failed, outside of any test: see above.");
  return areKept && isClean ? 0 : 1;
}

interface Run {
  readonly results: readonly FileResult[];
  readonly isClean: boolean;
}

/** A run that is cut short leaves the results of the files that had ended. */
async function runFiles(files: readonly string[], { root, lines }: Proof): Promise<Run> {
  const folder = mkdtempSync(join(tmpdir(), "anzhu-prove-"));
  const output = join(folder, "results");
  const reporters = ["--reporter=default", `--reporter=${REPORTER}`];
  try {
    const child = spawn(process.execPath, [VITEST, "run", "--root", root, ...reporters, ...files], {
      stdio: ["ignore", lines, lines],
      env: { ...process.env, [OUTPUT]: output },
      timeout: MAX_MS,
    });
    const code = await new Promise((resolve) => child.once("close", resolve));
    const results = existsSync(output) ? readResults(readFileSync(output, "utf8")) : [];
    return { results, isClean: code === 0 };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
