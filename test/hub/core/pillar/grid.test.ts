/** A whole grid is lost, and comes back: which pillars count, and from how many on. */
import { expect, test } from "vitest";
import { gridFacts } from "../../../../hub/core/pillar/grid.ts";
import { newStreet, pillar, START } from "../../../kit/core/hub-core-street.ts";

type Seen = "lost" | "late" | "online" | "out-of-service" | "never";

/** The facts of a grid whose pillars were last heard at these times. */
function facts(
  seen: readonly Seen[],
  known: readonly (readonly [string, number])[] = [],
  grid = "g",
) {
  const { state } = newStreet({ pillars: seen.length });
  for (const [n, presence] of seen.entries()) {
    const record = state.pillars.get(pillar(n))!;
    const how =
      presence === "never"
        ? { presence: "lost" as const, presenceAt: null }
        : { presence, presenceAt: START };
    state.pillars.set(pillar(n), { ...record, grid, ...how });
  }
  for (const [name, count] of known) state.lostGrids.set(name, count);
  return gridFacts(state, START);
}
const lost = (count: number, grid = "g") => ({ type: "grid-lost", at: START, grid, count });
const back = (count: number, grid = "g") => ({ type: "grid-back", at: START, grid, count });
const WAS_LOST = [["g", 3]] as const;

test("three pillars that are all lost are a lost grid; two are not, nor three of which one answers", () => {
  expect(facts(["lost", "lost", "lost"])).toEqual([lost(3)]);
  expect(facts(["lost", "lost", "lost", "lost"])).toEqual([lost(4)]);
  expect(facts(["lost", "lost"])).toEqual([]);
  expect(facts(["lost", "lost", "lost", "late"])).toEqual([]);
  expect(facts(["lost", "lost", "lost"], WAS_LOST)).toEqual([]);
});

test("a pillar that was never heard, or is out of service, counts for nothing", () => {
  expect(facts(["lost", "lost", "lost", "never", "out-of-service"])).toEqual([lost(3)]);
  expect(facts(["lost", "lost", "never", "out-of-service"])).toEqual([]);
});

test("a grid is back with those that are not lost", () => {
  expect(facts(["online", "late", "lost"], WAS_LOST)).toEqual([back(2)]);
  expect(facts(["lost", "lost"], WAS_LOST)).toEqual([back(0)]);
});

test("a grid without a pillar any more is back, with none", () => {
  expect(facts(["never"], WAS_LOST)).toEqual([back(0)]);
  expect(facts(["lost", "lost", "lost"], [["other", 5]])).toEqual([lost(3), back(0, "other")]);
});

test("pillars without a grid are none together", () => {
  expect(facts(["lost", "lost", "lost"], [], "")).toEqual([]);
});
