/**
 * Runs tests again and again in one process, which saves
 * the start of the test program for every mutant.
 *
 * Started by `sandbox.ts` in the copy of the tree, with a channel: each message asks for one run,
 * the answer says whether all its tests passed. A run that hangs is ended by killing the process.
 */
import { BaseSequencer, createVitest, type TestSpecification } from "vitest/node";

export interface Ask {
  /** Absolute paths of the source files that changed since the last run. */
  readonly changed: readonly string[];
  /** Folders of test files, relative to the working directory. */
  readonly folders: readonly string[];
  /** Test files whose name begins with one of these words are run first. */
  readonly first: readonly string[];
}

export interface Answer {
  readonly hasPassed: boolean;
  /** The test that failed, or the file that could not be read. */
  readonly failed?: string;
}

/** The end of one run may still cut the next one short; not one after the other. */
const MAX_TRIES = 5;

/** Keeps the order in which the files are given, so that the likeliest to fail comes first. */
class GivenOrder extends BaseSequencer {
  override sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    return Promise.resolve(files);
  }
}

let isCutShort = false;

/** One worker for all files of a folder halves the time; the first failure is enough. */
const vitest = await createVitest({
  watch: false,
  bail: 1,
  // A busy machine must not count as a test that fails.
  testTimeout: 120_000,
  hookTimeout: 120_000,
  isolate: false,
  pool: "threads",
  maxWorkers: 1,
  reporters: [
    { onTestRunEnd: (_modules, _errors, how) => void (isCutShort = how === "interrupted") },
  ],
  sequence: { sequencer: GivenOrder },
});

process.on("message", (ask: Ask) => void run(ask).then((answer) => process.send?.(answer)));

async function run({ changed, folders, first }: Ask): Promise<Answer> {
  for (const path of changed) vitest.invalidateFile(path);
  const all = await vitest.globTestSpecifications([...folders]);
  const isFirst = ({ moduleId }: TestSpecification): boolean =>
    first.some((word) => moduleId.slice(moduleId.lastIndexOf("/") + 1).startsWith(word));
  const inOrder = [...all.filter(isFirst), ...all.filter((one) => !isFirst(one))];
  for (let tries = 0; tries < MAX_TRIES; tries++) {
    const { testModules, unhandledErrors } = await vitest.runTestSpecifications(inOrder);
    const failed = testModules.find((one) => !one.ok());
    if (failed) {
      const [test] = failed.children.allTests("failed");
      return { hasPassed: false, failed: `${failed.relativeModuleId}: ${test?.fullName ?? ""}` };
    }
    if (unhandledErrors.length > 0)
      return { hasPassed: false, failed: "an error outside of tests" };
    // Cut short without a failure: tests were left out, and nothing is known.
    if (!isCutShort) return { hasPassed: inOrder.length > 0 };
  }
  // Not counted as found: the result is not known.
  return { hasPassed: true };
}
