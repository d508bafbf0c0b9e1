/**
 * Who is there: judged from heartbeats alone, never from a broker's will.
 *
 * A heartbeat is due every 5 s. One missed is `late`, two and a half are `lost`; a closed
 * connection is `lost` as soon as a reconnection had its chance. Only changes become facts, so ten
 * thousand healthy pillars write nothing.
 */
import type { Presence } from "../../../shared/api/pillar.ts";
import type { PillarId } from "../../../shared/ids.ts";
import type { Heard } from "../state/heard-state.ts";
import type { Fact } from "../facts.ts";
import { markOf } from "./ledger.ts";
import type { HubState } from "../state/hub-state.ts";

export const LATE_AFTER_MS = 7500;
export const LOST_AFTER_MS = 12_000;
/** A link that drops and returns within this time is not recorded. */
export const RECONNECT_WITHIN_MS = 4000;
/**
 * Changes handled in one tick: when the whole fleet
 * is lost at once, alarms must not wait behind them.
 */
export const MAX_CHANGES_PER_TICK = 4000;
/**
 * A broker may lose a message it has acknowledged, so a call that runs, or is just over, is told
 * again with every second heartbeat.
 */
const TELL_CALL_AGAIN_MS = 9000;
const JUST_OVER_MS = 120_000;
/** Pause between two repetitions when it has been over for longer. */
const TELL_END_AGAIN_MS = 60_000;
/** A pillar keeps showing a call for so long without hearing of it. */
export const BELIEVED_MS = 1_800_000;

/**
 * Whether the pillar should hear how its latest call stands:
 * never told, or a while ago and still of interest.
 */
export function isCallOwed(state: HubState, pillarId: PillarId, at: number): boolean {
  const contact = state.heard.contacts.get(pillarId);
  if (!contact) return false;
  if (!contact.isTold) return true;
  const { lastIncidentId } = markOf(state, pillarId);
  const sinceMs = state.heard.clock.nowMs - contact.toldAt;
  if (lastIncidentId === null || sinceMs < TELL_CALL_AGAIN_MS) return false;
  if (state.incidents.has(lastIncidentId)) return true;
  const overMs = at - (state.closed.get(lastIncidentId)?.closedAt ?? 0);
  if (overMs >= BELIEVED_MS) return false;
  return overMs < JUST_OVER_MS || sinceMs >= TELL_END_AGAIN_MS;
}

/**
 * Whether a resend may be asked now: not asked lately, and less often when asking does not help.
 */
export function mayAskResend(state: HubState, pillarId: PillarId, at: number): boolean {
  const contact = state.heard.contacts.get(pillarId);
  if (!contact) return false;
  return contact.resendAskedAt === null || at - contact.resendAskedAt >= contact.resendAfterMs;
}

/** `undefined`: not listening long enough to say. */
function presenceNow(heard: Heard, pillarId: PillarId, at: number): Presence | undefined {
  const contact = heard.contacts.get(pillarId);
  if (!contact) return at - (heard.since ?? at) > LOST_AFTER_MS ? "lost" : undefined;
  const silentMs = at - contact.heardAt;
  const awayMs = contact.disconnectedAt === null ? 0 : at - contact.disconnectedAt;
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

/** When time alone changes it next; undefined: it does not. */
export function presenceChangesInMs(
  heard: Heard,
  pillarId: PillarId,
  at: number,
): number | undefined {
  const contact = heard.contacts.get(pillarId);
  const { heardAt, disconnectedAt } = contact ?? {
    heardAt: heard.since ?? at,
    disconnectedAt: null,
  };
  const ends = [heardAt + LATE_AFTER_MS, heardAt + LOST_AFTER_MS];
  if (disconnectedAt !== null) ends.push(disconnectedAt + RECONNECT_WITHIN_MS);
  const next = Math.min(...ends.filter((end) => end >= at));
  return Number.isFinite(next) ? next + 1 - at : undefined;
}

/** Of those that this tick looks at. */
export function presenceFacts(state: HubState, at: number): Fact[] {
  const facts: Fact[] = [];
  for (const pillarId of state.heard.duePillars.now) {
    const fact = presenceFact(state, pillarId, at);
    if (fact) facts.push(fact);
    if (facts.length >= MAX_CHANGES_PER_TICK) break;
  }
  return facts;
}
