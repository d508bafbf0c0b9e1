/**
 * The history as pages of a filtered list, kept current by the stream for what is already shown.
 */
import { computed, ref, shallowRef, watch, type Ref } from "vue";
import { IncidentPage, type Incident } from "../../../shared/api/incident.ts";
import { ask } from "../api/client.ts";
import { incidentOf } from "../state/live-state.ts";
import { matchesText, requestFromFilter, type ArchiveFilter } from "./filter.ts";

const PAGE = 50;
/** At most so many rows are loaded; for more, the filters are needed. */
const MAX_ROWS = 2000;

export function useArchive(filter: Ref<ArchiveFilter>) {
  const fetched = shallowRef<readonly Incident[]>([]);
  const next = ref<string | null>(null);
  const isLoading = ref(false);
  const problem = ref("");
  let asked = 0;

  async function load(cursor: string | null): Promise<void> {
    const mine = ++asked;
    isLoading.value = true;
    const query = new URLSearchParams({ ...requestFromFilter(filter.value), limit: String(PAGE) });
    if (cursor !== null) query.set("cursor", cursor);
    const answer = await ask(`/incidents?${query}`, IncidentPage);
    if (mine !== asked) return;
    isLoading.value = false;
    problem.value = answer.ok ? "" : answer.detail || answer.code;
    if (!answer.ok) return;
    fetched.value =
      cursor === null ? answer.value.items : [...fetched.value, ...answer.value.items];
    next.value = fetched.value.length < MAX_ROWS ? answer.value.next : null;
  }

  watch(
    () => new URLSearchParams(requestFromFilter(filter.value)).toString(),
    () => void load(null),
    { immediate: true },
  );

  const rows = computed(() =>
    fetched.value
      .map((incident) => incidentOf(incident.id) ?? incident)
      .filter((incident) => matchesText(incident, filter.value.text)),
  );
  return { rows, next, isLoading, problem, more: () => load(next.value) };
}
