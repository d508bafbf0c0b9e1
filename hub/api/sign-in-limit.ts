/**
 * Wrong passwords for one account, from anywhere: after a few, that name waits.
 *
 * Counted by name and address together, so that a stranger cannot lock an operator out from elsewhere.
 */
import { takeTurn, type Rate } from "../link/rate.ts";

/** Ten wrong tries at once, then one in half a minute. */
const WRONG_TRIES: Rate = { burst: 10, intervalMs: 30_000, maxWaitMs: 0 };
const MAX_KEYS = 10_000;

export interface SignInLimit {
  /** Seconds until the next try, 0 when it may be made now. */
  waitSeconds(key: string): number;
  wrong(key: string): void;
  right(key: string): void;
}

export function createSignInLimit(now: () => number): SignInLimit {
  const nextAtByKey = new Map<string, number>();
  return {
    waitSeconds: (key) => {
      const debt = (nextAtByKey.get(key) ?? 0) - now();
      const allowed = WRONG_TRIES.burst * WRONG_TRIES.intervalMs;
      return Math.max(0, Math.ceil((debt + WRONG_TRIES.intervalMs - allowed) / 1000));
    },
    wrong: (key) => {
      const turn = takeTurn(WRONG_TRIES, nextAtByKey.get(key) ?? 0, now());
      nextAtByKey.delete(key);
      for (const oldest of nextAtByKey.keys()) {
        if (nextAtByKey.size < MAX_KEYS) break;
        nextAtByKey.delete(oldest);
      }
      if (turn.ok) nextAtByKey.set(key, turn.nextAt);
      else nextAtByKey.set(key, now() + WRONG_TRIES.burst * WRONG_TRIES.intervalMs);
    },
    right: (key) => void nextAtByKey.delete(key),
  };
}
