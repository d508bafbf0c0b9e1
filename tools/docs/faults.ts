/**
 * `faults.md`: each of the 150 faults of the catalogue,
 * and what tries it: a test, a person, or nothing yet.
 *
 * Made from the tests' own titles, so that no row can claim a test that is not there. A test of
 * another folder is named with its words, and the page cannot be made when those words are gone.
 */
import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { CATALOGUE } from "./fault-catalogue.ts";
import { BY_HAND, ELSEWHERE, NOTES } from "./fault-evidence.ts";

const ROOT = join(import.meta.dirname, "../..");

interface Found {
  readonly file: string;
  readonly title: string;
}

/** Titles that begin with an id; `%s` is what a table of cases fills in. */
function titlesByFault(): ReadonlyMap<string, Found[]> {
  const byFault = new Map<string, Found[]>();
  const add = (id: string, found: Found): void =>
    void byFault.set(id, [...(byFault.get(id) ?? []), found]);
  for (const file of globSync("test/fault/*.test.ts", { cwd: ROOT }).toSorted()) {
    const text = readFileSync(join(ROOT, file), "utf8");
    for (const [, title = ""] of text.matchAll(/^\s*"((?:[A-O](?:-)?\d+) [^"]+)",?$/gm)) {
      add(title.split(" ")[0] ?? "", { file, title });
    }
    for (const [, title = ""] of text.matchAll(/test\(\s*"((?:[A-O](?:-)?\d+) [^"]+)"/g)) {
      const id = title.split(" ")[0] ?? "";
      if (!byFault.get(id)?.some((one) => one.title === title)) add(id, { file, title });
    }
  }
  for (const [id, file, words] of ELSEWHERE) {
    if (!readFileSync(join(ROOT, file), "utf8").includes(words)) {
      throw new Error(`tools/docs/fault-evidence.ts: expected "${words}" in ${file} for ${id}`);
    }
    add(id, { file, title: words });
  }
  return byFault;
}

export function faultsPage(note: string): string {
  const found = titlesByFault();
  const known = new Set(CATALOGUE.flatMap(({ faults }) => faults.map(([id]) => id)));
  for (const id of found.keys()) {
    if (!known.has(id)) throw new Error(`a test names ${id}, which is not in the catalogue`);
  }
  const state = (id: string): "automated" | "by hand" | "open" =>
    found.has(id) ? "automated" : BY_HAND.has(id) ? "by hand" : "open";
  const count = (wanted: string): number => [...known].filter((id) => state(id) === wanted).length;
  const sections = CATALOGUE.map(({ group, faults }) => {
    const rows = faults.map(([id, what]) => {
      const tests = (found.get(id) ?? []).map(({ file, title }) => `\`${file}\`: ${clean(title)}`);
      const how = tests.length > 0 ? tests.join("<br>") : (BY_HAND.get(id) ?? "");
      const remark = NOTES.get(id);
      const told = [how, ...(remark === undefined ? [] : [`*${remark}*`])].filter(Boolean);
      return `| ${id} | ${what} | ${state(id)} | ${told.join("<br>")} |`;
    });
    return `## ${group}\n\n| id | fault | state | by what |\n|---|---|---|---|\n${rows.join("\n")}\n`;
  });
  const intro = [
    "# What goes wrong, and what tries it",
    "",
    note,
    "",
    `${known.size} faults: ${count("automated")} automated, ${count("by hand")} by hand, ${count("open")} open.`,
    "Real processes, real sockets, real files: `npm run fault`; the long sweeps: `npm run fault -- --sweep`.",
    "One checker judges the recorded history of a run: I1 no loss, I2 no false promise, I3 exactly once, I5 an owner or a",
    "deadline, I6 both chains hold and agree. *Automated* says that at least one test tries this fault, not every form of it.",
    "",
  ];
  return `${intro.join("\n")}\n${sections.join("\n")}`;
}

const clean = (title: string): string => title.replace(/^[A-O]-?\d+ /, "").replaceAll("|", "\\|");
