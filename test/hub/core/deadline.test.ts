import { expect, test } from "vitest";
import { newStreet, types, WANG } from "./street.ts";

const deadlines = (facts: Parameters<typeof types>[0]): string[] =>
  types(facts).filter((type) => type.startsWith("deadline"));

test("an incident nobody takes passes its deadline, and the next one runs", () => {
  const street = newStreet();
  street.alarm(0);
  expect(deadlines(street.advance(9))).toEqual([]);
  expect(deadlines(street.advance(1))).toEqual(["deadline-passed", "deadline-set"]);
  expect(deadlines(street.advance(9))).toEqual([]);
  expect(deadlines(street.advance(1))).toEqual(["deadline-passed", "deadline-set"]);
});

test("after a minute of ringing the desks are told once a minute, and it never ends", () => {
  const street = newStreet();
  street.alarm(0);
  street.advance(60);
  const passed = street.advance(600).filter(({ type }) => type === "deadline-passed");
  expect(passed).toHaveLength(10);
});

test("an owner stops the deadline", () => {
  const street = newStreet();
  street.alarm(0);
  street.order(WANG, street.only().id, { name: "acknowledge" });
  expect(deadlines(street.advance(120))).toEqual([]);
});

test("a clock set back by a day delays a deadline by ten seconds at most", () => {
  const street = newStreet();
  street.alarm(0);
  street.advance(3);
  street.setClock(-86_400_000);
  expect(deadlines(street.advance(12))).toContain("deadline-passed");
});

test("a clock that was ahead before a restart does not freeze a deadline", () => {
  const street = newStreet();
  street.alarm(0);
  street.setClock(-86_400_000);
  expect(deadlines(street.advance(12))).toContain("deadline-passed");
});

test("a clock set forward fires early rather than late", () => {
  const street = newStreet();
  street.alarm(0);
  street.setClock(3_600_000);
  expect(deadlines(street.advance(1))).toContain("deadline-passed");
});
