/**
 * How strong the tests are: plants small mistakes in the cores and the protocol, one at a time, and
 * counts how many of them the tests notice.
 *
 *     npm run mutate -- --seed 1 --count 100 [--jobs 2] [--only hub/core] [--file pillar-registry]
 *       [--quick]
 *
 * Each mutant meets the tests of its own module first, then those of its folder, and what survives
 * them the scenarios and the simulated world; with `--quick` only the tests of its own folder,
 * which is stricter and takes seconds. The first test that fails ends the run. Exit code 1 when
 * fewer than 90 % of those that the compiler takes and that are not judged equivalent
 * (`equivalent.ts`) are found.
 */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { Command } from "commander";
import { newChance } from "../../simulator/world/chance.ts";
import { EQUIVALENT } from "./equivalent.ts";
import { applied, mutantsOf, type Mutant } from "./mutants.ts";
import { openSandbox, type Outcome } from "./sandbox.ts";
import { openTypeCheck } from "./type-check.ts";

const ROOT = join(import.meta.dirname, "../..");
const LEAST_SCORE = 0.9;
const WORLD = ["test/scenario", "test/simulator/world"];

const CORES = ["test/device/core", "test/hub/core"];

/** Where mutants are planted, and which tests they meet, in order. */
const TESTS: Readonly<Record<string, readonly (readonly string[])[]>> = {
  "device/core": [["test/device/core"], ["test/device/adapters"], WORLD],
  "hub/core": [["test/hub/core"], ["test/hub/journal"], WORLD],
  "shared/protocol": [["test/shared/protocol"], ["test/shared", ...CORES], WORLD],
};

interface Flags {
  readonly seed: string;
  readonly count: string;
  readonly jobs: string;
  readonly only?: string;
  readonly file?: string;
  readonly quick?: true;
}

interface Tried {
  readonly mutant: Mutant;
  readonly outcome: Outcome | "equivalent" | "no-compile";
}

const flags = new Command("npm run mutate --")
  .option("--seed <n>", "which mutants are drawn", "1")
  .option("--count <n>", "how many", "100")
  .option("--jobs <n>", "how many at a time", "2")
  .option("--only <folder>", `one of ${Object.keys(TESTS).join(", ")}`)
  .option("--file <text>", "only source files whose path holds this")
  .option("--quick", "only the tests of the mutant's own folder")
  .parse()
  .opts<Flags>();

const folders = Object.keys(TESTS).filter((one) => (flags.only ?? one) === one);
if (folders.length === 0) throw new Error(`expected one of ${Object.keys(TESTS).join(", ")}`);
const { drawn, refused } = sample();
const tried = await tryAll(drawn, Number(flags.jobs));
process.exitCode = report([...tried, ...refused]) ? 0 : 1;

/** Drawn without looking at the tests; what the compiler refuses is passed over and counted. */
function sample(): { readonly drawn: Mutant[]; readonly refused: Tried[] } {
  const files = folders.flatMap((folder) =>
    readdirSync(join(ROOT, folder), { recursive: true, encoding: "utf8" })
      .filter((name) => name.endsWith(".ts"))
      .map((name) => `${folder}/${name}`)
      .filter((path) => path.includes(flags.file ?? "")),
  );
  const textOf = (file: string): string => readFileSync(join(ROOT, file), "utf8");
  const left = files.flatMap((file) => mutantsOf(file, textOf(file)));
  const types = openTypeCheck(ROOT, files);
  const chance = newChance(Number(flags.seed), "mutants");
  const drawn: Mutant[] = [];
  const refused: Tried[] = [];
  console.log(`${left.length} mutants of ${files.length} files; seed ${flags.seed}`);
  while (drawn.length < Number(flags.count) && left.length > 0) {
    const [mutant] = left.splice(chance.below(left.length), 1);
    if (!mutant) break;
    const isValid = types.isValid(mutant.file, applied(textOf(mutant.file), mutant));
    if (isValid) drawn.push(mutant);
    else refused.push({ mutant, outcome: "no-compile" });
  }
  return { drawn, refused };
}

async function tryAll(mutants: readonly Mutant[], jobs: number): Promise<Tried[]> {
  const waiting = [...mutants];
  const done: Tried[] = [];
  const work = async (): Promise<void> => {
    const sandbox = openSandbox(ROOT);
    try {
      for (const folder of folders) await sandbox.assertSound(testsFor(`${folder}/`));
      for (let mutant = waiting.shift(); mutant; mutant = waiting.shift()) {
        const found = isJudged(mutant)
          ? "equivalent"
          : await sandbox.tryOut(mutant, testsFor(mutant.file));
        done.push({ mutant, outcome: found });
        if (done.length % 20 === 0) console.log(`${done.length} of ${mutants.length} tried`);
        // One that hangs counts as found; whether it hung or
        // the machine was slow is for the reader to judge.
        if (found === "survived" || found === "timeout") {
          console.log(`${found.padEnd(9)} ${describe(mutant)}`);
        }
      }
    } finally {
      sandbox.remove();
    }
  };
  await Promise.all(Array.from({ length: jobs }, work));
  return done;
}

function testsFor(file: string): readonly (readonly string[])[] {
  const all = Object.entries(TESTS).find(([folder]) => file.startsWith(`${folder}/`))?.[1] ?? [];
  return flags.quick ? all.slice(0, 1) : all;
}

function isJudged({ file, context, original, replacement }: Mutant): boolean {
  return EQUIVALENT.some(
    (one) =>
      one.file === file &&
      one.context === context &&
      one.original === original &&
      (one.replacement ?? replacement) === replacement,
  );
}

function describe({ file, line, kind, original, replacement, context }: Mutant): string {
  const short = (text: string): string => text.replaceAll(/\s+/g, " ").slice(0, 60);
  return `${file}:${line} ${kind}: ${short(original)} → ${short(replacement)}   in: ${context}`;
}

/** Returns whether enough was found. */
function report(all: readonly Tried[]): boolean {
  let isGood = true;
  for (const folder of folders) {
    const mine = all.filter(({ mutant }) => mutant.file.startsWith(`${folder}/`));
    const count = (...outcomes: readonly Tried["outcome"][]): number =>
      mine.filter(({ outcome }) => outcomes.includes(outcome)).length;
    const found = count("killed", "timeout");
    const survived = count("survived");
    const score = found + survived === 0 ? 1 : found / (found + survived);
    if (score < LEAST_SCORE) isGood = false;
    console.log(
      `${folder}: found ${found} (${(score * 100).toFixed(0)} %), survived ${survived}, ` +
        `equivalent ${count("equivalent")}, no-compile ${count("no-compile")}`,
    );
  }
  return isGood;
}
