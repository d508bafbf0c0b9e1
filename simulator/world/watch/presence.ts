/** What is silent for 15 s is shown as lost; a revoked pillar, as out of service. */
import type { Sight } from "./sight.ts";

const LOST_WITHIN_MS = 15_000;

export function watchPresence(sight: Sight): () => void {
  const { world } = sight;
  const isTold: boolean[] = [];
  return () => {
    const now = world.scheduler.now();
    if (now - sight.since <= LOST_WITHIN_MS) return;
    for (const { id, index } of world.pillars) {
      const silentMs = now - Math.max(sight.heardAt[index] ?? 0, sight.since);
      const isRevoked = sight.revocations.has(id);
      const { presence = "lost", revocation } = world.hub.state.pillars.get(id) ?? {};
      // What is decided is shown before the disk has it.
      const isCommitting = world.hub.journal.committingSince() !== undefined;
      if (isCommitting && isRevoked !== Boolean(revocation)) continue;
      if (silentMs <= LOST_WITHIN_MS && !isRevoked) {
        isTold[index] = false;
        continue;
      }
      if (presence !== (isRevoked ? "out-of-service" : "lost") && !isTold[index]) {
        world.happened({ type: "stale", at: now, pillar: id, presence, silentMs });
        isTold[index] = true;
      }
    }
  };
}
