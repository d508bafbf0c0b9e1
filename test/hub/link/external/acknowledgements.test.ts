/** Receipts leave in the order of arrival, whatever the order of the commits. */
import * as fc from "fast-check";
import { expect, test } from "vitest";
import { acknowledgementsInOrder } from "../../../../hub/link/external/acknowledgements.ts";

test("messages settled in any order are acknowledged in the order in which they came, each once", () => {
  const orders = fc
    .integer({ min: 1, max: 64 })
    .chain((n) => fc.shuffledSubarray([...Array(n).keys()], { minLength: n, maxLength: n }));
  fc.assert(
    fc.property(orders, (order) => {
      const acknowledgements = acknowledgementsInOrder();
      const sent: number[] = [];
      const arrivals = order.map((_, n) => acknowledgements.expect(() => void sent.push(n)));
      for (const n of order) {
        arrivals[n]?.();
        arrivals[n]?.();
        expect(sent).toEqual([...sent.keys()]);
      }
      expect(sent).toHaveLength(order.length);
      expect(acknowledgements.count()).toBe(0);
    }),
  );
});

test("a message that is not settled holds back those behind it, and is counted", () => {
  const acknowledgements = acknowledgementsInOrder();
  const sent: string[] = [];
  const first = acknowledgements.expect(() => void sent.push("first"));
  acknowledgements.expect(() => void sent.push("second"))();
  expect([sent, acknowledgements.count()]).toEqual([[], 2]);
  first();
  expect(sent).toEqual(["first", "second"]);
});
