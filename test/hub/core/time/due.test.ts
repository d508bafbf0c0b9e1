/** What is due when: nothing is taken too late, twice or never. */
import * as fc from "fast-check";
import { expect, test } from "vitest";
import { nothingDue, planAt, takeDue } from "../../../../hub/core/time/due.ts";

test("what is planned is taken in its second, the earlier of two plans counts, and it is taken once", () => {
  const due = nothingDue<string>();
  planAt(due, "a", 5300);
  planAt(due, "b", 9000);
  planAt(due, "b", 7999);
  planAt(due, "a", 6500);
  expect(takeDue(due, 4999)).toEqual([]);
  expect(takeDue(due, 5000)).toEqual(["a"]);
  expect(takeDue(due, 8100)).toEqual(["b"]);
  expect(takeDue(due, 99_000)).toEqual([]);
  expect([due.secondOf.size, due.bySecond.size]).toEqual([0, 0]);
});

test("what is planned for a second that has passed is taken in the next", () => {
  const due = nothingDue<string>();
  expect(takeDue(due, 10_000)).toEqual([]);
  planAt(due, "late", 3000);
  expect(takeDue(due, 10_999)).toEqual([]);
  expect(takeDue(due, 11_000)).toEqual(["late"]);
});

test("whatever is planned, at whatever steps it is asked, is taken within a second of its time", () => {
  const plans = fc.array(fc.tuple(fc.nat(6), fc.nat(40_000)), { maxLength: 30 });
  const steps = fc.array(fc.integer({ min: 1, max: 9000 }), { minLength: 1, maxLength: 40 });
  fc.assert(
    fc.property(plans, steps, (planned, asked) => {
      const due = nothingDue<number>();
      const earliest = new Map<number, number>();
      for (const [key, at] of planned) {
        planAt(due, key, at);
        earliest.set(key, Math.min(at, earliest.get(key) ?? at));
      }
      let now = 0;
      for (const step of asked) {
        now += step;
        for (const key of takeDue(due, now)) {
          expect(earliest.get(key)!).toBeLessThan(now + 1000);
          expect(earliest.delete(key)).toBe(true);
        }
        // Nothing whose second has begun is left.
        for (const at of earliest.values()) expect(at).toBeGreaterThanOrEqual(now - (now % 1000));
      }
    }),
  );
});
