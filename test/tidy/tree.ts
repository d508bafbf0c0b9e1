/**
 * The project's own text, as one map: what git tracks or would track, never what a tool installed.
 */
import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";

export type Tree = ReadonlyMap<string, string>;

export const ROOT = join(import.meta.dirname, "../..");

const TEXT = /\.(?:ts|vue|md|css|html|yaml|json)$|^\.ci\/run$/;

export function readTree(): Tree {
  const listing = ["ls-files", "-z", "--cached", "--others", "--exclude-standard"];
  const files = execFileSync("git", listing, { cwd: ROOT, encoding: "utf8" })
    .split("\0")
    .filter((path) => TEXT.test(path) && existsSync(join(ROOT, path)));
  return new Map(files.map((path) => [path, readFileSync(join(ROOT, path), "utf8")]));
}
