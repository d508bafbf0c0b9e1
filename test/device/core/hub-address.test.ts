import { expect, test } from "vitest";
import { inOrder, knownAddress, NONE_KNOWN, withKnown } from "../../../device/core/hub-address.ts";

test("a good address comes first when the name leads to it, and is left out when not", () => {
  expect(inOrder(["192.0.2.1", "192.0.2.2"], "192.0.2.2")).toEqual(["192.0.2.2", "192.0.2.1"]);
  expect(inOrder(["192.0.2.1"], "192.0.2.9")).toEqual(["192.0.2.1"]);
  expect(inOrder([], "192.0.2.9")).toEqual([]);
});

test("of many addresses two are tried, the good one among them", () => {
  const many = Array.from({ length: 200 }, (_, n) => `192.0.2.${n}`);
  expect(inOrder(many, "192.0.2.150")).toEqual(["192.0.2.150", "192.0.2.0"]);
});

test("the newest address of a name is kept, and of eight names at most", () => {
  let known = NONE_KNOWN;
  for (let n = 0; n < 9; n++) known = withKnown(known, `hub-${n}`, "192.0.2.1");
  known = withKnown(known, "hub-8", "2001:db8::1");
  expect(known.addresses).toHaveLength(8);
  expect(knownAddress(known, "hub-8")).toBe("2001:db8::1");
  expect(knownAddress(known, "hub-0")).toBeUndefined();
});
