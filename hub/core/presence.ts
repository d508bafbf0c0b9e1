/**
 * Who is there: judged from heartbeats alone, never from a broker's will.
 *
 * A heartbeat is due every 5 s. One missed is `late`, two and a half are `lost`; a closed connection is
 * `lost` as soon as a reconnection had its chance. Only changes become facts, so ten thousand healthy
 * pillars write nothing.
 */
import type { Presence } from "../../shared/api/pillar.ts";
import { assertNever } from "../../shared/assert.ts";
import type { EventId, IncidentId, PillarId, SessionNonce, Username } from "../../shared/ids.ts";
import type { Call } from "../../shared/protocol/call.ts";
import { hearClock, unset, type Clock } from "./clock.ts";
import { hearAbsence, hearConsole, type Desk } from "./console.ts";
import { hearDeadlines, noteDeadline, type Countdown } from "./deadline.ts";
import type { HubEffect, HubEvent } from "./events.ts";
import { hearCalls, noteCalled, type Calling } from "./external.ts";
import type { Fact } from "./facts.ts";
import { hearHead, markOf } from "./ledger.ts";
import { hearBoot, hearTakeover, newLineage, type Lineage } from "./lineage.ts";
import type { HubState } from "./state.ts";

export const LATE_AFTER_MS = 7500;
export const LOST_AFTER_MS = 12_000;
/** A link that drops and returns within this time is no news. */
export const RECONNECT_WITHIN_MS = 4000;
/** When the whole fleet vanishes at once, alarms must not wait behind the news of it. */
export const MAX_CHANGES_PER_TICK = 4000;
/** Calls of one pillar that wait for its session; of its latest it is told in any case. */
const MAX_UNTOLD = 64;
/** A broker may lose what it took for a pillar: with every second heartbeat a call that runs, or is just over, is told again. */
const TELL_CALL_AGAIN_MS = 9000;
const JUST_OVER_MS = 120_000;
/** Told again so seldom when it has been over for longer. */
const TELL_END_AGAIN_MS = 60_000;
/** For so long a pillar believes in a call of which it hears nothing. */
const BELIEVED_MS = 1_800_000;
const FIRST_RESEND_AFTER_MS = 15_000;
const MOST_RESEND_AFTER_MS = 600_000;

/** What the wire said of one pillar since this process began. */
export interface Voice {
  heardAt: number;
  disconnectedAt: number | null;
  /** It has been told the state of its call since it connected. */
  isTold: boolean;
  /** Monotonic. */
  toldAt: number;
  resendAskedAt: number | null;
  resendAfterMs: number;
  /** Of its latest heartbeat; null until the connection has had one. */
  sessionNonce: SessionNonce | null;
  /** Told since that heartbeat, by alarm: told again when the next shows that the session was another one by then. */
  readonly untold: Map<EventId, Call>;
  /** Since when its ledger has shown less than the hub holds. */
  behindSince: number | null;
  lineage: Lineage | undefined;
}

export interface Heard {
  readonly voices: Map<PillarId, Voice>;
  isMediaUp: boolean;
  /** When listening began; null before the first event. */
  since: number | null;
  readonly clock: Clock;
  readonly countdowns: Map<IncidentId, Countdown>;
  readonly desks: Map<Username, Desk>;
  readonly calls: Map<IncidentId, Calling>;
}

export const silence = (): Heard => ({
  voices: new Map(),
  isMediaUp: false,
  since: null,
  clock: unset(),
  countdowns: new Map(),
  desks: new Map(),
  calls: new Map(),
});

/**
 * Takes note of an event before it is decided. Owns `heard`, as the fold owns the rest.
 *
 * `monotonicMs`: now, by a clock nobody can set.
 */
