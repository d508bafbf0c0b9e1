/**
 * Makes a failing seed smaller: fewer kinds of faults, then a shorter time in which they happen.
 *
 * Each try is a whole run; what still breaks the same invariant is kept. Limit: `MAX_TRIES` runs.
 */
import { judge, type Verdict } from "./report.ts";
import { drawProfile, type FaultKind } from "../faults/profile.ts";
import type { WorldSettings } from "../settings.ts";

const MAX_TRIES = 80;
const SHORTEST_MS = 60_000;
const DAY_MS = 86_400_000;

export interface Shrunk {
  readonly settings: WorldSettings;
  readonly verdict: Verdict;
  readonly tries: number;
}

export function shrink(from: WorldSettings): Shrunk | undefined {
  let settings = from;
  let verdict = judge(from);
  let tries = 1;
  const invariant = verdict.violations[0]?.invariant;
  if (invariant === undefined) return undefined;
  const isStillBroken = (smaller: WorldSettings): boolean => {
    if (tries >= MAX_TRIES) return false;
    tries += 1;
    const found = judge(smaller);
    if (!found.violations.some((one) => one.invariant === invariant)) return false;
    settings = smaller;
    verdict = found;
    return true;
  };
  const { perDay } = drawProfile(from.seed, from.density ?? "day");
  let only: readonly FaultKind[] = from.only ?? [...perDay.keys()];
  for (const kind of only) {
    const fewer = only.filter((one) => one !== kind);
    if (isStillBroken({ ...settings, only: fewer })) only = fewer;
  }
  let [begin, end] = from.window ?? ([0, from.days * DAY_MS] as const);
  while (end - begin > SHORTEST_MS) {
    const middle = (begin + end) / 2;
    if (isStillBroken({ ...settings, window: [begin, middle] })) end = middle;
    else if (isStillBroken({ ...settings, window: [middle, end] })) begin = middle;
    else break;
  }
  return { settings, verdict, tries };
}
