/** A token bucket that is stored as one number. */
import * as fc from "fast-check";
import { expect, test } from "vitest";
import { takeTurn, type Rate } from "../../../../hub/core/time/rate.ts";

const RATE: Rate = { burst: 5, intervalMs: 100, maxWaitMs: 1000 };

test("a burst passes at once, what follows waits its turn, and too much is refused", () => {
  let nextAt = 0;
  const waits: (number | "refused")[] = [];
  for (let n = 0; n < 17; n++) {
    const turn = takeTurn(RATE, nextAt, 0);
    waits.push(turn.ok ? turn.waitMs : "refused");
    if (turn.ok) nextAt = turn.nextAt;
  }
  expect(waits.slice(0, 7)).toEqual([0, 0, 0, 0, 0, 100, 200]);
  expect(waits.slice(14)).toEqual([1000, "refused", "refused"]);
});

test("in no stretch of time do more pass than the burst and the rate allow", () => {
  fc.assert(
    fc.property(fc.array(fc.nat({ max: 300 }), { maxLength: 60 }), (gaps) => {
      let [now, nextAt] = [0, 0];
      const passed: number[] = [];
      for (const gap of gaps) {
        now += gap;
        const turn = takeTurn(RATE, nextAt, now);
        if (!turn.ok) continue;
        nextAt = turn.nextAt;
        passed.push(now + turn.waitMs);
      }
      for (const from of passed) {
        const within = passed.filter((at) => at >= from && at < from + 1000).length;
        expect(within).toBeLessThanOrEqual(RATE.burst + 1000 / RATE.intervalMs);
      }
    }),
  );
});
