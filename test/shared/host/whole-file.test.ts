import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { writeWhole, writeWholeSync } from "../../../shared/host/whole-file.ts";
import { tempDir } from "../../kit/journal/directory.ts";

test("a file is replaced by the new text, only its owner reads it, and nothing stays beside it", async () => {
  const dir = tempDir();
  const file = join(dir, "a");
  writeFileSync(file, "old");
  await writeWhole(file, ["new ", "text"]);
  expect(readFileSync(file, "utf8")).toBe("new text");
  expect(statSync(file).mode & 0o777).toBe(0o600);
  await writeWhole(file, "shown", { mode: 0o644, isSynced: false });
  expect(statSync(file).mode & 0o777).toBe(0o644);
  expect(readdirSync(dir)).toEqual(["a"]);
});

test("a text that breaks off leaves the old one, and nothing beside it", async () => {
  const dir = tempDir();
  const file = join(dir, "a");
  writeFileSync(file, "old");
  function* broken(): Iterable<string> {
    yield "half";
    throw new Error("no more");
  }
  await expect(writeWhole(file, broken())).rejects.toThrow("no more");
  expect(readFileSync(file, "utf8")).toBe("old");
  expect(readdirSync(dir)).toEqual(["a"]);
});

test("of several files none is replaced when one cannot be written", () => {
  const dir = tempDir();
  const [first, second] = [join(dir, "a"), join(dir, "gone", "b")];
  writeFileSync(first, "old");
  const files = [
    [first, "new"],
    [second, "new"],
  ] as const;
  expect(() => writeWholeSync(files)).toThrow("ENOENT");
  expect(readFileSync(first, "utf8")).toBe("old");
  expect(readdirSync(dir)).toEqual(["a"]);
  mkdirSync(join(dir, "gone"));
  writeWholeSync(files);
  expect([first, second].map((file) => readFileSync(file, "utf8"))).toEqual(["new", "new"]);
  expect(existsSync(`${second}.new`)).toBe(false);
});
