/**
 * Full jitter: a uniformly random delay below a doubling ceiling.
 *
 * Thousands of pillars lose the hub in the same second; full jitter spreads their return best
 * (Brooker, "Exponential Backoff And Jitter", 2015).
 */
import { milliseconds, type Duration } from "./duration.ts";

export interface Backoff {
  readonly first: Duration;
  readonly most: Duration;
}

/** `attempt` counts from 0; `chance` is in [0, 1) and told by the shell. */
export function fullJitter(backoff: Backoff, attempt: number, chance: number): Duration {
  const doublings = Math.min(attempt, 30);
  const ceiling = Math.min(backoff.most, backoff.first * 2 ** doublings);
  return milliseconds(Math.round(ceiling * chance));
}
