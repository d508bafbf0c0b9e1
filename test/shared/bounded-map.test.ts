import { expect, test } from "vitest";
import { BoundedMap, dropOldest } from "../../shared/bounded-map.ts";

test("a full map forgets the oldest entry, and one that is set again is the newest", () => {
  const map = new BoundedMap<string, number>(2);
  map.set("a", 1).set("b", 2).set("a", 3).set("c", 4);
  expect([...map]).toEqual([
    ["a", 3],
    ["c", 4],
  ]);
});

test("a map within its maximum forgets nothing, also when an entry is set again", () => {
  const map = new BoundedMap<string, number>(2);
  map.set("a", 1).set("b", 2).set("b", 3);
  expect([...map.keys()]).toEqual(["a", "b"]);
});

test("what is beyond the maximum of a set or a plain map is dropped, oldest first", () => {
  const set = new Set(["a", "b", "c", "d"]);
  dropOldest(set, 2);
  expect([...set]).toEqual(["c", "d"]);
  dropOldest(set, 2);
  expect(set.size).toBe(2);
});
