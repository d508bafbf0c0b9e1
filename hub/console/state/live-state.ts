/**
 * Everything live on this page: incidents, pillars, recordings, and how fresh they are.
 *
 * The stream carries whole states, so applying one is replacing it. What a list brings never
 * overwrites what the stream brought while the list was on its way.
 */
import { computed, shallowReactive, shallowRef } from "vue";
import type { ConsoleNotification, ServerEvent } from "../../../shared/api/event.ts";
import { HubStatus } from "../../../shared/api/hub.ts";
import { IncidentPage, type Incident, type Recording } from "../../../shared/api/incident.ts";
import { Pillar, PillarPage } from "../../../shared/api/pillar.ts";
import { ask, askAll, type FailureCode } from "../api/client.ts";
import type { Link } from "../api/link.ts";
import { openStream, type Stream } from "../api/stream.ts";
import { heardHubTime } from "./clock.ts";
import { notify } from "./notifications.ts";
import { forgetSession, mayReadCalls, mayWatch, restoreSession } from "./session.ts";

/** Active incidents a desk can hold; the hub's own limit is 10,000. */
const MAX_ACTIVE = 10_000;
/** A list that could not be read is asked for again. */
const READ_AGAIN_MS = 5000;
const MAX_PILLARS = 20_000;
/** Closed incidents kept for "last at this pillar" and reopening. */
const MAX_CLOSED = 200;
/** Of these, so many are fetched at the beginning. */
const FIRST_CLOSED = 100;

const incidentById = shallowReactive(new Map<string, Incident>());
const pillarById = shallowReactive(new Map<string, Pillar>());
const recordingById = shallowReactive(new Map<string, Recording>());
const touched = new Set<string>();
const mediaListeners = new Set<() => void>();

export const link = shallowRef<Link>({ phase: "connecting", since: Date.now() });
/** Why the hub refuses the event stream, while it does and said so. */
export const refusedBecause = shallowRef<FailureCode | undefined>();
export const isLoaded = shallowRef(false);
/** Lists that could not be read at the last try: what is in them may be missing on this page. */
export const unreadLists = shallowReactive(new Set<"incidents" | "pillars">());
/** The hub itself, for those who look after it; null until it was asked for. */
export const hubStatus = shallowRef<HubStatus | null>(null);
export const incidents = computed(() => [...incidentById.values()]);
export const pillars = computed(() => [...pillarById.values()]);
export const incidentOf = (id: string | null): Incident | undefined =>
  id === null ? undefined : incidentById.get(id);
export const pillarOf = (id: string | null): Pillar | undefined =>
  id === null ? undefined : pillarById.get(id);
export const liveRecordings = computed(() => [...recordingById.values()]);

let stream: Stream | null = null;
let retry: ReturnType<typeof setTimeout> | undefined;

export function startBoard(): void {
  if (stream) return;
  stream = openStream({
    onEvent: apply,
    onUnreadable: () => {
      notify({ level: "error", code: "news-unreadable", detail: "" });
      void reload();
    },
    onHubTime: heardHubTime,
    onLink: (next) => {
      link.value = next;
      if (next.phase === "live") refusedBecause.value = undefined;
    },
    onRefused: (code) => {
      refusedBecause.value = code;
      void checkSession();
    },
  });
}

export function stopBoard(): void {
  stream?.close();
  stream = null;
  clearTimeout(retry);
  unreadLists.clear();
  isLoaded.value = false;
  hubStatus.value = null;
  for (const map of [incidentById, pillarById, recordingById]) map.clear();
}

async function checkSession(): Promise<void> {
  if (!(await restoreSession())) forgetSession();
}

export async function reload(): Promise<void> {
  touched.clear();
  clearTimeout(retry);
  await Promise.all([loadPillars(), mayReadCalls.value ? loadIncidents() : undefined]);
  if (unreadLists.size > 0 && stream) retry = setTimeout(() => void reload(), READ_AGAIN_MS);
}

function wasRead(list: "incidents" | "pillars", isRead: boolean): void {
  if (isRead) unreadLists.delete(list);
  else unreadLists.add(list);
}

async function loadPillars(): Promise<void> {
  const fleet = await askAll("/pillars", PillarPage, MAX_PILLARS);
  wasRead("pillars", fleet.ok);
  if (!fleet.ok) return;
  for (const pillar of fleet.value) {
    if (!touched.has(pillar.id)) pillarById.set(pillar.id, pillar);
  }
}

/** Heartbeats are not told by the stream: a page that shows their age asks for them. */
export async function refreshPillars(): Promise<void> {
  touched.clear();
  await loadPillars();
}

/** Free space is not told by the stream either. */
export async function refreshHub(): Promise<void> {
  const answer = await ask("/hub", HubStatus);
  if (answer.ok) hubStatus.value = answer.value;
}

export async function refreshPillar(id: string): Promise<void> {
  const answer = await ask(`/pillars/${id}`, Pillar);
  if (answer.ok) pillarById.set(id, answer.value);
}

async function loadIncidents(): Promise<void> {
  const [active, closed] = await Promise.all([
    askAll("/incidents?state=active&limit=200", IncidentPage, MAX_ACTIVE),
    askAll(`/incidents?state=closed&limit=${FIRST_CLOSED}`, IncidentPage, FIRST_CLOSED),
  ]);
  wasRead("incidents", active.ok && closed.ok);
  if (!active.ok) return;
  const found = [...(closed.ok ? closed.value : []), ...active.value];
  const known = new Set<string>(found.map((incident) => incident.id));
  for (const id of incidentById.keys()) {
    if (!known.has(id) && !touched.has(id)) incidentById.delete(id);
  }
  for (const incident of found) {
    if (!touched.has(incident.id)) incidentById.set(incident.id, incident);
  }
  isLoaded.value = true;
}

function apply(event: ServerEvent): void {
  switch (event.type) {
    case "hello":
      // A list read before the stream began could miss what happened in between.
      void reload();
      return;
    case "incident":
      touched.add(event.incident.id);
      putIncident(event.incident);
      return;
    case "pillar":
      touched.add(event.pillar.id);
      pillarById.set(event.pillar.id, event.pillar);
      return;
    case "recording":
      recordingById.set(event.recording.id, event.recording);
      trim(recordingById, MAX_CLOSED, () => true);
      return;
    case "hub":
      hubStatus.value = event.hub;
      return;
    case "notification":
      hearNotification(event.notification);
      return;
    case "ping":
      return;
    case "reload":
      void reload();
  }
}

/** The queue already shows a deadline that passed; a message about a call would only cover it. */
function hearNotification(notification: ConsoleNotification): void {
  if (notification.code === "deadline-passed") return;
  if (notification.code === "media-started") for (const listener of mediaListeners) listener();
  // Faults of equipment are shown to technicians, and to operators when alarms could be lost.
  if (notification.level === "error" || !mayWatch.value) notify(notification);
}

/** Called when the hub's media is (again) there. */
export function onMediaStarted(listener: () => void): void {
  mediaListeners.add(listener);
}

function putIncident(incident: Incident): void {
  incidentById.set(incident.id, incident);
  if (incident.state === "closed") {
    trim(incidentById, MAX_CLOSED, (kept) => kept.state === "closed");
  }
}

/** Drops the oldest of a kind beyond `most`; a map remembers the order of arrival. */
function trim<T>(map: Map<string, T>, most: number, isOfKind: (value: T) => boolean): void {
  const ids = [...map].filter(([, value]) => isOfKind(value)).map(([id]) => id);
  for (const id of ids.slice(0, Math.max(0, ids.length - most))) map.delete(id);
}
