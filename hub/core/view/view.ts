/**
 * Who watches and who talks, from the offer of a console to the end.
 *
 * Nobody listens without being named: a view is given to a console only after the journal has it.
 * It ends with the sign-in session, with the incident, with the owner, or with the media process
 * that carries its pillar, whichever is first, and its end is written down as well.
 *
 * At a pillar from which nobody calls (a look) the gate is shut. So the pillar is given a grant,
 * which is short, and given again while somebody looks. A look has an end in any case.
 *
 * The table of views is not folded from facts, and a restart begins it anew: the media processes
 * and every view in them end with the hub.
 */
import type { MediaSessionId, PillarId } from "../../../shared/ids.ts";
import { LOOK_AT_MOST_MS } from "../../../shared/protocol/purpose.ts";
import { assertNever } from "../../../shared/assert.ts";
import { BoundedMap } from "../../../shared/bounded-map.ts";
import { mediaOf } from "../media-of.ts";
import { takeTurn, type Rate } from "../time/rate.ts";
import type { ViewEffect, ViewEvent, ViewWish } from "./view-events.ts";
import { closedFact, openedFact } from "./view-facts.ts";
import { pillarIn, whyNot, type Known, type Refusal } from "./view-right.ts";

/**
 * Of one person, watching and talking together: several
 * calls, and what a reloaded page has left behind.
 */
export const MAX_VIEWS_OF_ONE = 12;
/** Each offer costs the media process a connection, also when it ends at once. */
const OFFERS: Rate = { burst: 24, intervalMs: 500, maxWaitMs: 0 };
const MAX_PACES = 10_000;

/** A pillar that hears nothing more of a grant shuts its gate after so long. */
export const GRANT_SECONDS = 30;
/** Two may be lost. */
export const RENEW_EVERY_MS = 10_000;

export interface View {
  readonly id: MediaSessionId;
  readonly pillarId: PillarId;
  readonly wish: ViewWish;
  /**
   * `recording`: the media process has answered, and the journal has not yet. `granting`: the
   * journal has a look, and its pillar has not answered yet.
   */
  readonly phase: "offered" | "recording" | "granting" | "given";
  /** Since when a look is given, by a clock that never steps. */
  readonly sinceMs?: number;
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
    case "look-granted":
      return lookGranted(views, event, known);
    case "looks-due":
      return all.flatMap((view) => lookDue(views, view, event));
    case "pillar-changed":
      return end(
        all.filter((view) => view.pillarId === event.pillarId && whyNot(view.wish, known)),
      );
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
  wish.purpose === "call" &&
  wish.incidentId === incidentId &&
  (who === "all" || wish.role === "talk");

const isCarriedBy = (
  { mediaId }: Event<"media-ready">,
  pillarId: PillarId,
  { settings }: Known,
): boolean => mediaOf(pillarId, settings.mediaProcesses) === mediaId;

const ENDED: Refusal = { code: "conflict", detail: "the session was ended" };

function asked(views: Views, event: Event<"view-asked">, known: Known): ViewEffect[] {
  const { id, wish, at } = event;
  const pillarId = pillarIn(wish, known);
  const refusal = whyNot(wish, known) ?? whyTooMany(views, event);
  if (refusal || !pillarId) return [{ type: "refuse-view", id, ...(refusal ?? ENDED) }];
  // A reloaded console talks again: its earlier session is over.
  const earlier = [...views.byId.values()].filter(
    (other) => wish.role === "talk" && other.wish.role === "talk" && isOfSame(other.wish, wish),
  );
  const effects = earlier.flatMap((other) => ended(views, other, { at }));
  views.byId.set(id, { id, pillarId, wish, phase: "offered" });
  return [...effects, { type: "offer-view", id, pillarId, wish }];
}

const isOfSame = (one: ViewWish, other: ViewWish): boolean =>
  one.purpose === "call" && other.purpose === "call" && one.incidentId === other.incidentId;

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
  return [{ type: "record-view", id, fact: openedFact(view.wish, at) }];
}

/** The incident may have ended or changed hands meanwhile, and the session with it. */
function recorded(views: Views, { id, at }: Event<"view-recorded">, known: Known): ViewEffect[] {
  const early = views.endedEarly.get(id);
  if (early) {
    views.endedEarly.delete(id);
    return [{ type: "record-end", fact: closedFact(early.wish, at) }];
  }
  const view = views.byId.get(id);
  if (!view) return [];
  const late = whyNot(view.wish, known);
  const recordedView: View = {
    ...view,
    phase: view.wish.purpose === "call" ? "given" : "granting",
  };
  views.byId.set(id, recordedView);
  if (late) return ended(views, { ...recordedView, phase: "granting" }, { at, ...late });
  return recordedView.phase === "given" ? [{ type: "give-view", id }] : grant(recordedView);
}

/** `leftMs`: until nobody may look any more. The pillar shuts its gate by then without being told. */
function grant({ id, pillarId, wish }: View, leftMs = Infinity): ViewEffect[] {
  if (wish.purpose === "call") return [];
  const { purpose } = wish;
  const seconds = Math.min(GRANT_SECONDS, Math.ceil(leftMs / 1000));
  return [{ type: "grant-look", id, pillarId, purpose, seconds }];
}

/** Somebody may have pressed meanwhile; the same for one that is given already, again. */
function lookGranted(
  views: Views,
  { id, at, monotonicMs }: Event<"look-granted">,
  known: Known,
): ViewEffect[] {
  const view = views.byId.get(id);
  if (view?.phase !== "granting") return [];
  const late = whyNot(view.wish, known);
  if (late) return ended(views, view, { at, ...late });
  views.byId.set(id, { ...view, phase: "given", sinceMs: monotonicMs });
  return [{ type: "give-view", id }];
}

function lookDue(views: Views, view: View, { at, monotonicMs }: Event<"looks-due">): ViewEffect[] {
  const { wish, sinceMs } = view;
  if (wish.purpose === "call" || sinceMs === undefined) return [];
  const leftMs = sinceMs + LOOK_AT_MOST_MS[wish.purpose] - monotonicMs;
  return leftMs <= 0 ? ended(views, view, { at }) : grant(view, leftMs);
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

/** A console that still waits is told why; a pillar that has a grant shuts its gate. */
function ended(views: Views, view: View, { at, ...why }: Ending): ViewEffect[] {
  const { id, pillarId, phase, wish } = view;
  views.byId.delete(id);
  const isRecorded = phase === "granting" || phase === "given";
  if (phase === "recording") views.endedEarly.set(id, view);
  const { code, detail } = { ...ENDED, ...why };
  return [
    { type: "close-view", id, pillarId },
    ...(isRecorded && wish.purpose !== "call"
      ? [{ type: "end-grant", id, pillarId } as const]
      : []),
    ...(isRecorded ? [{ type: "record-end", fact: closedFact(view.wish, at) } as const] : []),
    ...(phase === "given" ? [] : [{ type: "refuse-view", id, code, detail } as const]),
  ];
}
