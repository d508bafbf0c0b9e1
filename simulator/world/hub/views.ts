/**
 * Views in the world: the core's rule, and a model of what carries it out.
 *
 * As `hub/media/control/media-sessions.ts`: offers and answers go to the pillar's media process and
 * back, each with a delay, and a begin is given to its console only after the journal has it. Media
 * processes end with the hub, and now and then one by itself; then another begins without any view.
 */
import { handleFacts } from "../../../hub/core/hub.ts";
import type { Fact } from "../../../hub/core/facts.ts";
import { newViews, type View, type Views } from "../../../hub/core/view/view.ts";
import type {
  ViewEffect,
  ViewEvent,
  ViewTold,
  ViewWish,
} from "../../../hub/core/view/view-events.ts";
import { assertNever } from "../../../shared/assert.ts";
import type { MediaId, MediaSessionId, PillarId } from "../../../shared/ids.ts";
import { newChance, type Chance } from "../chance.ts";
import { performAll } from "./hub-effects.ts";
import { newGrants, type Grants } from "./grants.ts";
import { CHANNEL_MS, laterInHub, newMedia, type Media } from "./media.ts";
import type { HubViews, OfferTold } from "../ports.ts";
import type { Happening } from "../run/happening.ts";
import type { HubWorld } from "./hub-state.ts";

type ViewEnd = Extract<Happening, { type: "view-ends" }>;

interface Carried {
  readonly wish: ViewWish;
  readonly pillarId: PillarId;
  /** Picture and voice flow. */
  isSeen: boolean;
}

interface Desk {
  readonly world: HubWorld;
  readonly chance: Chance;
  table: Views;
  readonly waiting: Map<MediaSessionId, OfferTold>;
  readonly recording: Set<MediaSessionId>;
  /** In the media process of its pillar. */
  readonly carried: Map<MediaSessionId, Carried>;
  readonly media: Media;
  readonly grants: Grants;
}

const MAX_VIEWERS = 40;
const ANSWER_WITHIN_MS = 3000;
/** The media process makes an answer; now and then it makes none. */
const ANSWER_MS: readonly [number, number] = [10, 400];
const SILENT_SHARE = 0.02;
/** From the console's answer to its first packet. */
const CONNECT_MS: readonly [number, number] = [50, 1500];
/** A connection that nobody answers is given up. */
const NOTICED_MS: readonly [number, number] = [5000, 30_000];

export function newHubViews(world: HubWorld): HubViews {
  const chance = newChance(world.settings.seed, "views");
  const desk: Desk = {
    ...{ world, chance, table: newViews(MAX_VIEWERS) },
    ...{ waiting: new Map(), recording: new Set(), carried: new Map() },
    media: newMedia({
      ...{ world, chance },
      onReady: (mediaId) => tell(desk, { type: "media-ready", mediaId }),
      onEnded: (mediaId) => {
        for (const id of carriedBy(desk, mediaId)) end(desk, id, "media-ended");
      },
    }),
    grants: newGrants({ world, chance, tell: (told) => tell(desk, told) }),
  };
  return {
    ask: (wish, told) => {
      const id = desk.chance.hex(128) as MediaSessionId;
      desk.waiting.set(id, told);
      // Of the hub, which may have crashed meanwhile: then nobody waits any more.
      laterInHub(world, ANSWER_WITHIN_MS, () => {
        if (desk.table.byId.get(id)?.phase !== "offered") return;
        tell(desk, { type: "view-failed", id, code: "media-unavailable", detail: "no answer" });
      });
      const monotonicMs = world.scheduler.now();
      tell(desk, { type: "view-asked", id, wish, monotonicMs });
    },
    close: (id) => tell(desk, { type: "view-closed-by-console", id }),
    vanish: (id) => {
      const { pillarId } = desk.carried.get(id) ?? {};
      const noticedMs = chance.between(...NOTICED_MS);
      if (pillarId) desk.media.later(pillarId, noticedMs, () => lose(desk, id));
    },
    endOf: (signInId) => tell(desk, { type: "sign-in-ended", signInId }),
    end: (incidentId, who) => tell(desk, { type: "incident-over", incidentId, who }),
    viewers: () => new Set([...desk.table.byId.values()].map(({ wish }) => wish.signInId)),
    reviewOf: (pillarId) => tell(desk, { type: "pillar-changed", pillarId }),
    heard: (pillarId, report) => desk.grants.heard(pillarId, report),
    review: () => tell(desk, { type: "state-renewed" }),
    journalFailed: () => {
      const ids = [...desk.recording];
      desk.recording.clear();
      for (const id of ids) tell(desk, { type: "view-unrecorded", id, reason: "EIO" });
    },
    hubBegan: () => {
      desk.media.begin();
      desk.grants.hubBegan();
    },
    hubEnded: () => {
      desk.grants.hubEnded();
      desk.media.end();
      desk.table = newViews(MAX_VIEWERS);
      desk.recording.clear();
      for (const [id, told] of [...desk.waiting]) told(id, false);
      desk.waiting.clear();
    },
    killMedia: () => desk.media.kill((mediaId) => carriedBy(desk, mediaId).length > 0),
  };
}

