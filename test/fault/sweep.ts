/**
 * The long versions of the fault tests, alone or one after the other:
 *
 *     npm run fault -- --sweep                     everything, in its usual length
 *     npm run fault -- --sweep agents 500 hubs 200
 *     npm run fault -- --sweep soak 10000
 *
 * The same harness and the same judge as in the tests, with more rounds. Every part says how far it
 * is, and ends with one line. Without `--sweep` the short versions run, as in CI.
 */
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import openTempHome from "../kit/run/temp-home.ts";
import { PARTS, type PartName } from "./harness/sweep/sweep-parts.ts";

const isPart = (word: string): word is PartName => Object.hasOwn(PARTS, word);

/** `agents 500 hubs` is 500 agents, and as many hubs as usual. */
function readWanted(words: readonly string[]): (readonly [PartName, number])[] {
  const wanted = words.flatMap((word, at): (readonly [PartName, number])[] => {
    if (isPart(word)) return [[word, Number(words[at + 1]) || PARTS[word].rounds]];
    if (at > 0 && isPart(words[at - 1] ?? "") && Number.isInteger(Number(word))) return [];
    const names = Object.keys(PARTS).join(", ");
    throw new Error(`expected ${names}, each with or without a number, found "${word}"`);
  });
  if (wanted.length > 0) return wanted;
  return Object.entries(PARTS).map(([name, { rounds }]) => [name as PartName, rounds]);
}

const [first, ...words] = process.argv.slice(2);
if (first === "--sweep") {
  const wanted = readWanted(words);
  openTempHome();
  for (const [name, rounds] of wanted) {
    const say = (text: string): void => console.log(`${name}: ${text}`);
    const isGood = await PARTS[name].run(rounds, say).catch((error: unknown) => {
      say(`failed: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`);
      return false;
    });
    if (!isGood) process.exitCode = 1;
  }
} else {
  const vitest = join(import.meta.dirname, "../../node_modules/.bin/vitest");
  const run = spawnSync(vitest, ["run", "test/fault"], { stdio: "inherit" });
  process.exitCode = run.status ?? 1;
}
