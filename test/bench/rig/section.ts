/**
 * One measurement as a section of `docs/measurements.md`:
 * rows with their bar, and what was not tested.
 */
import { execFileSync } from "node:child_process";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { cpus, totalmem } from "node:os";
import { join } from "node:path";

const FILE = join(import.meta.dirname, "../../../docs/measurements.md");

export interface Row {
  readonly what: string;
  readonly measured: string;
  /** The bar, with the floor or peer of the same run where there is one. */
  readonly bar: string;
  readonly isMet: boolean;
}

export interface Section {
  /** The bench's name on the command line; also the section's mark in the file. */
  readonly name: string;
  readonly title: string;
  /** How it was measured, in sentences. */
  readonly method: string;
  readonly rows: readonly Row[];
  readonly notTested: string;
}

export function render(section: Section): string {
  const rows = section.rows.map(
    ({ what, measured, bar, isMet }) =>
      `| ${what} | ${measured} | ${bar} | ${isMet ? "yes" : "**no**"} |`,
  );
  return [
    `## ${section.title}`,
    "",
    section.method,
    "",
    "| what | measured | bar | met |",
    "|---|---|---|---|",
    ...rows,
    "",
    `Not tested: ${section.notTested}`,
    "",
    `\`npm run bench -- ${section.name}\`, ${provenance()}.`,
  ].join("\n");
}

/** Replaces the section's part of the file, or adds it. */
export function write(section: Section): void {
  const begin = `<!-- ${section.name} -->`;
  const end = `<!-- /${section.name} -->`;
  const text = existsSync(FILE) ? readFileSync(FILE, "utf8") : HEAD;
  const part = `${begin}\n${render(section)}\n${end}`;
  const at = text.indexOf(begin);
  const after = text.indexOf(end);
  const isThere = at >= 0 && after > at;
  const next = isThere
    ? text.slice(0, at) + part + text.slice(after + end.length)
    : `${text.trimEnd()}\n\n${part}\n`;
  writeFileSync(FILE, next);
}

const HEAD = `# Measurements

Made by \`npm run bench -- --write\`. Each figure stands beside its floor or peer from the same run, because machines differ. Everything ran
on one machine over loopback: no network, no sound card, no camera and no I/O board were involved.
`;

function provenance(): string {
  const commit = execFileSync("git", ["rev-parse", "--short", "HEAD"], { encoding: "utf8" }).trim();
  // The file the figures go to is no change of what was measured.
  const changes = ["status", "--porcelain", "--", ":/", ":!/docs/measurements.md"];
  const isDirty = execFileSync("git", changes, { encoding: "utf8" }) !== "";
  const date = new Date().toISOString().slice(0, 10);
  const memory = Math.round(totalmem() / 2 ** 30);
  const machine = `${cpus().length} x ${cpus()[0]?.model.trim()}, ${memory} GiB`;
  return `commit ${commit}${isDirty ? " with changes" : ""}, ${date}, ${machine}, Node ${process.version}`;
}
