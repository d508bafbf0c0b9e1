/**
 * How often and how long a media connection is tried: quickly
 * at first, then more slowly, and not for ever.
 */
import { fullJitter } from "../../../../../shared/backoff.ts";
import { milliseconds } from "../../../../../shared/duration.ts";

const BACKOFF = { first: milliseconds(400), most: milliseconds(5000) };
/** Not at once even when chance says zero: the hub's media process needs a moment to come back. */
const LEAST_MS = 150;
/** About half a minute; then a person decides. */
export const MAX_ATTEMPTS = 12;

export function retryDelay(attempt: number, chance: number): number {
  return LEAST_MS + fullJitter(BACKOFF, attempt, chance);
}
