/**
 * Numbers from outside, bounded where they enter the core.
 *
 * An alarm is never refused because of a number in it: a time that cannot be right counts as
 * unknown, the record says so, and the event itself is kept as it was signed. The same bound is used
 * where a fact is folded and shown: a journal may have been put back from another hub's copy.
 */
import type { Alarm } from "../../../shared/protocol/alarm.ts";

const DAY_MS = 86_400_000;
/**
 * A pillar keeps an unaccepted alarm as long as its disk
 * lives; a longer age than this is not believed.
 */
export const MOST_AGE_MS = 400 * DAY_MS;

/** Which of an alarm's times could not be right, so that it counts as pressed when it arrived. */
export type Doubt = "age" | "wall-clock";

export interface Pressed {
  /** Unix ms, by the hub's clock. */
  readonly pressedAt: number;
  readonly doubt?: Doubt;
}

/** Age decides; across a reboot of the pillar only its own clock is left, if anything set it. */
export function pressedOf(alarm: Pick<Alarm, "ageMs" | "event">, at: number): Pressed {
  const { ageMs, event } = alarm;
  if (ageMs !== undefined) {
    return isAge(ageMs) ? { pressedAt: at - ageMs } : { pressedAt: at, doubt: "age" };
  }
  if (!event.clock.synced) return { pressedAt: at };
  // A clock that is ahead by minutes is common, and means no more than "just now".
  const isNear = isAge(at - event.wallMs) || isAge(event.wallMs - at);
  if (!isNear) return { pressedAt: at, doubt: "wall-clock" };
  return { pressedAt: Math.min(event.wallMs, at) };
}

const isAge = (ms: number): boolean => ms >= 0 && ms <= MOST_AGE_MS;

/**
 * A press as a fact or a row tells it; one that cannot be right counts as made when it was opened.
 */
export const boundedPress = (pressedAt: number, openedAt: number): number =>
  isAge(openedAt - pressedAt) ? pressedAt : openedAt;

/** A count or a length from another process: whole and not negative, whatever it was. */
export const boundedCount = (found: number): number =>
  Number.isFinite(found) ? Math.min(Math.max(0, Math.round(found)), Number.MAX_SAFE_INTEGER) : 0;
