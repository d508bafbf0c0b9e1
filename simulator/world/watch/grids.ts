/** A whole grid gone is one piece of news, there within 3 s of its last pillar, and gone with its first. */
import type { Sight } from "./watch.ts";

const WITHIN_MS = 3000;
/** Fewer tell their story themselves. */
const LEAST_PILLARS = 3;

export function watchGrids(sight: Sight): () => void {
  const { world } = sight;
  let since: number | undefined;
  return () => {
    const { hub, scheduler, pillars } = world;
    if (pillars.length < LEAST_PILLARS) return;
    const now = scheduler.now();
    let known = 0;
    let lost = 0;
    for (const { presence, presenceAt } of hub.state.pillars.values()) {
      if (presenceAt === null) continue;
      known += 1;
      if (presence === "lost") lost += 1;
    }
    const isGone = known >= LEAST_PILLARS && lost === known;
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
