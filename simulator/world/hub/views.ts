/**
 * Views in the world: the core's rule, and a model of what carries it out.
 *
 * As `hub/media/control/media-sessions.ts`: offers and answers go to a media process and back, each
 * with a delay, and a begin is given to its console only after the journal has it. The media
 * process ends with the hub, and now and then by itself; then another begins without any view.
 */
import { handleFacts } from "../../../hub/core/hub.ts";
import type { Fact } from "../../../hub/core/facts.ts";
import { newViews, type Views } from "../../../hub/core/view/view.ts";
import type { ViewEffect, ViewEvent, ViewWish } from "../../../hub/core/view/view-events.ts";
import { assertNever } from "../../../shared/assert.ts";
import type { MediaSessionId, PillarId } from "../../../shared/ids.ts";
import { newChance, type Chance } from "../chance.ts";
import { performAll } from "./hub-effects.ts";
import type { HubViews, OfferTold } from "../ports.ts";
import type { HubWorld } from "./hub-state.ts";

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
  /** In the media process. */
  readonly carried: Map<MediaSessionId, Carried>;
  /** Changes with each media process. */
  mediaLife: number;
  isMediaUp: boolean;
}

const MAX_VIEWERS = 40;
const ANSWER_WITHIN_MS = 3000;
const CHANNEL_MS: readonly [number, number] = [0.1, 20];
/** The media process makes an answer; now and then it makes none. */
const ANSWER_MS: readonly [number, number] = [10, 400];
const SILENT_SHARE = 0.02;
/** From the console's answer to its first packet. */
const CONNECT_MS: readonly [number, number] = [50, 1500];
const MEDIA_START_MS: readonly [number, number] = [300, 4000];
/** A connection that nobody answers is given up. */
const NOTICED_MS: readonly [number, number] = [5000, 30_000];

export function newHubViews(world: HubWorld): HubViews {
  const desk: Desk = {
    ...{ world, chance: newChance(world.settings.seed, "views"), table: newViews(MAX_VIEWERS) },
    ...{ waiting: new Map(), recording: new Set(), carried: new Map() },
    ...{ mediaLife: 0, isMediaUp: false },
  };
  return {
    ask: (wish, told) => {
      const id = desk.chance.hex(128) as MediaSessionId;
      desk.waiting.set(id, told);
      // Of the hub, which may have crashed meanwhile: then nobody waits any more.
      laterInHub(desk, ANSWER_WITHIN_MS, () => {
        if (desk.table.byId.get(id)?.phase !== "offered") return;
        tell(desk, { type: "view-failed", id, code: "media-unavailable", detail: "no answer" });
      });
      const monotonicMs = world.scheduler.now();
      tell(desk, { type: "view-asked", id, wish, monotonicMs });
    },
    close: (id) => tell(desk, { type: "view-closed-by-console", id }),
    vanish: (id) => {
      laterInMedia(desk, desk.chance.between(...NOTICED_MS), () => lose(desk, id));
    },
    endOf: (signInId) => tell(desk, { type: "sign-in-ended", signInId }),
    end: (incidentId, who) => tell(desk, { type: "incident-over", incidentId, who }),
    viewers: () => new Set([...desk.table.byId.values()].map(({ wish }) => wish.signInId)),
    review: () => tell(desk, { type: "state-renewed" }),
    journalFailed: () => {
      const ids = [...desk.recording];
      desk.recording.clear();
      for (const id of ids) tell(desk, { type: "view-unrecorded", id, reason: "EIO" });
    },
    hubBegan: () => startMedia(desk),
    hubEnded: () => {
      endMedia(desk);
      desk.table = newViews(MAX_VIEWERS);
      desk.recording.clear();
      for (const [id, told] of [...desk.waiting]) told(id, false);
      desk.waiting.clear();
    },
    killMedia: () => {
      if (!desk.isMediaUp || !world.hub.isUp) return;
      if (desk.carried.size > 0) world.coverage.count("media-killed-in-view");
      endMedia(desk);
      startMedia(desk);
    },
  };
}

type Told<E = ViewEvent> = E extends ViewEvent ? Omit<E, "at"> : never;

function tell(desk: Desk, told: Told): void {
  const { world, table } = desk;
  const { hub, rules } = world;
  if (!hub.isUp) return;
  const event: ViewEvent = { ...told, at: hub.clock.wall() };
  for (const effect of rules.decideView(table, event, hub.state)) perform(desk, effect);
}

