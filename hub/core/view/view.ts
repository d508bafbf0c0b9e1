/**
 * Who watches and who talks, from the offer of a console to the end.
 *
 * Nobody listens without being named: a view is given to a console only after the journal has it.
 * It ends with the sign-in session, with the incident, with the owner, or with the media process
 * that carries its pillar, whichever is first, and its end is written down as well.
 *
 * The table of views is not folded from facts, and a restart begins it anew: the media processes
 * and every view in them end with the hub.
 */
import { isWithin, may, personOf } from "../../../shared/access/may.ts";
import type { MediaSessionId, PillarId } from "../../../shared/ids.ts";
import { assertNever } from "../../../shared/assert.ts";
import { BoundedMap } from "../../../shared/bounded-map.ts";
import { mediaOf } from "../media-of.ts";
import { areasOf } from "../pillar/place.ts";
import { takeTurn, type Rate } from "../time/rate.ts";
import type { HubState } from "../state/hub-state.ts";
import type { ViewEffect, ViewEvent, ViewRefusal, ViewWish } from "./view-events.ts";

/**
 * Of one person, watching and talking together: several
 * calls, and what a reloaded page has left behind.
 */
export const MAX_VIEWS_OF_ONE = 12;
/** Each offer costs the media process a connection, also when it ends at once. */
const OFFERS: Rate = { burst: 24, intervalMs: 500, maxWaitMs: 0 };
const MAX_PACES = 10_000;

export interface View {
  readonly id: MediaSessionId;
  readonly pillarId: PillarId;
  readonly wish: ViewWish;
  /** `recording`: the media process has answered, and the journal has not yet. */
  readonly phase: "offered" | "recording" | "given";
}

export interface Views {
  readonly maxViewers: number;
  readonly byId: Map<MediaSessionId, View>;
  /** They ended while the journal wrote that they begin. */
  readonly endedEarly: Map<MediaSessionId, View>;
  /** By person: when the next offer may come. */
  readonly nextOfferAt: BoundedMap<string, number>;
}

export const newViews = (maxViewers: number): Views => ({
  maxViewers,
  byId: new Map(),
  endedEarly: new Map(),
  nextOfferAt: new BoundedMap(MAX_PACES),
});

type Known = Pick<HubState, "incidents" | "closed" | "pillars" | "settings">;

/** Owns `views`. */
export function decideView(views: Views, event: ViewEvent, known: Known): ViewEffect[] {
  const end = (list: readonly View[]): ViewEffect[] =>
    list.flatMap((view) => ended(views, view, { at: event.at }));
  const all = [...views.byId.values()];
  switch (event.type) {
    case "view-asked":
      return asked(views, event, known);
    case "view-answered":
      return answered(views, event);
    case "view-failed": {
      const view = views.byId.get(event.id);
      if (!view) return [];
      const { at, code, detail } = event;
      return ended(views, view, { at, code, detail });
    }
    case "view-recorded":
      return recorded(views, event, known);
    case "view-unrecorded":
      return unrecorded(views, event);
    case "view-closed-by-console":
      return end(all.filter(({ id }) => id === event.id));
    case "sign-in-ended":
      return end(all.filter(({ wish }) => wish.signInId === event.signInId));
    case "incident-over":
      return end(all.filter(({ wish }) => isOver(wish, event)));
    case "state-renewed":
      return end(all.filter(({ wish }) => whyNot(wish, known)));
    case "media-ready":
      return end(all.filter(({ pillarId }) => isCarriedBy(event, pillarId, known)));
    default:
      return assertNever(event);
  }
}

type Event<T extends ViewEvent["type"]> = Extract<ViewEvent, { type: T }>;

const isOver = (wish: ViewWish, { incidentId, who }: Event<"incident-over">): boolean =>
  wish.incidentId === incidentId && (who === "all" || wish.role === "talk");

const isCarriedBy = (
  { mediaId }: Event<"media-ready">,
  pillarId: PillarId,
  { settings }: Known,
): boolean => mediaOf(pillarId, settings.mediaProcesses) === mediaId;

interface Refusal {
  readonly code: ViewRefusal;
  readonly detail: string;
}

const ENDED: Refusal = { code: "conflict", detail: "the session was ended" };

/** Why this person may not have it, as the incident stands; nothing when they may. */
function whyNot({ incidentId, role, by }: ViewWish, known: Known): Refusal | undefined {
  const incident = known.incidents.get(incidentId) ?? known.closed.get(incidentId);
  const person = personOf(by);
  if (!incident || !isWithin(person, areasOf(known, incident.pillarId))) {
    return { code: "not-found", detail: `no such incident: ${incidentId}` };
  }
  if (!may(person, "media:use", { incident })) {
    const detail = `expected an operator or a supervisor, found a ${by.role}`;
    return { code: "forbidden", detail };
  }
  const conflict = (detail: string): Refusal => ({ code: "conflict", detail });
  if (incident.state === "closed") return conflict("the incident is closed");
  if (known.pillars.get(incident.pillarId)?.revocation) {
    return conflict("the pillar's identity was revoked: it has no picture and no voice");
  }
  if (role === "watch") return undefined;
  if (incident.state !== "answered") return conflict("answer the incident first");
  return may(person, "media:talk", { incident })
    ? undefined
    : conflict(`${incident.ownerName ?? "somebody else"} is talking`);
}

