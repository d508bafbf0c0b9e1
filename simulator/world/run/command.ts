/**
 * `npm run simulate -- world`: many seeds, one seed
 * with its story, a smaller failure, the canaries.
 */
import { execFileSync } from "node:child_process";
import { availableParallelism } from "node:os";
import { Command, InvalidArgumentError } from "commander";
import { CANARIES, canaryNamed } from "../canaries/all.ts";
import type { Density } from "../faults/profile.ts";
import { crashAtEveryEffect } from "./every-effect.ts";
import { failureText, judge, lineOf, type Verdict } from "./report.ts";
import { judgeSeeds, type Sum } from "./seeds.ts";
import { shrink } from "./shrink.ts";
import type { Span } from "./trace.ts";
import { vacuous } from "./vacuous.ts";
import { runWorld } from "../world.ts";
import type { WorldSettings } from "../settings.ts";

interface Flags {
  readonly seeds: number;
  readonly from: number;
  readonly days: number;
  readonly pillars: number;
  readonly jobs: number;
  readonly seed?: number;
  readonly trace?: true | Span;
  readonly shrink?: boolean;
  readonly canaries?: boolean;
  readonly canary?: string;
  readonly dense?: boolean;
  readonly keepGoing?: boolean;
  readonly everyEffect?: boolean;
}

const DEFAULT = { days: 1, pillars: 3 };
const DAYS_A_YEAR = 365.25;
/** In fewer seeds something rare may well not happen. */
const ENOUGH_SEEDS = 500;
/** Failures told in full; the rest are counted. */
const MAX_TOLD = 3;

export function worldCommand(): Command {
  return new Command("world")
    .description("the real cores in virtual time: seeded faults, and checkers for every promise")
    .option("--seeds <n>", "how many seeds", whole(1, 100_000_000), 100)
    .option("--from <seed>", "the first seed", whole(0, Number.MAX_SAFE_INTEGER), 1)
    .option("--days <n>", "simulated days a seed", whole(1, 30), DEFAULT.days)
    .option("--pillars <n>", "pillars a seed", whole(1, 100), DEFAULT.pillars)
    .option("--jobs <n>", "worker threads", whole(1, 256), availableParallelism())
    .option("--seed <n>", "this one seed", whole(0, Number.MAX_SAFE_INTEGER))
    .option("--trace [from-until]", "with --seed: everything worth a line, between two ms", span)
    .option("--shrink", "with --seed: find a smaller failure")
    .option("--canary <name>", "with a known bug in it")
    .option("--canaries", "plant each known bug and find it")
    .option("--dense", "many presses")
    .option("--every-effect", "with --seed: cut the power before each effect of a short day")
    .option("--keep-going", "go on after the first failures")
    .action(async (flags: Flags) => {
      process.exitCode = await run(flags);
    });
}

function whole(least: number, most: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (Number.isSafeInteger(value) && value >= least && value <= most) return value;
    throw new InvalidArgumentError(`Expected a whole number from ${least} to ${most}.`);
  };
}

function span(text: string): Span {
  const [, from, until] = /^(\d+)-(\d+)$/.exec(text) ?? [];
  if (from !== undefined && until !== undefined) return [Number(from), Number(until)];
  throw new InvalidArgumentError("Expected two times in ms, for example 72700000-72800000.");
}

async function run(flags: Flags): Promise<number> {
  if (flags.everyEffect) return sweepEffects(flags);
  if (flags.canaries) return findCanaries(flags);
  if (flags.seed !== undefined) return runOne({ ...flags, seed: flags.seed });
  return runMany(flags);
}

function sweepEffects(flags: Flags): number {
  const seed = flags.seed ?? flags.from;
  const { effects, presses, failures } = crashAtEveryEffect(seed);
  for (const { effect, verdict } of failures.slice(0, MAX_TOLD)) {
    console.log(`power cut before effect ${effect}`);
    tell(verdict, flags);
  }
  const bad = failures.length;
  console.log(`world: seed ${seed}, ${effects} power cuts, ${presses} presses, ${bad} violations`);
  return bad > 0 ? 1 : 0;
}

function settingsOf(flags: Flags, seed: number): WorldSettings {
  const { days, pillars, dense } = flags;
  const density: Density = dense ? "dense" : "day";
  return { seed, days, pillars, density };
}

