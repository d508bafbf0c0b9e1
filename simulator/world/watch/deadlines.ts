/** A deadline that the hub shows is acted upon within 2 s of due. */
import type { IncidentId } from "../../../shared/ids.ts";
import type { Sight } from "./sight.ts";

/** No deadline of the core is longer than this. */
const LONGEST_DEADLINE_MS = 62_000;
const SLACK_MS = 2000;

export function watchDeadlines({ world }: Sight): { look(): void; forget(): void } {
  /** By incident: the deadline seen, and when the hub must have acted upon it. */
  const seen = new Map<IncidentId, { readonly dueAt: number; readonly by: number }>();
  const look = (): void => {
    const { hub, scheduler } = world;
    const { incidents } = hub.state;
    if (incidents.size === 0 && seen.size === 0) return;
    const now = scheduler.now();
    for (const id of seen.keys()) if (!incidents.has(id)) seen.delete(id);
    if (hub.failure !== undefined) return;
    for (const { id, deadline } of incidents.values()) {
      if (!deadline) {
        seen.delete(id);
        continue;
      }
      const { dueAt } = deadline;
      const known = seen.get(id);
      if (known?.dueAt !== dueAt) {
        const wait = Math.min(Math.max(0, dueAt - hub.clock.wall()), LONGEST_DEADLINE_MS);
        seen.set(id, { dueAt, by: now + wait + SLACK_MS });
      } else if (now > known.by) {
        world.happened({ type: "overdue", at: now, incidentId: id, lateMs: now - known.by });
        seen.set(id, { dueAt, by: Number.POSITIVE_INFINITY });
      }
    }
  };
  return { look, forget: () => seen.clear() };
}
