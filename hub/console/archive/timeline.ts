/** An incident's facts, fetched again whenever the incident changed. */
import { shallowRef, watch, type Ref } from "vue";
import type { Incident } from "../../../shared/api/incident.ts";
import { Timeline, type TimelineEntry } from "../../../shared/api/timeline.ts";
import { ask } from "../api/client.ts";

export interface TimelineView {
  readonly entries: Ref<readonly TimelineEntry[]>;
  /** The incident whose entries these are. */
  readonly incidentId: Ref<string | null>;
}

export function useTimeline(incident: Ref<Incident | undefined>): TimelineView {
  const entries = shallowRef<readonly TimelineEntry[]>([]);
  const incidentId = shallowRef<string | null>(null);
  let asked = 0;

  async function load(id: string): Promise<void> {
    const mine = ++asked;
    const answer = await ask(`/incidents/${id}/timeline`, Timeline);
    // Somebody opened another incident while the answer was on its way.
    if (mine !== asked || !answer.ok) return;
    entries.value = answer.value.items;
    incidentId.value = id;
  }

  watch(
    incident,
    (now, before) => {
      if (now?.id !== before?.id) entries.value = [];
      if (now) void load(now.id);
    },
    { immediate: true },
  );
  return { entries, incidentId };
}