function tell(desk: Desk, told: ViewTold): void {
  const { world, table } = desk;
  const { hub, rules } = world;
  if (!hub.isUp) return;
  const event: ViewEvent = { ...told, at: hub.clock.wall() };
  for (const effect of rules.decideView(table, event, hub.state)) perform(desk, effect, event.type);
}

function perform(desk: Desk, effect: ViewEffect, cause: ViewEnd["because"]): void {
  const { world, chance, media } = desk;
  switch (effect.type) {
    case "offer-view":
      // One after the other, in the order in which they are sent.
      media.later(effect.pillarId, CHANNEL_MS[1], () => offer(desk, effect));
      return;
    case "close-view":
      media.later(effect.pillarId, CHANNEL_MS[1], () => end(desk, effect.id, cause));
      return;
    case "record-view":
      recordBegin(desk, effect);
      return;
    case "record-end":
      record(world, effect.fact, () => undefined);
      return;
    case "give-view": {
      const { pillarId } = desk.carried.get(effect.id) ?? {};
      world.coverage.count(`view-given-${wordOf(desk.table.byId.get(effect.id))}`);
      settle(desk, effect.id, true);
      const connectMs = chance.between(...CONNECT_MS);
      if (pillarId) media.later(pillarId, connectMs, () => connect(desk, effect.id));
      return;
    }
    case "grant-look":
      return desk.grants.give(effect);
    case "end-grant":
      return desk.grants.end(effect.id, effect.pillarId);
    case "refuse-view":
      world.coverage.count(`view-refused-${effect.code}`);
      settle(desk, effect.id, false);
      return;
    default:
      assertNever(effect);
  }
}

const wordOf = (view: View | undefined): string =>
  view?.wish.purpose === "call" ? view.wish.role : String(view?.wish.purpose);

function settle({ waiting }: Desk, id: MediaSessionId, isGiven: boolean): void {
  const told = waiting.get(id);
  waiting.delete(id);
  told?.(id, isGiven);
}

const carriedBy = ({ carried, media }: Desk, mediaId: MediaId): MediaSessionId[] =>
  [...carried].flatMap(([id, { pillarId }]) => (media.isOf(pillarId, mediaId) ? [id] : []));

function offer(
  desk: Desk,
  { id, pillarId, wish }: Extract<ViewEffect, { type: "offer-view" }>,
): void {
  const { chance, media } = desk;
  desk.carried.set(id, { wish, pillarId, isSeen: false });
  if (chance.isTrue(SILENT_SHARE)) return;
  media.later(pillarId, chance.between(...ANSWER_MS), () => {
    if (!desk.carried.has(id)) return;
    media.toHub(pillarId, () => tell(desk, { type: "view-answered", id }));
  });
}

function connect(desk: Desk, id: MediaSessionId): void {
  const one = desk.carried.get(id);
  if (!one || one.isSeen) return;
  one.isSeen = true;
  const { world } = desk;
  const { purpose, role, by, signInId } = one.wish;
  const incidentId = one.wish.purpose === "call" ? one.wish.incidentId : undefined;
  const at = world.scheduler.now();
  const who = { username: by.username, role, signInId, isOperator: by.role !== "technician" };
  const what = { id, pillar: one.pillarId, purpose, incidentId };
  world.happened({ type: "view-begins", at, ...what, ...who });
  world.note("hub", "view begins", `${role} of ${one.pillarId} by ${by.username}`);
}

function end(desk: Desk, id: MediaSessionId, because: ViewEnd["because"]): void {
  const one = desk.carried.get(id);
  if (!one) return;
  desk.carried.delete(id);
  if (!one.isSeen) return;
  const { world } = desk;
  world.happened({ type: "view-ends", at: world.scheduler.now(), id, because });
  world.note("hub", "view ends", `${one.wish.role} of ${one.pillarId} by ${one.wish.by.username}`);
}

/** The media process ends it by itself, and says so. */
function lose(desk: Desk, id: MediaSessionId): void {
  const { pillarId } = desk.carried.get(id) ?? {};
  if (!pillarId) return;
  end(desk, id, "connection-lost");
  const code = "media-unavailable";
  desk.media.toHub(pillarId, () => tell(desk, { type: "view-failed", id, code, detail: "lost" }));
}

function recordBegin(desk: Desk, { id, fact }: Extract<ViewEffect, { type: "record-view" }>): void {
  const { world, recording } = desk;
  if (world.hub.failure !== undefined) {
    tell(desk, { type: "view-unrecorded", id, reason: world.hub.failure });
    return;
  }
  recording.add(id);
  record(world, fact, () => {
    if (recording.delete(id)) tell(desk, { type: "view-recorded", id });
  });
}

function record(world: HubWorld, fact: Fact, done: () => void): void {
  const { hub } = world;
  if (hub.failure !== undefined) return;
  const first = hub.journal.nextIndex();
  const decision = handleFacts(hub.state, [fact], first);
  world.watch.decided([fact]);
  hub.journal.append([fact], () => {
    performAll(world, { ...decision, first });
    done();
  });
}
