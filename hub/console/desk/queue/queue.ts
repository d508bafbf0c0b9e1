/**
 * Who is waiting, in which order, and what an operator may do about it.
 *
 * Urgent before old, old before new. A row under somebody's pointer or focus does not move: the
 * wrong pillar answered is worse than a row out of order for two seconds.
 */
import type { Incident } from "../../../../shared/api/incident.ts";

/** Rows may move again this long after the last pointer or key in the queue. */
export const QUIET_BEFORE_REORDER_MS = 2000;
/** Rows that show live pictures. */
export const MAX_PREVIEWS = 4;
/** Keys 1 to 9. */
export const MAX_NUMBERED_ROWS = 9;

export type IncidentGroup = "waiting" | "mine" | "others" | "closed";

export function groupOf(incident: Incident, me: string): IncidentGroup {
  if (incident.state === "closed") return "closed";
  // A hand-over rings at one desk first; without a taker it comes back to all.
  if (incident.state === "open") return isOffered(incident, me) ? "waiting" : "others";
  if (incident.owner === me) return "mine";
  return incident.owner === null ? "waiting" : "others";
}

/** Without an owner, or handed over to me. */
export function isOffered(incident: Incident, me: string): boolean {
  return incident.owner === null || incident.owner === me;
}

/** Of the same priority, those who must not be heard stand first: they cannot call again. */
export function byUrgency(a: Incident, b: Incident): number {
  if (a.priority !== b.priority) return a.priority - b.priority;
  if (isSilent(a) !== isSilent(b)) return isSilent(a) ? -1 : 1;
  const age = Date.parse(a.pressedAt) - Date.parse(b.pressedAt);
  return age !== 0 ? age : a.id.localeCompare(b.id);
}

export const isSilent = ({ kind }: Pick<Incident, "kind">): boolean => kind === "silent";

/** A test is nobody's emergency. */
export const mayBeGraded = ({ kind, state }: Pick<Incident, "kind" | "state">): boolean =>
  kind !== "test" && state !== "closed";

/** `pinned` keeps the index it has in `shown`; every other row goes where `wanted` says. */
export function placeRows<Id extends string>(
  shown: readonly Id[],
  wanted: readonly Id[],
  pinned: Id | null,
): Id[] {
  if (pinned === null || !wanted.includes(pinned)) return [...wanted];
  const index = shown.indexOf(pinned);
  if (index < 0) return [...wanted];
  const others = wanted.filter((id) => id !== pinned);
  const at = Math.min(index, others.length);
  return [...others.slice(0, at), pinned, ...others.slice(at)];
}

/**
 * What F2 answers: what a person chose by hand when it waits, else the most urgent one. What merely
 * happens to be open does not count: an emergency may have come a moment ago.
 */
export function nextToAnswer(
  waiting: readonly Incident[],
  chosenId: string | null,
): Incident | undefined {
  const chosen = waiting.find((incident) => incident.id === chosenId);
  return chosen ?? [...waiting].sort(byUrgency)[0];
}

/** A self-test has nobody in it: the picture and the voice at its pillar are of another incident. */
export const hasMedia = ({ kind, state }: Pick<Incident, "kind" | "state">): boolean =>
  kind !== "test" && state !== "closed";

/** The one incident whose sound belongs in the headset: mine, answered, not on hold. */
export function talkTarget(
  incidents: readonly Incident[],
  me: string,
  selectedId: string | null,
): Incident | undefined {
  const talking = incidents.filter(
    (incident) =>
      incident.owner === me &&
      incident.state === "answered" &&
      !incident.isHeld &&
      hasMedia(incident),
  );
  const newest = [...talking].sort(
    (a, b) => Date.parse(b.answeredAt ?? b.openedAt) - Date.parse(a.answeredAt ?? a.openedAt),
  );
  return talking.find((incident) => incident.id === selectedId) ?? newest[0];
}
