import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { PROMISES, type Promised } from "../../../tools/prove/promises.ts";
import { prove } from "../../../tools/prove/run.ts";
import { readResults, verdictsOf } from "../../../tools/prove/verdict.ts";

const promised = (name: string, ...short: string[]): Promised => ({
  name,
  en: { promise: `${name} is promised`, kept: "" },
  zh: { promise: "", kept: "" },
  short,
  full: "",
});

/** A project with these test files, and vitest's words without imports. */
function project(texts: Readonly<Record<string, string>>): string {
  const root = mkdtempSync(join(tmpdir(), "prove-"));
  onTestFinished(() => rmSync(root, { recursive: true }));
  mkdirSync(join(root, "test"));
  writeFileSync(join(root, "vitest.config.mjs"), "export default { test: { globals: true } };");
  for (const [name, text] of Object.entries(texts)) writeFileSync(join(root, "test", name), text);
  return root;
}

const GOOD = 'test("is true", () => {});';
const BAD = 'test("is not true", () => { throw new Error("false"); }); test("is true", () => {});';

async function proved(
  texts: Readonly<Record<string, string>>,
  promises: readonly Promised[],
): Promise<{ code: 0 | 1; said: string }> {
  let said = "";
  const print = (text: string): void => void (said += text);
  const code = await prove(promises, { root: project(texts), print, lines: "ignore" });
  return { code, said };
}

test("all promises kept is exit code 0", { timeout: 60_000 }, async () => {
  const { code, said } = await proved({ "a.test.ts": GOOD, "b.test.ts": GOOD }, [
    promised("one", "test/a.test.ts"),
    promised("two", "test/a.test.ts", "test/b.test.ts"),
  ]);
  expect(said).toContain("kept    two  two is promised (2 passed, ");
  expect(said).toContain("Promises: 2 kept, 0 broken");
  expect(code).toBe(0);
});

test(
  "a check that fails is exit code 1, and its row says what failed",
  { timeout: 60_000 },
  async () => {
    const { code, said } = await proved({ "a.test.ts": GOOD, "b.test.ts": BAD }, [
      promised("one", "test/a.test.ts"),
      promised("two", "test/a.test.ts", "test/b.test.ts"),
    ]);
    expect(said).toContain("kept    one  one is promised (1 passed, ");
    expect(said).toContain("BROKEN  two  two is promised (2 passed, ");
    expect(said).toContain("        test/b.test.ts: is not true");
    expect(said).toContain("Promises: 1 kept, 1 broken");
    expect(code).toBe(1);
  },
);

test(
  "a file that is gone, cannot be loaded or skips everything proves nothing",
  { timeout: 60_000 },
  async () => {
    const texts = {
      "load.test.ts": 'throw new Error("unable");',
      "skip.test.ts": 'test.skip("x", () => {});',
    };
    const { code, said } = await proved(texts, [
      promised("gone", "test/gone.test.ts"),
      promised("load", "test/load.test.ts"),
      promised("skip", "test/skip.test.ts"),
    ]);
    expect(said).toContain("test/gone.test.ts: did not run to its end");
    expect(said).toMatch(/test\/load\.test\.ts: .*unable/);
    expect(said).toContain("test/skip.test.ts: nothing in it could run here");
    expect(code).toBe(1);
  },
);

test("a failure outside of any test is exit code 1", { timeout: 60_000 }, async () => {
  const late = 'test("is true", () => { void Promise.reject(new Error("nobody waits")); });';
  const { code, said } = await proved({ "a.test.ts": late }, [promised("one", "test/a.test.ts")]);
  expect(said).toContain("The run itself failed");
  expect(code).toBe(1);
});

test("a run that was cut short has kept what ended before, and nothing else", () => {
  const line = JSON.stringify({
    file: "/root/test/a.test.ts",
    ms: 5,
    errors: [],
    tests: [{ name: "is true", state: "passed" }],
  });
  const results = readResults(`${line}\n${line.slice(0, 20)}`);
  const verdicts = verdictsOf(
    [promised("one", "test/a.test.ts"), promised("two", "test/b.test.ts")],
    results,
    "/root",
  );
  expect(verdicts.map(({ isKept }) => isKept)).toEqual([true, false]);
  expect(verdictsOf(PROMISES, [], "/root").filter(({ isKept }) => isKept)).toEqual([]);
});

test("each promise has a name of its own and files that check it", () => {
  expect(new Set(PROMISES.map(({ name }) => name)).size).toBe(PROMISES.length);
  expect(PROMISES.filter(({ short }) => short.length === 0)).toEqual([]);
});
