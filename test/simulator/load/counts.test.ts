import { expect, test } from "vitest";
import { newCounts } from "../../../simulator/load/counts.ts";

test("what was said most often comes first", () => {
  const counts = newCounts();
  for (const what of ["refused", "closed", "closed"]) counts.add(what);
  expect(counts.all()).toEqual([
    ["closed", 2],
    ["refused", 1],
  ]);
});

test("a flood of different words does not make it grow", () => {
  const counts = newCounts();
  for (let number = 0; number < 10_000; number += 1) counts.add(`port ${number}`);
  expect(counts.all().length).toBeLessThanOrEqual(101);
  expect(counts.all()[0]).toEqual(["other reasons", 9900]);
});
