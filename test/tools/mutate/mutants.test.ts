/** The small mistakes that a mutation run plants, and what it leaves alone. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { EQUIVALENT } from "../../../tools/mutate/equivalent.ts";
import { applied, mutantsOf } from "../../../tools/mutate/mutants.ts";

const changesOf = (text: string): string[] =>
  mutantsOf("a.ts", text).map((mutant) => applied(text, mutant));

describe("a mutant", () => {
  test.each([
    ["a comparison", "const a = b < 3;", "const a = b <= 3;"],
    ["a condition", "const a = b ? c : d;", "const a = !(b) ? c : d;"],
    ["and for or", "const a = b && c;", "const a = b || c;"],
    ["what stands for nothing", "const a = b ?? c;", "const a = c;"],
    ["a sum", "const a = b + c;", "const a = b - c;"],
    ["a number one off", "const a = 1_000;", "const a = 1001;"],
    ["a word of the same file", 'f("ringing"); g("ended");', 'f("ended"); g("ended");'],
    ["a statement", "f();", ";"],
    ["an early return", "if (a) return b;", ";"],
    ["an element", "const a = [b, c];", "const a = [b];"],
  ])("changes %s", (_, text, changed) => {
    expect(changesOf(text)).toContain(changed);
  });

  test("leaves types, imports, assertions and sentences alone", () => {
    const text = [
      'import { a } from "b";',
      "type C = 1 | 2;",
      'interface D { readonly e: "f" }',
      "assert(a < 1);",
      'const g = "a sentence for people";',
    ].join("\n");
    expect(changesOf(text)).toEqual([]);
  });

  test("names the line it stands in", () => {
    const [mutant] = mutantsOf("a.ts", "const a = b;\n  const c = 1;");
    expect(mutant).toMatchObject({ line: 2, context: "const c = 1;", original: "1" });
  });
});

test.each(EQUIVALENT)(
  "the judgement of `$original` in $file is of a line that is there",
  (judged) => {
    const { file, context, original, replacement } = judged;
    const text = readFileSync(join(import.meta.dirname, "../../..", file), "utf8");
    const found = mutantsOf(file, text).filter(
      (one) =>
        one.context === context &&
        one.original === original &&
        one.replacement === (replacement ?? one.replacement),
    );
    expect(found.length).toBeGreaterThan(0);
  },
);