function asked(views: Views, event: Event<"view-asked">, known: Known): ViewEffect[] {
  const { id, wish, at } = event;
  const { incidentId } = wish;
  const pillarId = (known.incidents.get(incidentId) ?? known.closed.get(incidentId))?.pillarId;
  const refusal = whyNot(wish, known) ?? whyTooMany(views, event);
  if (refusal || !pillarId) return [{ type: "refuse-view", id, ...(refusal ?? ENDED) }];
  // A reloaded console talks again: its earlier session is over.
  const earlier = [...views.byId.values()].filter(
    (other) =>
      wish.role === "talk" && other.wish.role === "talk" && other.wish.incidentId === incidentId,
  );
  const effects = earlier.flatMap((other) => ended(views, other, { at }));
  views.byId.set(id, { id, pillarId, wish, phase: "offered" });
  return [...effects, { type: "offer-view", id, pillarId, wish }];
}

function whyTooMany(
  { byId, maxViewers, nextOfferAt }: Views,
  { wish, monotonicMs }: Event<"view-asked">,
): Refusal | undefined {
  const { username } = wish.by;
  if (byId.size >= maxViewers) {
    const detail = `expected at most ${maxViewers} viewers at once`;
    return { code: "too-many-requests", detail };
  }
  const own = [...byId.values()].filter((view) => view.wish.by.username === username);
  if (own.length >= MAX_VIEWS_OF_ONE) {
    const detail = `expected at most ${MAX_VIEWS_OF_ONE} connections of one person: close a window`;
    return { code: "too-many-windows", detail };
  }
  const turn = takeTurn(OFFERS, nextOfferAt.get(username) ?? 0, monotonicMs);
  if (!turn.ok) {
    const most = 1000 / OFFERS.intervalMs;
    const detail = `expected at most ${most} offers a second of one person`;
    return { code: "too-many-requests", detail };
  }
  nextOfferAt.set(username, turn.nextAt);
  return undefined;
}

function answered(views: Views, { id, at }: Event<"view-answered">): ViewEffect[] {
  const view = views.byId.get(id);
  if (view?.phase !== "offered") return [];
  views.byId.set(id, { ...view, phase: "recording" });
  const { from } = view.wish;
  const fact = { type: "view-opened", ...subjectOf(view, at), from } as const;
  return [{ type: "record-view", id, fact }];
}

/** The incident may have ended or changed hands meanwhile, and the session with it. */
function recorded(views: Views, { id, at }: Event<"view-recorded">, known: Known): ViewEffect[] {
  const early = views.endedEarly.get(id);
  if (early) {
    views.endedEarly.delete(id);
    return [{ type: "record-end", fact: { type: "view-closed", ...subjectOf(early, at) } }];
  }
  const view = views.byId.get(id);
  if (!view) return [];
  const given: View = { ...view, phase: "given" };
  views.byId.set(id, given);
  const late = whyNot(view.wish, known);
  if (!late) return [{ type: "give-view", id }];
  return [...ended(views, given, { at }), { type: "refuse-view", id, ...late }];
}

function unrecorded(views: Views, event: Event<"view-unrecorded">): ViewEffect[] {
  const { id, at, reason } = event;
  const view = views.byId.get(id);
  const detail = `the view could not be recorded: ${reason}`;
  const effects = view ? ended(views, view, { at, code: "unavailable", detail }) : [];
  views.endedEarly.delete(id);
  return effects;
}

interface Ending extends Partial<Refusal> {
  readonly at: number;
}

/** A console that still waits is told why. */
function ended(views: Views, view: View, { at, ...why }: Ending): ViewEffect[] {
  const { id, pillarId, phase } = view;
  views.byId.delete(id);
  const effects: ViewEffect[] = [{ type: "close-view", id, pillarId }];
  if (phase === "given") {
    const fact = { type: "view-closed", ...subjectOf(view, at) } as const;
    return [...effects, { type: "record-end", fact }];
  }
  if (phase === "recording") views.endedEarly.set(id, view);
  const { code, detail } = { ...ENDED, ...why };
  return [...effects, { type: "refuse-view", id, code, detail }];
}

function subjectOf({ wish }: View, at: number) {
  const { incidentId, role, by } = wish;
  return { at, incidentId, role, by: by.username, byName: by.displayName };
}
