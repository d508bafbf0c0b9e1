/**
 * One seed from beginning to verdict, and the few lines by which a person understands a failure.
 */
import { checkAll } from "../checkers/all.ts";
import { quietPresses } from "../checkers/promptness.ts";
import type { Violation } from "./history.ts";
import type { TraceLine } from "./trace.ts";
import { runWorld, type Run } from "../world.ts";
import type { WorldSettings } from "../settings.ts";

export interface Verdict {
  readonly seed: number;
  readonly presses: number;
  readonly hash: string;
  readonly violations: readonly Violation[];
  readonly story: readonly string[];
  readonly coverage: readonly (readonly [string, number])[];
}

/** Lines told of a failure: enough to see how it came about. */
const STORY_LINES = 24;

export function judge(settings: WorldSettings): Verdict {
  const run = runWorld(settings);
  const violations = checkAll(run.history).toSorted((a, b) => a.at - b.at);
  const [first] = violations;
  return {
    seed: settings.seed,
    presses: run.presses,
    hash: run.trace.hash(),
    violations,
    story: first ? storyOf(run, first) : [],
    coverage: [...run.coverage, ["pressed-in-quiet", quietPresses(run.history).length]],
  };
}

/** What concerns the same pillar or alarm, up to the moment, newest last. */
function storyOf(run: Run, violation: Violation): string[] {
  const { about, at } = violation;
  const concerns = ({ actor, detail }: TraceLine): boolean =>
    actor === "world" || about.some((one) => actor === one || detail.includes(one));
  const lines = run.trace.lines().filter((line) => line.at <= at && concerns(line));
  return lines.slice(-STORY_LINES).map(lineOf);
}

export function lineOf({ at, actor, what, detail }: TraceLine): string {
  const when = Math.round(at).toLocaleString("en").replaceAll(",", " ").padStart(12);
  const words = detail.replaceAll(/\b([0-9a-f]{4})[0-9a-f]{28}\b/g, "$1");
  return `${when} ${actor.padEnd(9)} ${what.padEnd(22)} ${words}`.trimEnd();
}

/** `options`: what the command line needs beside the seed to run it again. */
export function failureText(
  verdict: Verdict,
  told: { readonly commit: string; readonly options: string },
): string {
  const { seed, violations, story } = verdict;
  const [first] = violations;
  if (!first) return "";
  const more = violations.length > 1 ? ` (and ${violations.length - 1} more)` : "";
  const detail = first.detail.replaceAll(/\b([0-9a-f]{4})[0-9a-f]{28}\b/g, "$1");
  return [
    `seed ${seed} at ${told.commit}: ${first.invariant}: ${detail}${more}`,
    `replay: npm run simulate -- world --seed ${seed}${told.options} --trace`,
    ...story.map((line, i) => (i === story.length - 1 ? `${line}      ← here` : line)),
  ].join("\n");
}
