import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { z } from "zod";
import { AgentConfig } from "../../device/config.ts";
import { readComments } from "../../tools/docs/doc-comments.ts";
import { rowsOf, settingsComplaints, type Named } from "../../tools/docs/schema-table.ts";
import { HubConfig } from "../../hub/config.ts";

const ROOT = join(import.meta.dirname, "../..");
const hub = {
  schema: HubConfig,
  comments: readComments(join(ROOT, "hub/config.ts"), "HubConfig"),
};
const agent = {
  schema: AgentConfig,
  comments: readComments(join(ROOT, "device/config.ts"), "AgentConfig"),
};

/** A settings file as a programmer would write it, read the way the real ones are. */
function written(source: string, schema: z.ZodType): Named {
  const folder = mkdtempSync(join(tmpdir(), "settings-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const file = join(folder, "config.ts");
  writeFileSync(file, source);
  return { schema, comments: readComments(file, "Config") };
}

test("every setting of both programs has a meaning of its own, and every number a unit", () => {
  expect(rowsOf(hub).length).toBeGreaterThan(40);
  expect(rowsOf(agent).length).toBeGreaterThan(60);
  expect([...settingsComplaints(hub), ...settingsComplaints(agent)]).toEqual([]);
});

test("fields with one name in several places have each their own meaning", () => {
  const meanings = (named: Named, name: RegExp): string[] =>
    rowsOf(named)
      .filter(({ field }) => name.test(field))
      .map(({ meaning }) => meaning);
  expect(meanings(hub, /\.port$/)[1]).toMatch(/^Port of the HTTPS fallback|^Port of the hub's own/);
  expect(new Set(meanings(hub, /\.host$/)).size).toBe(3);
  expect(new Set(meanings(agent, /\.path$/)).size).toBe(6);
  expect(meanings(agent, /^media\.cameras\[\]\.source\.path$/)[0]).toMatch(/^Video file/);
});

test("a field without a comment gets no words from a field of that name elsewhere", () => {
  const source = `
    import { z } from "zod";
    const Serial = z.strictObject({
      /** Serial device. */
      path: z.string(),
    });
    export const Config = z.strictObject({
      /** The board. */
      board: Serial,
      /** The camera. */
      camera: z.strictObject({ path: z.string() }),
    });`;
  const path = z.strictObject({ path: z.string() });
  const named = written(source, z.strictObject({ board: path, camera: path }));
  expect(rowsOf(named).find(({ field }) => field === "board.path")?.meaning).toBe("Serial device.");
  expect(settingsComplaints(named)).toEqual([
    "camera.path has no meaning: write a comment above it",
  ]);
});

test("words copied from another setting, and a number without a unit, are complaints", () => {
  const source = `
    import { z } from "zod";
    export const Config = z.strictObject({
      /** How much. */
      many: z.number(),
      /**
       * How much.
       * @unit viewers
       */
      most: z.number(),
      /** How long. */
      waitMs: z.number(),
    });`;
  const schema = z.strictObject({ many: z.number(), most: z.number(), waitMs: z.number() });
  const named = written(source, schema);
  expect(settingsComplaints(named)).toEqual([
    "many has no unit: write @unit in its comment",
    "most has the meaning of many",
  ]);
  expect(rowsOf(named).map(({ unit }) => unit)).toEqual(["", "viewers", "ms"]);
});

test("the page is what the schemas say: meaning, default and unit stand in it", () => {
  const page = readFileSync(join(ROOT, "docs/settings.md"), "utf8");
  for (const { field, meaning, fallback, unit, isTag, isCase, isGroup } of [
    ...rowsOf(hub),
    ...rowsOf(agent),
  ]) {
    if (isTag || isCase || isGroup) continue;
    const row = page
      .split("\n")
      .find(
        (line) =>
          line.startsWith(`| \`${field}\` |`) && line.includes(meaning.replaceAll("|", "\\|")),
      );
    expect(row ?? field).toContain(`| ${fallback} | ${unit} |`);
  }
});
