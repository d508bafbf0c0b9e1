import { join } from "node:path";
import { expect, test } from "vitest";
import { deadReferences, readProject } from "../../../tools/docs/references.ts";

const project = readProject(join(import.meta.dirname, "../../.."));

test("nothing in the documents and comments points at what is not there", () => {
  expect(project.texts.size).toBeGreaterThan(500);
  expect(deadReferences(project)).toEqual([]);
});

/** What is said of a file that was not there before, beside one that is. */
const planted = (path: string, text: string): string[] =>
  deadReferences({
    texts: new Map([
      [path, text],
      ["docs/world.md", project.texts.get("docs/world.md") ?? ""],
    ]),
    files: new Set([...project.files, path]),
  })
    .filter((found) => found.path === path)
    .map(({ line, detail }) => `${line}: ${detail}`);

test.each([
  ["a link to a page", "docs/x.md", "\n[a](world/)", "2: the link to world/ leads nowhere"],
  [
    "a link to a heading",
    "docs/x.md",
    "[a](world.md#gone)",
    "1: docs/world.md has no heading #gone",
  ],
  ["a path in a page", "docs/x.md", "see hub/gone.ts.", "1: hub/gone.ts does not exist"],
  ["a folder in a page", "docs/x.md", "in `hub/gone`", "1: hub/gone does not exist"],
  [
    "a path in a comment",
    "hub/x.ts",
    "/**\n * See docs/gone.md. */",
    "2: docs/gone.md does not exist",
  ],
  ["a file's name in a comment", "hub/x.ts", "// As `gone.ts` says", "1: there is no file gone.ts"],
  [
    "a comment of a template",
    "hub/console/X.vue",
    "<!-- gone.md -->",
    "1: there is no file gone.md",
  ],
  ["a decision", "hub/x.ts", "/** Decision 9999. */", "1: there is no decision 9999"],
  [
    "a note of elsewhere",
    "hub/x.ts",
    "/** Ten times a second (U11). */",
    "1: U11 is of a document that is not in this repository",
  ],
  [
    "a second decision of one number",
    "docs/decisions/0003-zzz.md",
    "",
    "1: its number is that of docs/decisions/0003-ingest-in-process.md",
  ],
])("%s that is not there is found", (_what, path, text, complaint) => {
  expect(planted(path, text)).toEqual([complaint]);
});

test("what is there, what is code and what is on the web is left alone", () => {
  const page =
    "[a](world.md) [b](../README.md) [c](https://example.org/x.md) [d](decisions/) `hub/core`";
  expect(planted("docs/x.md", page)).toEqual([]);
  expect(planted("hub/x.ts", 'import "./gone.ts"; const url = "https://x/docs/gone.md";')).toEqual(
    [],
  );
});