// oxlint-disable-next-line complexity -- one flat switch: splitting it would hide which events exist
export function hear(state: HubState, event: HubEvent, monotonicMs: number): void {
  const { heard } = state;
  heard.clock.nowMs = monotonicMs;
  heard.since ??= event.at;
  switch (event.type) {
    case "alarm":
      // By HTTPS it proves the pillar alive, but not that we can reach it.
      if (event.via === "mqtt") heardFrom(heard, event.pillarId, event.at);
      return;
    case "heartbeat":
      hearHeartbeat(state, event);
      return;
    case "report":
      heardFrom(heard, event.pillarId, event.at);
      return;
    case "pillar-connected":
      hearConnected(state, event);
      return;
    case "pillar-disconnected": {
      const voice = heard.voices.get(event.pillarId);
      if (!voice) return;
      voice.isTold = false;
      voice.disconnectedAt = event.at;
      return;
    }
    case "media-started":
      heard.isMediaUp = true;
      return;
    case "console-connected":
    case "console-disconnected":
    case "console-beat":
    case "console-seen":
      hearConsole(heard, event);
      return;
    case "operator-order":
    case "lock-order":
      hearConsole(heard, { type: "console-seen", username: event.by });
      return;
    case "tick":
      hearClock(heard, event);
      hearDeadlines(state, event);
      hearAbsence(state);
      hearCalls(state);
      return;
    // They say nothing of who is there.
    case "external-answered":
    case "recording-ended":
    case "recording-picture":
    case "revoke-order":
    case "storage-checked":
    case "recordings-removed":
      return;
    default:
      assertNever(event);
  }
}

function hearHeartbeat(state: HubState, event: Extract<HubEvent, { type: "heartbeat" }>): void {
  const { at, pillarId, heartbeat } = event;
  const known = state.heard.voices.get(pillarId);
  if (known && mayHaveMissed(known, heartbeat.sessionNonce, at)) known.isTold = false;
  const voice = heardFrom(state.heard, pillarId, at);
  if (voice.sessionNonce === heartbeat.sessionNonce) voice.untold.clear();
  voice.sessionNonce = heartbeat.sessionNonce;
  hearBoot(lineageOf(state, pillarId, voice), heartbeat, at);
  hearHead(state, voice, event);
}

/**
 * Behind somebody else's broker nobody sees connections come and go, and a broker that heard nothing for us
 * may have told nothing either.
 */
const mayHaveMissed = (voice: Voice, sessionNonce: SessionNonce, at: number): boolean =>
  at - voice.heardAt > LATE_AFTER_MS ||
  (voice.sessionNonce !== null && voice.sessionNonce !== sessionNonce);

function hearConnected(
  state: HubState,
  event: Extract<HubEvent, { type: "pillar-connected" }>,
): void {
  const { at, pillarId, hasTakenOver = false } = event;
  const known = state.heard.voices.get(pillarId);
  if (known) hearTakeover(lineageOf(state, pillarId, known), at, hasTakenOver);
  const voice = heardFrom(state.heard, pillarId, at);
  voice.isTold = false;
  voice.sessionNonce = null;
}

function lineageOf(state: HubState, pillarId: PillarId, voice: Voice): Lineage {
  const { enrolments } = markOf(state, pillarId);
  if (voice.lineage?.enrolments !== enrolments) {
    voice.lineage = newLineage(enrolments, state.pillars.get(pillarId)?.bootEpoch ?? 0);
  }
  return voice.lineage;
}

function heardFrom(heard: Heard, pillarId: PillarId, at: number): Voice {
  let voice = heard.voices.get(pillarId);
  if (!voice) {
    voice = {
      heardAt: at,
      disconnectedAt: null,
      isTold: false,
      toldAt: heard.clock.nowMs,
      resendAskedAt: null,
      resendAfterMs: FIRST_RESEND_AFTER_MS,
      sessionNonce: null,
      untold: new Map(),
      behindSince: null,
      lineage: undefined,
    };
    heard.voices.set(pillarId, voice);
  }
  voice.disconnectedAt = null;
  voice.heardAt = at;
  return voice;
}

