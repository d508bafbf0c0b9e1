/**
 * The promises as a reader finds them: each row names a command that checks it, and the tests it
 * runs, and all of them exist. Both languages promise the same, so their tables have the same
 * commands and the same files, row by row.
 */
import { posix } from "node:path";
import type { Violation } from "./violation.ts";
import type { Tree } from "./tree.ts";

const HEADINGS: Readonly<Record<string, string>> = {
  "docs/promises.md": "# What Anzhu promises, and what checks it",
  "docs/promises.zh-CN.md": "# 承诺与检验",
};
/** The eight that the whole is built for; more may be promised. */
const LEAST_ROWS = 8;

interface Row {
  readonly commands: readonly string[];
  readonly files: readonly string[];
}

export function promiseViolations(tree: Tree): Violation[] {
  const scripts = scriptsOf(tree);
  const tables = Object.entries(HEADINGS).map(([path, heading]) => {
    const rows = rowsOf(tree.get(path) ?? "", heading);
    const found = (detail: string): Violation => ({ rule: "promise", path, detail });
    const complaints = rows.flatMap((row) => complaintsOf(row, { tree, scripts }).map(found));
    if (rows.length < LEAST_ROWS) {
      complaints.push(found(`"${heading}" has ${rows.length} rows, at least ${LEAST_ROWS}`));
    }
    return { path, rows, complaints };
  });
  const [english, chinese] = tables.map(({ rows }) => JSON.stringify(rows));
  const isAlike: Violation[] =
    english === chinese
      ? []
      : [
          {
            rule: "promise",
            path: "docs/promises.zh-CN.md",
            detail: "checks other things than docs/promises.md",
          },
        ];
  return [...tables.flatMap(({ complaints }) => complaints), ...isAlike];
}

/** The last column of each row below the heading. */
function rowsOf(text: string, heading: string): Row[] {
  const [, after = ""] = text.split(`${heading}\n`);
  const [section = ""] = after.split("\n## ");
  const lines = section.split("\n").filter((line) => line.startsWith("| "));
  return lines.slice(1).map((line) => {
    const checks = line.split(" | ").at(-1) ?? "";
    return {
      commands: [...checks.matchAll(/`([^`]+)`/g)].map(([, command = ""]) => command),
      files: [...checks.matchAll(/\]\(([^)]+)\)/g)].map(([, file = ""]) =>
        posix.join("docs", file),
      ),
    };
  });
}

function complaintsOf(
  { commands, files }: Row,
  world: { readonly tree: Tree; readonly scripts: ReadonlySet<string> },
): string[] {
  const paths = [...world.tree.keys()];
  const isThere = (path: string): boolean =>
    paths.some((one) => one === path || one.startsWith(`${path}/`));
  return [
    ...(commands.length === 0 ? ["a promise that no command checks"] : []),
    ...(files.length === 0 ? ["a promise that names no test"] : []),
    ...files.filter((file) => !isThere(file)).map((file) => `${file} does not exist`),
    ...commands.flatMap((command) => {
      const [, script] = /^npm run ([a-z]+)/.exec(command) ?? [];
      if (script !== undefined) {
        return world.scripts.has(script) ? [] : [`there is no script for: ${command}`];
      }
      const [, tests] = /^npx vitest run (.+)$/.exec(command) ?? [];
      if (tests === undefined) return [`expected npm run or npx vitest run, found: ${command}`];
      const gone = tests.split(" ").filter((path) => !isThere(path));
      return gone.map((path) => `${path} does not exist: ${command}`);
    }),
  ];
}

function scriptsOf(tree: Tree): ReadonlySet<string> {
  const manifest = JSON.parse(tree.get("package.json") ?? "{}") as { scripts?: object };
  return new Set(Object.keys(manifest.scripts ?? {}));
}
