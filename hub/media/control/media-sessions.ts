/**
 * Who watches and who talks: one entry per console's media session.
 *
 * Nobody listens without being named: a session is given to a console only after the journal has
 * it, and it ends with the incident, with the owner, or with the media process, whichever is first.
 */
import { randomBytes } from "node:crypto";
import type { Logger } from "pino";
import { may, personOf } from "../../../shared/access/may.ts";
import { BoundedMap } from "../../../shared/bounded-map.ts";
import type { IncidentId, MediaSessionId, PillarId } from "../../../shared/ids.ts";
import type { Fact } from "../../core/facts.ts";
import type { IncidentRecord } from "../../core/incident/incident.ts";
import type { FromMedia } from "../ipc.ts";
import { takeTurn, type Rate } from "../../link/rate.ts";
import type { MediaPort, ViewAnswer, ViewRequest } from "../../ports.ts";

const ANSWER_WITHIN_MS = 3000;
/**
 * Of one person, watching and talking together: several
 * calls, and what a reloaded page has left behind.
 */
export const MAX_VIEWS_OF_ONE = 12;
/** Each offer costs the media process a connection, also when it ends at once. */
const OFFERS: Rate = { burst: 24, intervalMs: 500, maxWaitMs: 0 };
const MAX_PACES = 10_000;

export interface ViewsOptions {
  readonly media: MediaPort;
  readonly maxViewers: number;
  readonly incident: (id: IncidentId) => IncidentRecord | undefined;
  readonly isRevoked: (id: PillarId) => boolean;
  readonly record: (fact: Fact) => Promise<void>;
  readonly log: Logger;
}

export interface Views {
  open(request: ViewRequest): Promise<ViewAnswer>;
  close(sessionId: string): void;
  /** Sign-in sessions that watch or talk now. */
  viewers(): ReadonlySet<string>;
  /** Ends what one sign-in session watches and its talking. */
  endOf(signInId: string): void;
  /** Ends an incident's sessions: all of them, or those that talk. */
  end(incidentId: IncidentId, who: "all" | "talkers"): void;
  onMedia(message: FromMedia): void;
}

interface View {
  readonly id: MediaSessionId;
  readonly request: ViewRequest;
  isRecorded: boolean;
  answer: ((answer: ViewAnswer) => void) | undefined;
}

interface Sessions extends ViewsOptions {
  readonly views: Map<string, View>;
  /** By person: when the next offer may come. */
  readonly nextOfferAt: Map<string, number>;
}

export function createViews(options: ViewsOptions): Views {
  const sessions: Sessions = {
    ...options,
    views: new Map(),
    nextOfferAt: new BoundedMap(MAX_PACES),
  };
  return {
    open: (request) => open(sessions, request),
    close: (sessionId) => close(sessions, sessions.views.get(sessionId)),
    end: (incidentId, who) => {
      for (const view of viewsOf(sessions, incidentId)) {
        if (who === "all" || view.request.role === "talk") close(sessions, view);
      }
    },
    viewers: () => new Set([...sessions.views.values()].map(({ request }) => request.signInId)),
    endOf: (signInId) => {
      for (const view of sessions.views.values()) {
        if (view.request.signInId === signInId) close(sessions, view);
      }
    },
    onMedia: (message) => onMedia(sessions, message),
  };
}

const viewsOf = (sessions: Sessions, incidentId: IncidentId): View[] =>
  [...sessions.views.values()].filter(({ request }) => request.incidentId === incidentId);

const refused = (
  code: Extract<ViewAnswer, { ok: false }>["code"],
  detail: string,
): ViewAnswer & { ok: false } => ({ ok: false, code, detail });

const ENDED = refused("conflict", "the session was ended");

function whyNot(sessions: Sessions, { incidentId, role, by }: ViewRequest): ViewAnswer | undefined {
  const incident = sessions.incident(incidentId);
  if (!incident) return refused("not-found", `no such incident: ${incidentId}`);
  const person = personOf(by);
  if (!may(person, "media:use", { incident })) {
    return refused("forbidden", `expected an operator or a supervisor, found a ${by.role}`);
  }
  if (incident.state === "closed") return refused("conflict", "the incident is closed");
  if (sessions.isRevoked(incident.pillarId)) {
    return refused("conflict", "the pillar's identity was revoked: it has no picture and no voice");
  }
  if (role === "watch") return undefined;
  if (incident.state !== "answered") return refused("conflict", "answer the incident first");
  return may(person, "media:talk", { incident })
    ? undefined
    : refused("conflict", `${incident.ownerName ?? "somebody else"} is talking`);
}