/** Takes note of what was ordered, so that it is not ordered again too soon. */
export function noteOrdered(state: HubState, effect: HubEffect, at: number): void {
  if (effect.type === "call-external") noteCalled(state, effect.incidentId);
  if (effect.type !== "ask-resend" && effect.type !== "tell-pillar") return;
  const voice = state.heard.voices.get(effect.pillarId);
  if (!voice) return;
  if (effect.type === "tell-pillar") {
    noteTold(voice, effect.call, state.heard.clock.nowMs);
    return;
  }
  const isRepeated = voice.resendAskedAt !== null;
  voice.resendAskedAt = at;
  voice.resendAfterMs = isRepeated
    ? Math.min(voice.resendAfterMs * 2, MOST_RESEND_AFTER_MS)
    : FIRST_RESEND_AFTER_MS;
}

/** Nothing is signed for a session that has not shown itself: its first heartbeat is answered with what waits. */
function noteTold(voice: Voice, call: Call, nowMs: number): void {
  const { untold } = voice;
  // "Answered" must not be told after the end of the same call.
  for (const [id, { incidentId }] of untold) if (incidentId === call.incidentId) untold.delete(id);
  untold.delete(call.eventId);
  voice.toldAt = nowMs;
  voice.isTold = voice.sessionNonce !== null;
  untold.set(call.eventId, call);
  const [oldest] = untold.keys();
  if (untold.size > MAX_UNTOLD && oldest) untold.delete(oldest);
}

/** What the shell should remember of a fact although no fold keeps it. */
export function noteFact(heard: Heard, fact: Fact): void {
  if (fact.type === "deadline-set") noteDeadline(heard, fact);
}

/** Whether the pillar should hear how its latest call stands: never told, or a while ago and still of interest. */
export function isCallOwed(state: HubState, pillarId: PillarId, at: number): boolean {
  const voice = state.heard.voices.get(pillarId);
  if (!voice) return false;
  if (!voice.isTold) return true;
  const { lastIncidentId } = markOf(state, pillarId);
  const sinceMs = state.heard.clock.nowMs - voice.toldAt;
  if (lastIncidentId === null || sinceMs < TELL_CALL_AGAIN_MS) return false;
  if (state.incidents.has(lastIncidentId)) return true;
  const overMs = at - (state.closed.get(lastIncidentId)?.closedAt ?? 0);
  if (overMs >= BELIEVED_MS) return false;
  return overMs < JUST_OVER_MS || sinceMs >= TELL_END_AGAIN_MS;
}

/** A resend may be asked now: not asked lately, and ever more seldom when asking does not help. */
export function mayAskResend(state: HubState, pillarId: PillarId, at: number): boolean {
  const voice = state.heard.voices.get(pillarId);
  if (!voice) return false;
  return voice.resendAskedAt === null || at - voice.resendAskedAt >= voice.resendAfterMs;
}

/** `undefined`: not listening long enough to say. */
function presenceNow(heard: Heard, pillarId: PillarId, at: number): Presence | undefined {
  const voice = heard.voices.get(pillarId);
  if (!voice) return at - (heard.since ?? at) > LOST_AFTER_MS ? "lost" : undefined;
  const silentMs = at - voice.heardAt;
  const awayMs = voice.disconnectedAt === null ? 0 : at - voice.disconnectedAt;
  if (silentMs > LOST_AFTER_MS || awayMs > RECONNECT_WITHIN_MS) return "lost";
  return silentMs > LATE_AFTER_MS ? "late" : "online";
}

/** The change for one pillar, if there is one. */
export function presenceFact(state: HubState, pillarId: PillarId, at: number): Fact | undefined {
  const record = state.pillars.get(pillarId);
  if (!record || record.presence === "out-of-service") return undefined;
  const presence = presenceNow(state.heard, pillarId, at) ?? record.presence;
  if (presence === record.presence) return undefined;
  return { type: "presence-changed", at, pillarId, presence };
}

export function presenceFacts(state: HubState, at: number): Fact[] {
  const facts: Fact[] = [];
  for (const pillarId of state.pillars.keys()) {
    const fact = presenceFact(state, pillarId, at);
    if (fact) facts.push(fact);
    if (facts.length >= MAX_CHANGES_PER_TICK) break;
  }
  return facts;
}
