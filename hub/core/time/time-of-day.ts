/** Times of day where the pillars stand, and spans of them. */

/** Minutes after midnight; a span whose end is not after its beginning goes past midnight. */
export interface DaySpan {
  readonly fromMinute: number;
  readonly untilMinute: number;
}

const MINUTES_A_DAY = 24 * 60;

/** @param offsetMinutes East of Greenwich. */
export function minuteOfDay(at: number, offsetMinutes: number): number {
  const minute = Math.floor(at / 60_000) + offsetMinutes;
  return ((minute % MINUTES_A_DAY) + MINUTES_A_DAY) % MINUTES_A_DAY;
}

export function isInSpan(minute: number, { fromMinute, untilMinute }: DaySpan): boolean {
  return fromMinute < untilMinute
    ? minute >= fromMinute && minute < untilMinute
    : minute >= fromMinute || minute < untilMinute;
}
