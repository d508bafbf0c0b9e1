/**
 * A whole grid gone is one piece of news, there within
 * 3 s of its last pillar, and gone with its first.
 */
import type { PillarRecord } from "../../../hub/core/state/pillar-record.ts";
import type { Sight } from "./sight.ts";

const WITHIN_MS = 3000;
/** A smaller grid is reported pillar by pillar. */
const LEAST_PILLARS = 3;

const isLost = ({ presence }: PillarRecord): boolean => presence === "lost";

export function watchGrids(sight: Sight): () => void {
  const { world } = sight;
  let since: number | undefined;
  return () => {
    const { hub, scheduler, pillars } = world;
    if (pillars.length < LEAST_PILLARS) return;
    const now = scheduler.now();
    const heard = [...hub.state.pillars.values()].filter(
      ({ grid, presence, presenceAt }) =>
        grid !== "" && presenceAt !== null && presence !== "out-of-service",
    );
    const grids = Map.groupBy(heard, ({ grid }) => grid);
    const isGone = [...grids.values()].some(
      (inside) => inside.length >= LEAST_PILLARS && inside.every(isLost),
    );
    if (isGone === hub.state.lostGrids.size > 0 || hub.failure !== undefined) {
      since = undefined;
      return;
    }
    since = Math.max(since ?? now, sight.since);
    if (now - since <= WITHIN_MS) return;
    world.happened({ type: "grid-untold", at: now, isGone });
    since = Number.POSITIVE_INFINITY;
  };
}
