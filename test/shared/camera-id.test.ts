/** The names of cameras: total over any text, and safe wherever they are written. */
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { CameraId } from "../../shared/ids.ts";

const isTaken = (text: unknown): boolean => CameraId.safeParse(text).success;

describe("a camera's name", () => {
  test("is taken exactly when it is a lower-case letter and up to 15 letters and digits", () => {
    const letters = "abcdefghijklmnopqrstuvwxyz".split("");
    const rest = [...letters, ..."0123456789".split("")];
    const word = fc
      .tuple(
        fc.constantFrom(...letters),
        fc.array(fc.constantFrom(...rest), { minLength: 0, maxLength: 20 }),
      )
      .map(([first, others]) => `${first}${others.join("")}`);
    fc.assert(
      fc.property(word, (text) => {
        expect(isTaken(text)).toBe(text.length <= 16);
      }),
    );
  });

  test("that is anything else is refused, whatever it is, and nothing throws", () => {
    fc.assert(
      fc.property(fc.oneof(fc.string({ unit: "binary" }), fc.anything()), (text) => {
        const isWord = typeof text === "string" && /^[a-z][a-z0-9]*$/.test(text);
        expect(isTaken(text)).toBe(isWord && text.length <= 16);
      }),
    );
  });

  test("with what would mean something in SDP, a path or an address is refused", () => {
    for (const sign of " \r\n\t-_./\\:;,?&=#%\"'\0") {
      expect(isTaken(`front${sign}`)).toBe(false);
      expect(isTaken(`${sign}front`)).toBe(false);
      expect(isTaken(`fr${sign}ont`)).toBe(false);
    }
  });
});
