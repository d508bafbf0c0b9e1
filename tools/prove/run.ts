/** Runs the short checks of promises, all files in one run of vitest, and judges what came of them. */
import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Promised } from "./promises.ts";
import { readReport, tableOf, verdictsOf, type Report } from "./verdict.ts";

const VITEST = join(import.meta.dirname, "../../node_modules/vitest/vitest.mjs");
/** Ten minutes are promised on two cores; a slower machine is given time, an endless run is not. */
const MAX_MS = 20 * 60_000;

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
  const { report, isClean } = await runFiles(files, proof);
  const verdicts = verdictsOf(promises, report, proof.root);
  proof.print(tableOf(verdicts));
  const areKept = verdicts.every(({ isKept }) => isKept);
  if (areKept && !isClean) proof.print("The run itself failed, outside of any test: see above.");
  return areKept && isClean ? 0 : 1;
}

interface Run {
  readonly report: Report;
  readonly isClean: boolean;
}

/** An empty report when the run did not come to its end: then no promise was checked. */
async function runFiles(files: readonly string[], { root, lines }: Proof): Promise<Run> {
  const folder = mkdtempSync(join(tmpdir(), "anzhu-prove-"));
  const output = join(folder, "report.json");
  const reporters = ["--reporter=default", "--reporter=json", `--outputFile.json=${output}`];
  try {
    const child = spawn(process.execPath, [VITEST, "run", "--root", root, ...reporters, ...files], {
      stdio: ["ignore", lines, lines],
      timeout: MAX_MS,
    });
    const code = await new Promise((resolve) => child.once("close", resolve));
    return { report: readReport(readFileSync(output, "utf8")), isClean: code === 0 };
  } catch (error) {
    console.error(`prove: the run left no report: ${String(error)}`);
    return { report: { testResults: [] }, isClean: false };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