async function open(sessions: Sessions, request: ViewRequest): Promise<ViewAnswer> {
  const no = whyNot(sessions, request);
  if (no) return no;
  if (sessions.views.size >= sessions.maxViewers) {
    return refused("too-many-requests", `expected at most ${sessions.maxViewers} viewers at once`);
  }
  const tooMany = whyTooMany(sessions, request);
  if (tooMany) return tooMany;
  const id = randomBytes(16).toString("hex") as MediaSessionId;
  const view: View = { id, request, isRecorded: false, answer: undefined };
  if (request.role === "talk")
    sessions.views.forEach((other) => replaceTalk(sessions, other, request));
  sessions.views.set(id, view);
  const answer = await negotiate(sessions, view);
  if (!answer.ok) {
    close(sessions, view);
    return answer;
  }
  try {
    await sessions.record(viewFact("view-opened", view));
    view.isRecorded = true;
  } catch (error) {
    close(sessions, view);
    return refused("unavailable", `the view could not be recorded: ${String(error)}`);
  }
  // The incident may have ended or changed hands, and the session with it, while we negotiated.
  const late = whyNot(sessions, request) ?? (sessions.views.has(id) ? undefined : ENDED);
  if (late) close(sessions, view);
  return late ?? answer;
}

function whyTooMany(sessions: Sessions, { by: { username } }: ViewRequest): ViewAnswer | undefined {
  const own = [...sessions.views.values()].filter(
    ({ request }) => request.by.username === username,
  );
  if (own.length >= MAX_VIEWS_OF_ONE) {
    const detail = `expected at most ${MAX_VIEWS_OF_ONE} connections of one person: close a window`;
    return refused("too-many-windows", detail);
  }
  const turn = takeTurn(OFFERS, sessions.nextOfferAt.get(username) ?? 0, performance.now());
  if (!turn.ok) {
    const most = 1000 / OFFERS.intervalMs;
    return refused("too-many-requests", `expected at most ${most} offers a second of one person`);
  }
  sessions.nextOfferAt.set(username, turn.nextAt);
  return undefined;
}

/** A reloaded console talks again: its earlier session is over. */
function replaceTalk(sessions: Sessions, other: View, request: ViewRequest): void {
  const isSame = other.request.role === "talk" && other.request.incidentId === request.incidentId;
  if (isSame) close(sessions, other);
}

function negotiate(sessions: Sessions, view: View): Promise<ViewAnswer> {
  const { id: sessionId, request } = view;
  const { incidentId, role, sdp } = request;
  const { pillarId } = sessions.incident(incidentId) ?? {};
  if (!pillarId) return Promise.resolve(refused("not-found", `no such incident: ${incidentId}`));
  return new Promise((resolve) => {
    const detail = `the media process did not answer within ${ANSWER_WITHIN_MS / 1000} s`;
    const timer = setTimeout(
      () => view.answer?.(refused("media-unavailable", detail)),
      ANSWER_WITHIN_MS,
    );
    view.answer = (answer) => {
      clearTimeout(timer);
      view.answer = undefined;
      resolve(answer);
    };
    sessions.media.send({ type: "viewer-offer", sessionId, incidentId, pillarId, role, sdp });
  });
}

function close(sessions: Sessions, view: View | undefined): void {
  if (!view || !sessions.views.delete(view.id)) return;
  sessions.media.send({ type: "viewer-close", sessionId: view.id });
  view.answer?.(ENDED);
  if (!view.isRecorded) return;
  sessions.record(viewFact("view-closed", view)).catch((error: unknown) => {
    sessions.log.warn(
      { sessionId: view.id },
      `the end of a view was not recorded: ${String(error)}`,
    );
  });
}

function viewFact(type: "view-opened" | "view-closed", { request }: View): Fact {
  const { incidentId, role, by, from } = request;
  const fact = { at: Date.now(), incidentId, role, by: by.username, byName: by.displayName };
  return type === "view-opened" ? { type, ...fact, from } : { type, ...fact };
}

function onMedia(sessions: Sessions, message: FromMedia): void {
  if (message.type === "ready") {
    for (const view of sessions.views.values()) close(sessions, view);
  } else if (message.type === "viewer-answer") {
    const { sessionId, sdp } = message;
    sessions.views.get(sessionId)?.answer?.({ ok: true, sessionId, sdp });
  } else if (message.type === "viewer-refused") {
    const { sessionId, code, detail } = message;
    sessions.views.get(sessionId)?.answer?.(refused(code, detail));
  } else if (message.type === "viewer-closed") {
    const view = sessions.views.get(message.sessionId);
    view?.answer?.(refused("media-unavailable", "the connection ended before it was answered"));
    close(sessions, view);
  }
}