function runOne(flags: Flags & { readonly seed: number }): number {
  const rules = flags.canary === undefined ? undefined : canaryNamed(flags.canary).rules;
  const settings = { ...settingsOf(flags, flags.seed), ...(rules && { rules: rules() }) };
  if (flags.trace) {
    const told = flags.trace === true ? {} : { told: flags.trace };
    for (const line of runWorld({ ...settings, ...told }).trace.lines()) console.log(lineOf(line));
  }
  const again = { ...settings, ...(rules && { rules: rules() }) };
  const shrunk = flags.shrink ? shrink(again) : undefined;
  if (shrunk) {
    const { only = [], window } = shrunk.settings;
    const span = window ? `${Math.round(window[0])}-${Math.round(window[1])} ms` : "the whole time";
    console.log(`smaller, after ${shrunk.tries} runs: ${only.join(", ") || "no faults"}; ${span}`);
  }
  const verdict = shrunk?.verdict ?? judge(again);
  return conclude(sumOf(verdict), flags, tell(verdict, flags));
}

function sumOf(verdict: Verdict): Sum {
  const { presses, violations, hash } = verdict;
  const coverage = new Map(verdict.coverage);
  return { seeds: 1, presses, violations: violations.length, hash, coverage };
}

async function runMany(flags: Flags): Promise<number> {
  let told = 0;
  const { from, seeds, jobs, canary } = flags;
  const sum = await judgeSeeds({
    from,
    count: seeds,
    jobs,
    request: (seed) => ({ settings: settingsOf(flags, seed), canary }),
    onVerdict: (verdict) => {
      if (verdict.violations.length === 0) return true;
      told += 1;
      if (told <= MAX_TOLD) tell(verdict, flags);
      return flags.keepGoing === true || told < MAX_TOLD;
    },
  });
  const missing = seeds >= ENOUGH_SEEDS && told === 0 ? vacuous(sum.coverage, flags.pillars) : [];
  for (const name of missing) console.log(`vacuous: ${name} never happened in ${seeds} seeds`);
  return conclude(sum, flags, told + missing.length);
}

function tell(verdict: Verdict, flags: Flags): number {
  const told = { commit: commit(), options: optionsOf(flags) };
  if (verdict.violations.length > 0) console.log(`${failureText(verdict, told)}\n`);
  return verdict.violations.length;
}

function optionsOf({ days, pillars, dense, canary }: Flags): string {
  return [
    days === DEFAULT.days ? "" : ` --days ${days}`,
    pillars === DEFAULT.pillars ? "" : ` --pillars ${pillars}`,
    dense ? " --dense" : "",
    canary === undefined ? "" : ` --canary ${canary}`,
  ].join("");
}

function conclude(sum: Sum, flags: Flags, failures: number): number {
  const years = (sum.seeds * flags.days * flags.pillars) / DAYS_A_YEAR;
  console.log(
    `world: ${sum.seeds} seeds, ${sum.presses} presses, ${years.toFixed(2)} pillar-years, ` +
      `${sum.violations} violations, hash ${sum.hash}`,
  );
  return failures > 0 ? 1 : 0;
}

/** A canary is found by a seed that fails with it and does not fail without it. */
async function findCanaries(flags: Flags): Promise<number> {
  let found = 0;
  for (const { name, story, density = "day" } of CANARIES) {
    const settings = (seed: number): WorldSettings => ({ ...settingsOf(flags, seed), density });
    let first: Verdict | undefined;
    await judgeSeeds({
      from: flags.from,
      count: 1000,
      jobs: flags.jobs,
      request: (seed) => ({ settings: settings(seed), canary: name }),
      onVerdict: (verdict) => {
        if (verdict.violations.length === 0) return true;
        if (judge(settings(verdict.seed)).violations.length > 0) return true;
        first = verdict;
        return false;
      },
    });
    const by = first ? `seed ${first.seed}: ${first.violations[0]?.invariant}` : "NOT FOUND";
    if (first) found += 1;
    console.log(`${name.padEnd(28)} ${by.padEnd(20)} ${story}`);
  }
  console.log(`canaries: ${found}/${CANARIES.length} found`);
  return found === CANARIES.length ? 0 : 1;
}

function commit(): string {
  try {
    return execFileSync("git", ["rev-parse", "--short=7", "HEAD"], {
      encoding: "utf8",
      stdio: ["ignore", "pipe", "ignore"],
    }).trim();
  } catch {
    return "an unknown commit";
  }
}
