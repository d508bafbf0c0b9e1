/** The parts of the hub's core: together they know every fact and decide every event. */
import { expect, expectTypeOf, test } from "vitest";
import type { Fact } from "../../../hub/core/facts.ts";
import {
  newState,
  PARTS,
  sayingOf,
  type EveryEventIsDecided,
  type EveryFactIsOfAPart,
} from "../../../hub/core/parts.ts";
import { newStreet } from "../../kit/core/hub-core-street.ts";

test("no fact is without a part that says something of it, and no event without one that decides it", () => {
  expectTypeOf<EveryFactIsOfAPart>().toBeNever();
  expectTypeOf<EveryEventIsDecided>().toBeNever();
});

test("no fact is of two parts, and no two parts share a name or a piece of the state", () => {
  const types = PARTS.flatMap(({ says }) => Object.keys(says));
  expect(new Set(types).size).toBe(types.length);
  const names = PARTS.map(({ name }) => name);
  expect(new Set(names).size).toBe(names.length);
  const { settings: _settings, heard: _heard, ...slices } = newState(newStreet().settings);
  const keys = PARTS.flatMap((part) => Object.keys(part.initial()));
  expect(keys.toSorted()).toEqual(Object.keys(slices).toSorted());
});

test("a fact of a newer hub says nothing, and stops nothing", () => {
  for (const type of ["invented-tomorrow", "constructor"]) {
    expect(sayingOf({ type, at: 1 } as unknown as Fact)).toBeUndefined();
  }
});
