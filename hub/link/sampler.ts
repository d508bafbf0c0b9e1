/**
 * Of many things of one kind the first is told at once, and the others as one with their number.
 *
 * A key says of which kind something is and whose it is. Both come from our own code or from a
 * proven identity, never from a text somebody sent, or a flood of different texts would be told one
 * by one.
 */

export interface SamplerOptions<T> {
  readonly everyMs: number;
  /** Keys held at once. Everything beyond is one kind more. */
  readonly mostKeys: number;
  /**
   * `more`: how many came since it was last told, beside this one; `what` is the latest of them.
   */
  readonly tell: (what: T, more: number) => void;
}

export interface Sampler<T> {
  offer(key: string, what: T): void;
  /** Tells what is still held back. */
  close(): void;
}

interface Held<T> {
  latest: T;
  count: number;
  readonly timer: NodeJS.Timeout;
}

/** No key of ours is empty. */
const BEYOND = "";

export function createSampler<T>({ everyMs, mostKeys, tell }: SamplerOptions<T>): Sampler<T> {
  const heldByKey = new Map<string, Held<T>>();
  const due = (key: string, held: Held<T>): void => {
    if (held.count === 0) {
      clearInterval(held.timer);
      heldByKey.delete(key);
      return;
    }
    const { count } = held;
    held.count = 0;
    tell(held.latest, count - 1);
  };
  return {
    offer: (wanted, what) => {
      const key = heldByKey.has(wanted) || heldByKey.size < mostKeys ? wanted : BEYOND;
      const known = heldByKey.get(key);
      if (known) {
        known.latest = what;
        known.count += 1;
        return;
      }
      const timer = setInterval(() => due(key, held), everyMs).unref();
      const held: Held<T> = { latest: what, count: 0, timer };
      heldByKey.set(key, held);
      tell(what, 0);
    },
    close: () => {
      for (const { count, latest, timer } of heldByKey.values()) {
        clearInterval(timer);
        if (count > 0) tell(latest, count - 1);
      }
      heldByKey.clear();
    },
  };
}
