/** A pillar of which nothing was heard for 15 s is shown as lost. */
import { isRevoked, type Sight } from "./sight.ts";

const LOST_WITHIN_MS = 15_000;

export function watchPresence(sight: Sight): () => void {
  const { world } = sight;
  const isTold: boolean[] = [];
  return () => {
    const now = world.scheduler.now();
    if (now - sight.since <= LOST_WITHIN_MS) return;
    for (const { id, index } of world.pillars) {
      const silentMs = now - Math.max(sight.heardAt[index] ?? 0, sight.since);
      if (silentMs <= LOST_WITHIN_MS || isRevoked(world, index)) {
        isTold[index] = false;
        continue;
      }
      const presence = world.hub.state.pillars.get(id)?.presence ?? "lost";
      if (presence !== "lost" && !isTold[index]) {
        world.happened({ type: "stale", at: now, pillar: id, presence, silentMs });
        isTold[index] = true;
      }
    }
  };
}
