/**
 * The rows of the queue as they stand on the screen now, so that keys 1-9 pick the rows as they are
 * shown. What is mine stands above them and has a key of its own.
 */
import { computed, ref, watch } from "vue";
import { placeRows, QUIET_BEFORE_REORDER_MS } from "./queue.ts";
import { others, waiting } from "../workspace.ts";

/** The row under the pointer or the focus; it keeps its place. */
const pinnedId = ref<string | null>(null);
const waitingRows = ref<string[]>([]);
let timer: ReturnType<typeof setTimeout> | undefined;

export const shownWaiting = computed(() => {
  const byId = new Map(waiting.value.map((incident) => [incident.id as string, incident]));
  return waitingRows.value.flatMap((id) => byId.get(id) ?? []);
});
export const shownRows = computed(() =>
  [...shownWaiting.value, ...others.value].map((incident) => incident.id as string),
);

function place(): void {
  const wanted = waiting.value.map((incident) => incident.id as string);
  waitingRows.value = placeRows(waitingRows.value, wanted, pinnedId.value);
}
watch(waiting, place, { immediate: true, flush: "sync" });

/** The row under the pointer or the focus. */
export function touchRow(id: string): void {
  clearTimeout(timer);
  pinnedId.value = id;
}

export function leaveRow(): void {
  clearTimeout(timer);
  timer = setTimeout(() => {
    pinnedId.value = null;
    place();
  }, QUIET_BEFORE_REORDER_MS);
}
