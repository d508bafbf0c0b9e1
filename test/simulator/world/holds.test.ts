/** How long the judge lets the hub show a fault that is over. */
import { describe, expect, test } from "vitest";
import type { Fact } from "../../../hub/core/facts.ts";
import type { PillarId } from "../../../shared/ids.ts";
import { newHolds } from "../../../simulator/world/watch/holds.ts";

const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;
const pillarId = "pillar-1" as PillarId;
const code = "button-stuck";

const raise = (at: number): Fact => ({
  ...{ type: "pillar-fault", at, pillarId, code },
  ...{ isActive: true, detail: "" },
});

describe("a fault that comes and goes", () => {
  test("may wait from the 21st time on: one minute, then twice as long, an hour at most", () => {
    let now = 0;
    const holds = newHolds(() => now);
    const waits: number[] = [];
    for (let n = 1; n <= 30; n += 1) {
      now = n * MINUTE_MS;
      holds.durable([raise(now)], n);
      waits.push(Math.max(0, (holds.until(pillarId, code) - now) / MINUTE_MS));
    }
    expect(waits.slice(18)).toEqual([0, 0, 1, 2, 4, 8, 16, 32, 60, 60, 60, 60]);
  });

  test("has its twenty again on another day, and what a restored hub lost does not count", () => {
    const holds = newHolds(() => 0);
    for (let n = 1; n <= 21; n += 1) holds.durable([raise(n)], n);
    holds.setBack(20);
    expect(holds.until(pillarId, code)).toBe(0);
    holds.durable([raise(30)], 21);
    expect(holds.until(pillarId, code)).toBe(MINUTE_MS);
    holds.durable([raise(DAY_MS)], 22);
    expect(holds.until(pillarId, code)).toBe(0);
  });
});
