/** An owner who is gone is released. */
import type { IncidentId } from "../../../shared/ids.ts";
import type { Sight } from "./sight.ts";

/** 30 s without a console, and a little for the tick and the commit. */
const OWNER_GONE_MS = 34_000;

export function watchOwners(sight: Sight): () => void {
  const { world } = sight;
  const abandoned = new Set<IncidentId>();
  return () => {
    const { hub, scheduler, people } = world;
    if (hub.state.incidents.size === 0) return;
    const now = scheduler.now();
    for (const { id, owner, state } of hub.state.incidents.values()) {
      if (state === "open" || owner === null) continue;
      const goneMs = now - Math.max(people.goneSince(owner), sight.since);
      if (goneMs < OWNER_GONE_MS || abandoned.has(id)) continue;
      abandoned.add(id);
      world.happened({ type: "abandoned", at: now, incidentId: id, owner, goneMs });
    }
  };
}
