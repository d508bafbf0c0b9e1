/** How soon a pillar tries to reach its hub again. */
import { describe, expect, test } from "vitest";
import { falsePillar, reachedPillar, type FalsePillar } from "../../kit/core/pillar-core.ts";

/**
 * The ms until the attempt after a failed one; the random number is the one with the longest wait.
 */
function waitAfterFailure(pillar: FalsePillar): number {
  const tries = (): number => pillar.effects.filter(({ type }) => type === "connect").length;
  pillar.tell({ type: "link-down", reason: "ECONNREFUSED" });
  const before = tries();
  let waited = 0;
  while (tries() === before && waited < 60_000) {
    pillar.pass(100);
    waited += 100;
  }
  return waited;
}

describe("a pillar that cannot reach its hub", () => {
  test("tries twice a second, for ever, while nobody has its alarm", () => {
    const pillar = falsePillar();
    pillar.press();
    const waits = Array.from({ length: 100 }, () => waitAfterFailure(pillar));
    expect(Math.max(...waits)).toBeLessThanOrEqual(500);
  });

  test("tries twice a second for a while, then calmly, when the call is received", () => {
    const pillar = reachedPillar();
    pillar.accept(pillar.press());
    const waits = Array.from({ length: 60 }, () => waitAfterFailure(pillar));
    expect(Math.max(...waits.slice(0, 25))).toBeLessThanOrEqual(500);
    expect(Math.min(...waits.slice(35))).toBeGreaterThan(10_000);
  });
});
