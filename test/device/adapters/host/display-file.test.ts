/** The text of the pillar's screen is a file that is complete whenever it is read. */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { displayFile } from "../../../../device/adapters/host/display-file.ts";
import type { Display } from "../../../../device/core/state/shown.ts";

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "anzhu-display-"));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

const words = (en: string): Display => ({ phase: "sent", zh: "求助已发出", en, since: 1 });

test("the newest words stay, and nothing else is left behind", async () => {
  const screen = displayFile(join(dir, "display.json"), () => undefined);
  for (let n = 1; n <= 50; n++) screen.show(words(String(n)));
  await screen.close();
  expect(JSON.parse(readFileSync(join(dir, "display.json"), "utf8"))).toEqual(words("50"));
  expect(readdirSync(dir)).toEqual(["display.json"]);
});

test("a folder that is gone is told once, and costs nothing else", async () => {
  const warnings: string[] = [];
  const screen = displayFile(join(dir, "no", "display.json"), (text) => void warnings.push(text));
  for (const en of ["1", "2", "3"]) {
    screen.show(words(en));
    await screen.close();
  }
  expect(warnings).toHaveLength(1);
  expect(warnings[0]).toContain("the display's file cannot be written");
});
