/**
 * A token bucket in one number (the generic cell rate algorithm, ITU-T I.371).
 *
 * What comes too fast is delayed, not dropped: the delay holds back the sender's own connection, so
 * that a flood slows the sender down and no other. Only a delay beyond the limit is a refusal.
 */

export interface Rate {
  /** How many may come at once. */
  readonly burst: number;
  /** Milliseconds between two, in the long run. */
  readonly intervalMs: number;
  /** A longer delay than this is a refusal. */
  readonly maxWaitMs: number;
}

export type Turn =
  | { readonly ok: true; readonly waitMs: number; readonly nextAt: number }
  | { readonly ok: false };

/** `nextAt`: when the bucket would be full again, 0 at first; `now` in ms of the same clock. */
export function takeTurn(rate: Rate, nextAt: number, now: number): Turn {
  const next = Math.max(nextAt, now) + rate.intervalMs;
  const waitMs = Math.max(0, next - now - rate.burst * rate.intervalMs);
  return waitMs > rate.maxWaitMs ? { ok: false } : { ok: true, waitMs, nextAt: next };
}
