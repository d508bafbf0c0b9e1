/**
 * Checks every promise of `docs/promises.md` by its short check and prints what is kept today.
 *
 *     npm run prove [-- --only no-loss]
 *
 * Takes minutes: the figure stands in `docs/measurements.md`. Exit code 1 when a promise is broken
 * or could not be checked.
 */
import { join } from "node:path";
import { Command } from "commander";
import { PROMISES } from "./promises.ts";
import { prove } from "./run.ts";

const ROOT = join(import.meta.dirname, "../..");

const { only } = new Command("npm run prove --")
  .option("--only <name>", `one of ${PROMISES.map(({ name }) => name).join(", ")}`)
  .parse()
  .opts<{ only?: string }>();

const chosen = PROMISES.filter(({ name }) => (only ?? name) === name);
if (chosen.length === 0) {
  console.error(`expected the name of a promise, found "${only}"; see npm run prove -- --help`);
  process.exitCode = 2;
} else {
  const startedAt = performance.now();
  process.exitCode = await prove(chosen, {
    root: ROOT,
    print: console.log,
    lines: "inherit",
  });
  const minutes = (performance.now() - startedAt) / 60_000;
  console.log(`Took ${minutes.toFixed(1)} min, ${new Date().toISOString().slice(0, 10)}.`);
}
