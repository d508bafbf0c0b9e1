/** Hostile values: numbers, words and unknown fields that a correct signature may stand under. */
import type { Chance } from "../world/chance.ts";

export type Fields = Readonly<Record<string, unknown>>;

/** Whole numbers at and beyond every edge that a program may have. All have a canonical form. */
export const WHOLE = [
  Number.MIN_SAFE_INTEGER,
  -8_640_000_000_000_001,
  -62_135_596_800_001,
  -1,
  0,
  1,
  63,
  2 ** 31 - 1,
  2 ** 31,
  2 ** 32,
  70_000_000_000_000,
  253_402_300_800_000,
  8_640_000_000_000_000,
  8_640_000_000_000_001,
  Number.MAX_SAFE_INTEGER - 1,
  Number.MAX_SAFE_INTEGER,
] as const;

/** What no schema takes as a whole number; `null` is what JSON makes of NaN. */
export const NO_WHOLE = [1.5, 2 ** 53, 1e300, -1e300, "7", null, true, [], {}] as const;

const HOSTILE_WORDS = [
  "",
  " ",
  "\u0000",
  "\u202e\u2066反\u202c",
  "\ud800",
  "\udc00\ud800",
  "\u001b[2J\u0007",
  "a\r\nSet-Cookie: x=1\r\n\r\n",
  "=cmd|'/c calc'!A1",
  "__proto__",
  "constructor",
  "toString",
  "../../../etc/passwd",
  "%2e%2e%2f",
  "</script><script>alert(1)</script>",
  "'; drop table journal; --",
  "${jndi:ldap://x}",
  "👩‍👩‍👧‍👦".repeat(5),
  `a${"\u0301".repeat(200)}`,
  "\ufeff\u2028\u2029",
] as const;

/** One of the words, or a run of one character of that length or just beyond. */
export function word(chance: Chance, most: number): string {
  if (chance.isTrue(0.7)) return chance.pick(HOSTILE_WORDS);
  const length = chance.pick([1, most - 1, most, most + 1, most * 4]);
  return chance.pick(["x", "门", "\u202e", "\u0000", "\ud800"]).repeat(Math.max(0, length));
}

const KEYS = [
  "__proto__",
  "constructor",
  "prototype",
  "hasOwnProperty",
  "then",
  "toJSON",
  "",
  "v ",
];

/**
 * Unknown fields of a newer pillar, or of an attacker.
 * Built so that `__proto__` is a field like any other.
 */
export function unknownFields(chance: Chance): Fields {
  const fields: [string, unknown][] = [];
  const kinds = ["key", "deep", "long", "many", "number"] as const;
  for (let n = 1 + chance.below(2); n > 0; n -= 1) {
    fields.push(...unknownField(chance, chance.pick(kinds)));
  }
  return fromEntries(fields);
}

function unknownField(
  chance: Chance,
  kind: "key" | "deep" | "long" | "many" | "number",
): [string, unknown][] {
  switch (kind) {
    case "key":
      return [[chance.pick(KEYS), chance.pick([1, "x", null, { isAdmin: true }])]];
    case "deep":
      return [["deep", nested(chance.pick([2, 6, 7, 8, 9, 100, 3000]))]];
    case "long":
      return [["long", "x".repeat(chance.pick([1000, 8000, 15_000, 16_500, 60_000]))]];
    case "many": {
      const count = chance.pick([10, 500, 3000]);
      return Array.from({ length: count }, (_, n): [string, unknown] => [`f${n}`, n]);
    }
    case "number":
      return [[`n${chance.below(10)}`, chance.pick(WHOLE)]];
  }
}

function nested(depth: number): unknown {
  let value: unknown = 1;
  for (let n = 0; n < depth; n += 1) value = n % 2 === 0 ? [value] : { a: value };
  return value;
}

/**
 * As `Object.fromEntries`, which sets no prototype either;
 * named so that it is not replaced by a literal.
 */
export const fromEntries = (fields: readonly (readonly [string, unknown])[]): Fields =>
  Object.fromEntries(fields);
