/**
 * One operator's workspace: what waits, what is mine, which incident is open in the middle, and
 * which connections that needs.
 */
import { computed, ref, shallowReactive, watch } from "vue";
import type { Incident } from "../../../shared/api/incident.ts";
import { incidentOf, incidents, onMediaStarted } from "../state/live-state.ts";
import { mayWatch, me } from "../state/session.ts";
import { byUrgency, groupOf, hasMedia, MAX_PREVIEWS, talkTarget } from "./queue/queue.ts";
import { isRinging } from "./queue/tone.ts";
import {
  closeWatch,
  openWatch,
  retryWatch,
  type Watch,
  type WatchWish,
} from "./call/connection/whep.ts";

/** The four previews, the open incident and the one being talked to. */
const MAX_WATCHES = MAX_PREVIEWS + 2;

export const selectedId = ref<string | null>(null);
/** A person chose it; nothing else takes its place. Otherwise the most urgent one is shown. */
export const isChosen = ref(false);
/** Answered at the hub a moment ago; the stream has not said so yet. */
export const confirmedId = ref<string | null>(null);
/** Hung up here; the hub shows it as held until it is closed or resumed. */
export const hungUp = ref<{ incidentId: string; at: number } | null>(null);

const myName = computed(() => me.value?.username ?? "");

function group(name: "waiting" | "mine" | "others"): readonly Incident[] {
  return incidents.value
    .filter((incident) => groupOf(incident, myName.value) === name)
    .sort(byUrgency);
}
export const waiting = computed(() => group("waiting"));
export const mine = computed(() => group("mine"));
export const others = computed(() => group("others"));
export const ringingNow = computed(() =>
  waiting.value.filter((incident) => isRinging(incident, myName.value)),
);
export const selected = computed(() => incidentOf(selectedId.value));

/** The incident that is heard in the headset. */
export const talkingTo = computed(() => {
  const confirmed = incidentOf(confirmedId.value);
  if (confirmed && hasMedia(confirmed) && confirmed.state !== "answered") return confirmed;
  return talkTarget(incidents.value, myName.value, selectedId.value);
});

watch(
  () => incidentOf(confirmedId.value)?.state,
  (state) => {
    if (state === "answered" || state === "closed") confirmedId.value = null;
  },
);

const watchById = shallowReactive(new Map<string, Watch>());
export const watchOf = (id: string | null): Watch | undefined =>
  id === null ? undefined : watchById.get(id);

const wanted = computed(() => {
  if (!mayWatch.value) return [];
  const open = selected.value;
  const ids = [
    talkingTo.value?.id,
    open && hasMedia(open) ? open.id : undefined,
    ...waiting.value
      .slice(0, MAX_PREVIEWS)
      .filter((incident) => hasMedia(incident))
      .map((incident) => incident.id),
  ].filter((id) => id !== undefined);
  return [...new Set<string>(ids)].slice(0, MAX_WATCHES);
});

let stop: (() => void) | null = null;

/** Begins to watch what the workspace shows; ends with `leaveWorkspace`. */
export function enterWorkspace(): void {
  stop ??= watch(() => wanted.value.join(), sync, { immediate: true });
}

export function leaveWorkspace(): void {
  stop?.();
  stop = null;
  for (const open of watchById.values()) closeWatch(open);
  watchById.clear();
  selectedId.value = null;
  isChosen.value = false;
}

function sync(): void {
  const ids = new Set(wanted.value);
  for (const [id, open] of watchById) {
    if (ids.has(id)) continue;
    closeWatch(open);
    watchById.delete(id);
  }
  for (const id of ids) if (!watchById.has(id)) watchById.set(id, openWatch(callOf(id)));
}

const callOf = (id: string): WatchWish => ({
  ...{ path: `/incidents/${id}/whep`, hasSound: true, isKept: true },
});

/** The hub's media came back: do not wait for the next attempt. */
onMediaStarted(() => {
  for (const open of watchById.values()) if (open.state.phase !== "connected") retryWatch(open);
});

addEventListener("pagehide", () => {
  for (const open of watchById.values()) closeWatch(open);
});

export function choose(id: string): void {
  selectedId.value = id;
  isChosen.value = true;
}

/**
 * Shows the most urgent one unless a person chose another,
 * so that a ring already comes with its picture.
 */
export function openSomething(): void {
  const open = selected.value;
  const isOver = !open || open.state === "closed";
  if (isOver) isChosen.value = false;
  const isMine = open !== undefined && !isOver && !waiting.value.includes(open);
  if (isChosen.value || isMine) return;
  const next = talkingTo.value ?? mine.value[0] ?? waiting.value[0];
  if (next) selectedId.value = next.id;
}
