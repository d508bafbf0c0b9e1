/**
 * The consoles' media sessions: what the core decides about views, performed.
 *
 * Who may have a view, and when it ends, is decided in `hub/core/view/view.ts`. Here offers and
 * answers are passed on, and the core is told what media process, journal and people did.
 */
import { randomBytes } from "node:crypto";
import type { Logger } from "pino";
import { assertNever } from "../../../shared/assert.ts";
import type { GrantId, IncidentId, MediaSessionId, PillarId } from "../../../shared/ids.ts";
import { OPENED_FOR } from "../../../shared/protocol/purpose.ts";
import type { Fact } from "../../core/facts.ts";
import {
  decideView,
  newViews,
  RENEW_EVERY_MS,
  type Views as ViewTable,
} from "../../core/view/view.ts";
import type { Known } from "../../core/view/view-right.ts";
import type { ViewEffect, ViewEvent, ViewRefusal, ViewTold } from "../../core/view/view-events.ts";
import type { CommandSent, MediaNews, MediaPort, ViewAnswer, ViewRequest } from "../../ports.ts";
import type { Commander } from "../../shell/pillars/pillar-commands.ts";

const ANSWER_WITHIN_MS = 3000;

export interface ViewsOptions {
  readonly media: Pick<MediaPort, "send">;
  readonly maxViewers: number;
  readonly grants: Pick<Commander, "grant" | "endGrant">;
  readonly state: () => Known;
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
  /** Somebody calls at a pillar, or its identity ended: ends what nobody may have any more. */
  reviewOf(pillarId: PillarId): void;
  /** The fold was made again: ends what nobody may have any more. */
  review(): void;
  onMedia(news: MediaNews): void;
}

/** A console that waits for its answer. */
interface Waiting {
  readonly sdp: string;
  /** Of the media process, once it has come. */
  answer: string | undefined;
  readonly timer: NodeJS.Timeout;
  readonly resolve: (answer: ViewAnswer) => void;
}

interface Sessions extends ViewsOptions {
  readonly table: ViewTable;
  readonly waiting: Map<MediaSessionId, Waiting>;
  /** While somebody looks. */
  renewal: NodeJS.Timeout | undefined;
}

export function createViews(options: ViewsOptions): Views {
  const sessions: Sessions = {
    ...options,
    table: newViews(options.maxViewers),
    waiting: new Map(),
    renewal: undefined,
  };
  return {
    open: (request) => open(sessions, request),
    close: (sessionId) =>
      tell(sessions, { type: "view-closed-by-console", id: sessionId as MediaSessionId }),
    end: (incidentId, who) => tell(sessions, { type: "incident-over", incidentId, who }),
    viewers: () => new Set([...sessions.table.byId.values()].map(({ wish }) => wish.signInId)),
    endOf: (signInId) => tell(sessions, { type: "sign-in-ended", signInId }),
    reviewOf: (pillarId) => tell(sessions, { type: "pillar-changed", pillarId }),
    review: () => tell(sessions, { type: "state-renewed" }),
    onMedia: (news) => onMedia(sessions, news),
  };
}

function tell(sessions: Sessions, told: ViewTold): void {
  const event: ViewEvent = { ...told, at: Date.now() };
  const effects = decideView(sessions.table, event, sessions.state());
  for (const effect of effects) perform(sessions, effect);
}

function open(sessions: Sessions, request: ViewRequest): Promise<ViewAnswer> {
  const { sdp, ...wish } = request;
  const id = randomBytes(16).toString("hex") as MediaSessionId;
  return new Promise((resolve) => {
    const detail = `the media process did not answer within ${ANSWER_WITHIN_MS / 1000} s`;
    const timer = setTimeout(
      () => tell(sessions, { type: "view-failed", id, code: "media-unavailable", detail }),
      ANSWER_WITHIN_MS,
    );
    sessions.waiting.set(id, { sdp, answer: undefined, timer, resolve });
    tell(sessions, { type: "view-asked", id, wish, monotonicMs: performance.now() });
  });
}