function perform(desk: Desk, effect: ViewEffect): void {
  const { world, chance } = desk;
  switch (effect.type) {
    case "offer-view":
      toMedia(desk, () => offer(desk, effect));
      return;
    case "close-view":
      toMedia(desk, () => end(desk, effect.id));
      return;
    case "record-view":
      recordBegin(desk, effect);
      return;
    case "record-end":
      record(world, effect.fact, () => undefined);
      return;
    case "give-view":
      world.coverage.count(`view-given-${desk.table.byId.get(effect.id)?.wish.role}`);
      settle(desk, effect.id, true);
      laterInMedia(desk, chance.between(...CONNECT_MS), () => connect(desk, effect.id));
      return;
    case "refuse-view":
      world.coverage.count(`view-refused-${effect.code}`);
      settle(desk, effect.id, false);
      return;
    default:
      assertNever(effect);
  }
}

function settle({ waiting }: Desk, id: MediaSessionId, isGiven: boolean): void {
  const told = waiting.get(id);
  waiting.delete(id);
  told?.(id, isGiven);
}

/** A view of a hub that died, or of a media process that did, is nothing to the next. */
function laterInHub({ world }: Desk, ms: number, run: () => void): void {
  const { hub, scheduler } = world;
  const { life } = hub;
  scheduler.plan(scheduler.now() + ms, () => {
    if (hub.life === life) run();
  });
}

function laterInMedia(desk: Desk, ms: number, run: () => void): void {
  const { scheduler } = desk.world;
  const { mediaLife } = desk;
  scheduler.plan(scheduler.now() + ms, () => {
    if (desk.isMediaUp && desk.mediaLife === mediaLife) run();
  });
}

/**
 * Lost when no process is there to hear it. One after the other, in the order in which they are
 * sent.
 */
function toMedia(desk: Desk, run: () => void): void {
  laterInMedia(desk, CHANNEL_MS[1], run);
}

function fromMedia(desk: Desk, run: () => void): void {
  const { mediaLife } = desk;
  laterInHub(desk, desk.chance.between(...CHANNEL_MS), () => {
    if (desk.mediaLife === mediaLife) run();
  });
}

function startMedia(desk: Desk): void {
  const { mediaLife } = desk;
  laterInHub(desk, desk.chance.between(...MEDIA_START_MS), () => {
    if (desk.mediaLife !== mediaLife) return;
    desk.isMediaUp = true;
    tell(desk, { type: "media-ready" });
  });
}

function endMedia(desk: Desk): void {
  for (const id of [...desk.carried.keys()]) end(desk, id);
  desk.isMediaUp = false;
  desk.mediaLife += 1;
}

function offer(
  desk: Desk,
  { id, pillarId, wish }: Extract<ViewEffect, { type: "offer-view" }>,
): void {
  const { chance } = desk;
  desk.carried.set(id, { wish, pillarId, isSeen: false });
  if (chance.isTrue(SILENT_SHARE)) return;
  laterInMedia(desk, chance.between(...ANSWER_MS), () => {
    if (!desk.carried.has(id)) return;
    fromMedia(desk, () => tell(desk, { type: "view-answered", id }));
  });
}

function connect(desk: Desk, id: MediaSessionId): void {
  const one = desk.carried.get(id);
  if (!one || one.isSeen) return;
  one.isSeen = true;
  const { world } = desk;
  const { incidentId, role, by, signInId } = one.wish;
  const at = world.scheduler.now();
  const who = { username: by.username, role, signInId, isOperator: by.role !== "technician" };
  world.happened({ type: "view-begins", at, id, pillar: one.pillarId, incidentId, ...who });
  world.note("hub", "view begins", `${role} of ${one.pillarId} by ${by.username}`);
}

function end(desk: Desk, id: MediaSessionId): void {
  const one = desk.carried.get(id);
  if (!one) return;
  desk.carried.delete(id);
  if (!one.isSeen) return;
  const { world } = desk;
  world.happened({ type: "view-ends", at: world.scheduler.now(), id });
  world.note("hub", "view ends", `${one.wish.role} of ${one.pillarId} by ${one.wish.by.username}`);
}

/** The media process ends it by itself, and says so. */
function lose(desk: Desk, id: MediaSessionId): void {
  if (!desk.carried.has(id)) return;
  end(desk, id);
  const code = "media-unavailable";
  fromMedia(desk, () => tell(desk, { type: "view-failed", id, code, detail: "lost" }));
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
