/**
 * A new part is one folder and few lines: `shift.patch` adds one to a copy of the hub, and the
 * simulated world runs it, journals it and restarts from its snapshots.
 */
import { execFileSync } from "node:child_process";
import { cpSync, readFileSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { tempDir } from "../../../kit/journal/directory.ts";

const ROOT = join(import.meta.dirname, "../../../..");
const PATCH = join(import.meta.dirname, "shift.patch");
const OWN_FOLDER = "hub/core/shift/";
const MOST_LINES_ELSEWHERE = 5;

const run = (cwd: string, ...words: readonly string[]): string => {
  const [command = "", ...rest] = words;
  return execFileSync(command, rest, { cwd, encoding: "utf8" });
};

const PROGRAM = `
import { PARTS, newState, sayingOf } from "./hub/core/parts.ts";
import { readSnapshot, writeSnapshot } from "./hub/core/snapshot.ts";
import { auditEntry } from "./hub/journal/audit.ts";
import { timelineEntry } from "./hub/journal/read/timeline.ts";
import { runWorld } from "./simulator/world/world.ts";
import { judge } from "./simulator/world/run/report.ts";

const settings = { seed: 2, days: 0.2, pillars: 2 };
const { history: { happenings } } = runWorld(settings);
const facts = happenings.flatMap((one) => one.type === "durable" ? [one.fact] : []);
const shifts = facts.filter(({ type }) => type.startsWith("shift-"));
const state = newState({ escalation: {}, maxOpen: 1, mediaProcesses: 1 });
const shift = PARTS.find(({ name }) => name === "shift");
for (const fact of shifts.slice(0, 1)) shift.evolve(state, fact, 1);
const again = readSnapshot(state.settings, writeSnapshot(state));
console.log(JSON.stringify({
  types: [...new Set(shifts.map(({ type }) => type))].toSorted(),
  isSaved: again.shifts.size === 1 && writeSnapshot(again) === writeSnapshot(state),
  audit: auditEntry(shifts[0], 1).kind,
  timeline: timelineEntry(shifts[0], 1).type,
  violations: judge(settings).violations,
}));
`;

test("a part with facts, decisions and a snapshot is added by at most five lines outside its folder", () => {
  const added = readFileSync(PATCH, "utf8")
    .split(/^diff --git /m)
    .filter((file) => file !== "" && !file.includes(` b/${OWN_FOLDER}`))
    .flatMap((file) => file.split("\n").filter((line) => /^[+-](?![+-])/.test(line)));
  expect(added.length).toBeGreaterThan(0);
  expect(added.length).toBeLessThanOrEqual(MOST_LINES_ELSEWHERE);
  const copy = tempDir();
  for (const part of ["device", "hub", "shared", "simulator", "package.json"]) {
    cpSync(join(ROOT, part), join(copy, part), { recursive: true });
  }
  symlinkSync(join(ROOT, "node_modules"), join(copy, "node_modules"));
  run(copy, "git", "apply", PATCH);
  const printed = run(copy, process.execPath, "--input-type=module", "--eval", PROGRAM);
  expect(JSON.parse(printed)).toEqual({
    types: ["shift-closed", "shift-opened"],
    isSaved: true,
    audit: "session",
    timeline: "shift-opened",
    violations: [],
  });
});
