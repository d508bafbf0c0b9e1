/**
 * Whether somebody set the wall clock, found by comparing it with one nobody can set.
 *
 * Everything that was heard carries wall times. After a step of the clock they are moved along with
 * it, so that no pillar counts as lost, or as heard, because of a time server.
 */
import type { Tick } from "../events.ts";
import type { Heard, Clock } from "../state/heard-state.ts";

/** A slewed clock moves by at most a thousandth of this in a second. */
const TOLERANCE_MS = 500;
/**
 * A clock that was set by more than this is watched
 * for a while before anything is judged by its date.
 */
const LEAP_MS = 60_000;
const STEADY_AFTER_MS = 3_600_000;

/**
 * Whether a wall time of now is by a clock that was set
 * since the latest tick, or has been set back again.
 */
export const isOfOtherClock = ({ nowMs, offsetMs }: Clock, at: number): boolean =>
  offsetMs !== null && Math.abs(at - nowMs - offsetMs) > TOLERANCE_MS;

/** The date has not jumped for an hour: what is done by it cannot be taken back. */
export const isSteady = ({ nowMs, steadySinceMs }: Clock): boolean =>
  steadySinceMs !== null && nowMs - steadySinceMs >= STEADY_AFTER_MS;

/** Owns `heard.clock`. */
export function hearClock(heard: Heard, { at }: Tick): void {
  const { clock } = heard;
  const offsetMs = at - clock.nowMs;
  const moved = clock.offsetMs === null ? 0 : offsetMs - clock.offsetMs;
  const elapsedMs = clock.nowMs - (clock.tickedAtMs ?? clock.nowMs);
  if (clock.steadySinceMs === null || Math.abs(moved) > LEAP_MS) clock.steadySinceMs = clock.nowMs;
  clock.stepMs = Math.abs(moved) > TOLERANCE_MS ? moved : 0;
  if (clock.offsetMs === null || clock.stepMs !== 0) clock.offsetMs = offsetMs;
  clock.tickedAtMs = clock.nowMs;
  if (clock.stepMs !== 0) moveAlong(heard, { at, elapsedMs, stepMs: clock.stepMs });
}

function moveAlong(
  heard: Heard,
  step: { readonly at: number; readonly elapsedMs: number; readonly stepMs: number },
): void {
  const { at, elapsedMs, stepMs } = step;
  // What was heard since the clock was set has the new time already.
  const move = (time: number): number =>
    time >= at - elapsedMs && time <= at ? time : Math.min(time + stepMs, at);
  const moveOrNull = (time: number | null): number | null => (time === null ? null : move(time));
  heard.since = moveOrNull(heard.since);
  for (const contact of heard.contacts.values()) {
    contact.heardAt = move(contact.heardAt);
    contact.disconnectedAt = moveOrNull(contact.disconnectedAt);
    contact.resendAskedAt = moveOrNull(contact.resendAskedAt);
    // Suspicions compare moments: they begin anew.
    contact.behindSince = null;
    contact.cloneWatch = undefined;
  }
}
