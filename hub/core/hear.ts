/**
 * Takes note of what the wire says, before it is decided, and of effects that are not to follow
 * again too soon. It owns `heard`, as the fold owns the rest of the state.
 */
import { dropOldest } from "../../shared/bounded-map.ts";
import { hearCalls, noteCalled } from "./outside/outside-call.ts";
import type { HubEffect, HubEvent } from "./events.ts";
import type { Call } from "../../shared/protocol/call.ts";
import { hearDuePillars, dueIn, noteDuePillar } from "./pillar/due-pillars.ts";
import { LATE_AFTER_MS, RECONNECT_WITHIN_MS } from "./pillar/presence.ts";
import type { HubState } from "./state/hub-state.ts";
import type { Heard, PillarContact, CloneWatch } from "./state/heard-state.ts";
import { hearDeadlines, noteDeadline } from "./incident/deadline.ts";
import type { Fact } from "./facts.ts";
import type { EventId, PillarId } from "../../shared/ids.ts";
import { hearHead, markOf } from "./pillar/ledger.ts";
import { hearBoot, hearTakeover, newCloneWatch } from "./pillar/clone-detection.ts";
import { assertNever } from "../../shared/assert.ts";
import { hearClock } from "./time/clock.ts";
import { hearConsole, hearAbsence } from "./incident/console.ts";
import { isOfEndedSession, sessionOf } from "./pillar/session.ts";

/** Calls of one pillar that wait for its session; of its latest it is told in any case. */
const MAX_UNTOLD = 64;
const FIRST_RESEND_AFTER_MS = 15_000;
const MOST_RESEND_AFTER_MS = 600_000;

/**
 * Takes note of an event before it is decided. Owns `heard`, as the fold owns the rest.
 *
 * `monotonicMs`: now, by a clock nobody can set.
 */
// oxlint-disable-next-line complexity -- one flat switch: split, it would hide which events exist
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
      const contact = heard.contacts.get(event.pillarId);
      if (!contact) return;
      contact.isTold = false;
      contact.disconnectedAt = event.at;
      dueIn(heard, event.pillarId, RECONNECT_WITHIN_MS + 1);
      return;
    }
    case "media-started":
      heard.mediaUp.add(event.mediaId);
      return;
    case "media-ended":
      heard.mediaUp.delete(event.mediaId);
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
      hearDuePillars(state, event);
      hearDeadlines(state, event);
      hearAbsence(state);
      hearCalls(state);
      return;
    // These events do not show which pillars are there.
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
  if (isOfEndedSession(state, event)) return;
  const { at, pillarId, heartbeat } = event;
  const known = state.heard.contacts.get(pillarId);
  const { sessionNonce = null } = known ?? {};
  if (known && sessionNonce !== null && sessionNonce !== heartbeat.sessionNonce) {
    known.isTold = false;
  }
  const contact = heardFrom(state.heard, pillarId, at);
  if (contact.sessionNonce === heartbeat.sessionNonce) state.heard.untold.delete(pillarId);
  contact.sessionNonce = heartbeat.sessionNonce;
  hearBoot(cloneWatchOf(state, pillarId, contact), heartbeat, at);
  hearHead(state, contact, event);
}

function hearConnected(
  state: HubState,
  event: Extract<HubEvent, { type: "pillar-connected" }>,
): void {
  const { at, pillarId, hasTakenOver = false } = event;
  const known = state.heard.contacts.get(pillarId);
  if (known) hearTakeover(cloneWatchOf(state, pillarId, known), at, hasTakenOver);
  const contact = heardFrom(state.heard, pillarId, at);
  contact.isTold = false;
  contact.sessionNonce = null;
}

function cloneWatchOf(state: HubState, pillarId: PillarId, contact: PillarContact): CloneWatch {
  const { enrolments } = markOf(state, pillarId);
  if (contact.cloneWatch?.enrolments !== enrolments) {
    contact.cloneWatch = newCloneWatch(enrolments, state.pillars.get(pillarId)?.bootEpoch ?? 0);
  }
  return contact.cloneWatch;
}

function heardFrom(heard: Heard, pillarId: PillarId, at: number): PillarContact {
  let contact = heard.contacts.get(pillarId);
  if (!contact) {
    contact = {
      heardAt: at,
      disconnectedAt: null,
      isTold: false,
      toldAt: heard.clock.nowMs,
      resendAskedAt: null,
      resendAfterMs: FIRST_RESEND_AFTER_MS,
      sessionNonce: null,
      behindSince: null,
      cloneWatch: undefined,
    };
    heard.contacts.set(pillarId, contact);
  }
  // With an external broker the hub does not see connections come and go, and a broker that received
  // nothing for us may not have delivered anything either.
  if (at - contact.heardAt > LATE_AFTER_MS) contact.isTold = false;
  contact.disconnectedAt = null;
  contact.heardAt = at;
  dueIn(heard, pillarId, LATE_AFTER_MS + 1);
  return contact;
}

/** Takes note of an effect, decided at that time, so that it does not follow again too soon. */
export function noteEffect(state: HubState, effect: HubEffect, at: number): void {
  if (effect.type === "call-external") noteCalled(state.heard, effect.incidentId);
  if (!("pillarId" in effect)) return;
  if (effect.type === "tell-pillar") noteTold(state, effect);
  // What was to be said to an expelled one is said.
  if (effect.type === "expel-pillar") state.heard.untold.delete(effect.pillarId);
  const contact = state.heard.contacts.get(effect.pillarId);
  if (!contact) return;
  if (effect.type === "tell-pillar") {
    contact.toldAt = state.heard.clock.nowMs;
    contact.isTold = sessionOf(state, effect.pillarId) !== undefined;
  } else if (effect.type === "expel-pillar") {
    contact.isTold = false;
  } else if (effect.type === "ask-resend") {
    const isRepeated = contact.resendAskedAt !== null;
    contact.resendAskedAt = at;
    contact.resendAfterMs = isRepeated
      ? Math.min(contact.resendAfterMs * 2, MOST_RESEND_AFTER_MS)
      : FIRST_RESEND_AFTER_MS;
  }
}

/**
 * Nothing is signed for a session before its first heartbeat;
 * that heartbeat is answered with what waits.
 */
function noteTold(
  { heard }: HubState,
  { pillarId, call }: Extract<HubEffect, { type: "tell-pillar" }>,
): void {
  const untold = heard.untold.get(pillarId) ?? new Map<EventId, Call>();
  heard.untold.set(pillarId, untold);
  // "Answered" must not be told after the end of the same call.
  for (const [id, { incidentId }] of untold) if (incidentId === call.incidentId) untold.delete(id);
  untold.delete(call.eventId);
  untold.set(call.eventId, call);
  dropOldest(untold, MAX_UNTOLD);
}

/** What is remembered of a fact although no fold keeps it. */
export function noteFact(heard: Heard, fact: Fact): void {
  if (fact.type === "deadline-set") noteDeadline(heard, fact);
  noteDuePillar(heard, fact);
}

/**
 * After the fold was made again from the disk: what was received is still true, but every pillar
 * has to be told again how its call stands.
 */
export function hearRefolded(heard: Heard): void {
  heard.duePillars.isAllDue = true;
  for (const contact of heard.contacts.values()) contact.isTold = false;
}
