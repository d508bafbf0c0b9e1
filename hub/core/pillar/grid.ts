/**
 * When a whole grid is lost, that is one notification: a cut cable, not fifty broken pillars.
 *
 * Each pillar's own state stays as it is; this only says what they have in common.
 */
import type { Fact } from "../facts.ts";
import type { HubState } from "../state/hub-state.ts";

/** Smaller grids are not summed up: each pillar is shown by itself. */
const LEAST_PILLARS = 3;

export function gridFacts(state: HubState, at: number): Fact[] {
  const grids = new Map<string, { total: number; lost: number }>();
  for (const { grid, presence, presenceAt } of state.pillars.values()) {
    // One that was never heard has not been lost.
    if (grid === "" || presenceAt === null || presence === "out-of-service") continue;
    const seen = grids.get(grid) ?? { total: 0, lost: 0 };
    seen.total += 1;
    if (presence === "lost") seen.lost += 1;
    grids.set(grid, seen);
  }
  const facts: Fact[] = [];
  for (const [grid, { total, lost }] of grids) {
    const isLost = total >= LEAST_PILLARS && lost === total;
    if (isLost === state.lostGrids.has(grid)) continue;
    if (isLost) facts.push({ type: "grid-lost", at, grid, count: total });
    else facts.push({ type: "grid-back", at, grid, count: total - lost });
  }
  for (const grid of state.lostGrids.keys()) {
    if (!grids.has(grid)) facts.push({ type: "grid-back", at, grid, count: 0 });
  }
  return facts;
}
