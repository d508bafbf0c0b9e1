import { expect, test } from "vitest";
import { FAMILIES, over, poisonCorpus } from "../../../simulator/poison/corpus.ts";

test("the same seed makes the same poison, another seed another", () => {
  const text = (seed: number): string => JSON.stringify(poisonCorpus(seed, 300));
  expect(text(7)).toBe(text(7));
  expect(text(7)).not.toBe(text(8));
});

test("every family comes in turn, with many kinds of each, extreme ages among them", () => {
  const corpus = poisonCorpus(1, 2400);
  for (const family of FAMILIES) {
    const own = corpus.filter((one) => one.family === family);
    expect(own).toHaveLength(400);
    expect(new Set(own.map(({ what }) => what)).size).toBeGreaterThan(2);
  }
  const ages = corpus.map(({ message }) => message["ageMs"]);
  expect(ages).toContain(Number.MAX_SAFE_INTEGER);
  expect(ages).toContain(70_000_000_000_000);
  expect(corpus.some(({ event }) => Object.hasOwn(event, "__proto__"))).toBe(true);
});

test("hostile fields lie over the good ones, a prototype's name is a field, and undefined takes away", () => {
  const hostile = JSON.parse('{"__proto__":{"isAdmin":true},"a":2}') as Record<string, unknown>;
  const made = over({ a: 1, b: 1, c: 1 }, { ...hostile, b: undefined });
  expect(JSON.stringify(made)).toBe('{"a":2,"c":1,"__proto__":{"isAdmin":true}}');
});
