/** Which pillars a tick looks at, and that nothing changes by time unseen. */
import { describe, expect, test } from "vitest";
import type { FactOf } from "../../../../hub/core/facts.ts";
import { newStreet, pillar, types, type Street } from "../../../kit/core/hub-core-street.ts";

const SECONDS_OF_A_BEAT = 5;
const looked = ({ state }: Street): number => state.heard.duePillars.now.length;

function beating(pillars: number): Street {
  const street = newStreet({ pillars });
  for (let n = 0; n < pillars; n++) street.heartbeat(n);
  street.advance(1);
  return street;
}

test("after a start every pillar is looked at, then each when its silence would show", () => {
  const street = beating(40);
  expect(looked(street)).toBe(40);
  let sum = 0;
  for (let second = 0; second < 60; second++) {
    if (second % SECONDS_OF_A_BEAT === 0) for (let n = 0; n < 40; n++) street.heartbeat(n);
    expect(types(street.advance(1))).toEqual([]);
    sum += looked(street);
  }
  // Each second would be 2400.
  expect(sum).toBeLessThan(40 * 60 * 0.35);
  expect(sum).toBeGreaterThan(0);
});

describe("a pillar that is not heard any more", () => {
  const changes = (facts: readonly { readonly type: string }[]) =>
    facts.flatMap((fact) =>
      fact.type === "presence-changed" ? [(fact as FactOf<"presence-changed">).presence] : [],
    );

  test("is late and lost in the second in which it is", () => {
    const street = beating(1);
    const seen = Array.from({ length: 14 }, () => changes(street.advance(1)).join());
    expect(seen.indexOf("late")).toBe(6);
    expect(seen.indexOf("lost")).toBe(11);
  });

  test("is lost four seconds after its connection ended", () => {
    const street = beating(1);
    street.disconnect(0);
    const seen = Array.from({ length: 6 }, () => changes(street.advance(1)).join());
    expect(seen.indexOf("lost")).toBe(4);
  });

  test("and never was, is lost when the hub has listened long enough", () => {
    const street = newStreet();
    street.record({
      type: "presence-changed",
      at: street.now(),
      pillarId: pillar(0),
      presence: "online",
    });
    expect(changes(street.advance(20))).toEqual(["lost"]);
  });
});

test("a clock that was set, and a tick with very many changes, make every pillar be looked at", () => {
  const street = beating(30);
  street.advance(1);
  expect(looked(street)).toBe(0);
  street.setClock(3_600_000);
  street.advance(1);
  expect(looked(street)).toBe(30);
  const many = beating(1200);
  many.advance(6);
  expect(many.advance(1)).toHaveLength(1200);
  many.advance(1);
  expect(looked(many)).toBe(1200);
});
