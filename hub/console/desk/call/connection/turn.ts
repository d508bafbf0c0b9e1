/**
 * Offers for pictures take turns.
 *
 * A browser opens six connections to one server (HTTP/1.1), and one is the event stream. Previews
 * that connect slowly must never hold the others, or the request that answers a call would wait
 * behind a thumbnail.
 */
export const MAX_PARALLEL = 2;

export interface Turns {
  take<T>(work: () => Promise<T>): Promise<T>;
}

/** Work waits in the order of arrival; its number is bounded by the pictures that a desk shows. */
export function newTurns(parallel: number = MAX_PARALLEL): Turns {
  let running = 0;
  const waiting: (() => void)[] = [];

  async function begin(): Promise<void> {
    if (running < parallel) running++;
    // The place passes to the next, so the count stays.
    else await new Promise<void>((resolve) => waiting.push(resolve));
  }

  function end(): void {
    const next = waiting.shift();
    if (next) next();
    else running--;
  }

  return {
    async take(work) {
      await begin();
      try {
        return await work();
      } finally {
        end();
      }
    },
  };
}
