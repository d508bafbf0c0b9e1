/** Text from outside: what may be a name, and how anything is shown. */
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { isolated, PlainName, visible } from "../../shared/text.ts";

describe("text from outside", () => {
  test("shows what would be invisible or would steer the text around it", () => {
    expect(visible("a\u202Eb")).toBe("a‹U+202E›b");
    expect(visible("\u001B[31mred")).toBe("\u241B[31mred");
    expect(visible("one\ntwo")).toBe("one\u240Atwo");
    expect(visible("one\ntwo\r", true)).toBe("one\ntwo\u240D");
    expect(visible("\u0000\u007F\u0085\u200B\u2066\uFEFF\u{E0041}\uD800")).toBe(
      "\u2400\u2421‹U+0085›‹U+200B›‹U+2066›‹U+FEFF›‹U+E0041›‹U+D800›",
    );
  });

  test("leaves words of every script and pictograms as they are", () => {
    for (const text of ["王芳", "María", "شرطي", "क्ष\u200Dत्र", "👩\u200D🚒", "a b", "№ 7"]) {
      expect(visible(text)).toBe(text);
    }
  });

  test("in a sentence, a name written from right to left turns only itself", () => {
    expect(isolated("王芳")).toBe("王芳");
    expect(isolated("شرطي 7")).toBe("\u2068شرطي 7\u2069");
    expect(isolated("\u202Eabc")).toBe("‹U+202E›abc");
  });

  test("is never left with a control or direction character, whatever it was", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary", maxLength: 300 }), (text) => {
        expect(visible(text)).not.toMatch(/[\p{Cc}\u202A-\u202E\u2066-\u2069\p{Cs}]/u);
        expect(visible(visible(text))).toBe(visible(text));
      }),
    );
  });

  test("a name is one line of 1 to 60 visible characters", () => {
    expect(PlainName.parse("  王芳 ")).toBe("王芳");
    expect(PlainName.parse("王".repeat(60))).toHaveLength(60);
    for (const wrong of ["", " ", "a\nb", "a\u202Eb", "\u200B", "王".repeat(61), "\u2028", 7]) {
      expect(PlainName.safeParse(wrong).success).toBe(false);
    }
  });
});