function perform(sessions: Sessions, effect: ViewEffect): void {
  const { media, waiting } = sessions;
  switch (effect.type) {
    case "offer-view": {
      const { id: sessionId, pillarId, wish } = effect;
      const { role, camera, purpose } = wish;
      const isWithoutVoice = !OPENED_FOR[purpose].microphone;
      const { sdp = "" } = waiting.get(sessionId) ?? {};
      const asked = { sessionId, pillarId, role, ...(camera && { camera }), isWithoutVoice };
      media.send({ type: "viewer-offer", ...asked, sdp });
      return;
    }
    case "close-view":
      media.send({ type: "viewer-close", pillarId: effect.pillarId, sessionId: effect.id });
      return;
    case "record-view":
      recordBegin(sessions, effect);
      return;
    case "grant-look":
      askGrant(sessions, effect);
      return;
    case "end-grant":
      sessions.grants.endGrant(effect.pillarId, grantOf(effect.id));
      return;
    case "record-end":
      sessions.record(effect.fact).catch((error: unknown) => {
        sessions.log.warn(`the end of a view was not recorded: ${String(error)}`);
      });
      return;
    case "give-view": {
      const { answer = "" } = waiting.get(effect.id) ?? {};
      settle(sessions, effect.id, { ok: true, sessionId: effect.id, sdp: answer });
      return;
    }
    case "refuse-view": {
      const { id, code, detail } = effect;
      settle(sessions, id, { ok: false, code, detail });
      return;
    }
    default:
      assertNever(effect);
  }
}

function recordBegin(
  sessions: Sessions,
  { id, fact }: Extract<ViewEffect, { type: "record-view" }>,
): void {
  sessions.record(fact).then(
    () => tell(sessions, { type: "view-recorded", id }),
    (error: unknown) => tell(sessions, { type: "view-unrecorded", id, reason: String(error) }),
  );
}

/** The pillar's grant has the name of the session that it is for. */
const grantOf = (id: MediaSessionId): GrantId => id as string as GrantId;

function askGrant(
  sessions: Sessions,
  { id, pillarId, purpose, seconds }: Extract<ViewEffect, { type: "grant-look" }>,
): void {
  sessions.renewal ??= setInterval(() => renew(sessions), RENEW_EVERY_MS).unref();
  const asked = { grantId: grantOf(id), purpose, seconds };
  sessions.grants.grant(pillarId, asked).then(
    (result) =>
      tell(
        sessions,
        result.ok
          ? { type: "look-granted", id, monotonicMs: performance.now() }
          : { type: "view-failed", id, code: codeOf(result), detail: result.detail },
      ),
    (error: unknown) =>
      tell(sessions, { type: "view-failed", id, code: "unavailable", detail: String(error) }),
  );
}

/** What a pillar refuses is a matter of the pillar's state; a pillar that is not there has no media. */
const codeOf = ({ code }: CommandSent & { readonly ok: false }): ViewRefusal =>
  code === "conflict" ? code : "media-unavailable";

function renew(sessions: Sessions): void {
  tell(sessions, { type: "looks-due", monotonicMs: performance.now() });
  const isLookedAt = [...sessions.table.byId.values()].some(({ wish }) => wish.purpose !== "call");
  if (isLookedAt) return;
  clearInterval(sessions.renewal);
  sessions.renewal = undefined;
}

function settle({ waiting }: Sessions, id: MediaSessionId, answer: ViewAnswer): void {
  const console = waiting.get(id);
  if (!console) return;
  waiting.delete(id);
  clearTimeout(console.timer);
  console.resolve(answer);
}

function onMedia(sessions: Sessions, news: MediaNews): void {
  if (news.type === "ready") {
    tell(sessions, { type: "media-ready", mediaId: news.mediaId });
  } else if (news.type === "viewer-answer") {
    const { sessionId: id, sdp } = news;
    const waiting = sessions.waiting.get(id);
    if (waiting) {
      waiting.answer = sdp;
      clearTimeout(waiting.timer);
    }
    tell(sessions, { type: "view-answered", id });
  } else if (news.type === "viewer-refused") {
    const { sessionId: id, code, detail } = news;
    tell(sessions, { type: "view-failed", id, code, detail });
  } else if (news.type === "viewer-closed") {
    const detail = "the connection ended before it was answered";
    const { sessionId: id } = news;
    tell(sessions, { type: "view-failed", id, code: "media-unavailable", detail });
  }
}
