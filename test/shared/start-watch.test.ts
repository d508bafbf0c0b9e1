import { expect, test } from "vitest";
import { newStartWatch } from "../../shared/start-watch.ts";

const LIMITS = { idleMs: 20_000, mostMs: 300_000 };

test("a start that works, however slowly, is waited for", () => {
  const watch = newStartWatch(LIMITS, 0);
  for (let now = 0; now < 290_000; now += 10_000) {
    expect(watch.look(now, 1 + now / 10_000)).toBeUndefined();
  }
});

test("a start that does nothing is given up after a while, and any after a long time", () => {
  const idle = newStartWatch(LIMITS, 0);
  expect(idle.look(1000, 5)).toBeUndefined();
  expect(idle.look(20_999, 5)).toBeUndefined();
  expect(idle.look(21_000, 5)).toMatch(/done nothing for 20000 ms/);
  const busy = newStartWatch(LIMITS, 0);
  expect(busy.look(300_000, 99)).toMatch(/not ready after 300000 ms/);
});

test("where the system does not tell, the long time counts", () => {
  const watch = newStartWatch(LIMITS, 0);
  expect(watch.look(200_000, undefined)).toBeUndefined();
  expect(watch.look(300_000, undefined)).toMatch(/not ready/);
});
