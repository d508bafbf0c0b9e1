/**
 * Work that a few may do at a time, with the turns shared out between senders.
 *
 * Senders take turns, each with its oldest request. A sender with too many waiting is refused; when
 * there are too many in all, the newest of the sender with most is refused, so that a new sender
 * always finds a place.
 */

export interface FairTurnsOptions {
  readonly atOnce: number;
  readonly most: number;
  readonly mostOfOne: number;
}

export type Turn = { readonly ok: true; readonly done: () => void } | { readonly ok: false };

export interface FairTurns {
  /** Resolves when the turn has come, or at once with why not. */
  take(sender: string): Promise<Turn>;
}

type Waiter = (turn: Turn) => void;

export function createFairTurns({ atOnce, most, mostOfOne }: FairTurnsOptions): FairTurns {
  /** In the order in which senders have their turn. */
  const waitingBySender = new Map<string, Waiter[]>();
  let running = 0;
  let waiting = 0;
  const done = (): void => {
    running -= 1;
    const [first] = waitingBySender;
    if (!first) return;
    const [sender, own] = first;
    const next = own.shift();
    waitingBySender.delete(sender);
    if (own.length > 0) waitingBySender.set(sender, own);
    waiting -= 1;
    running += 1;
    next?.({ ok: true, done });
  };
  const giveWay = (than: number): boolean => {
    let largest: Waiter[] = [];
    for (const own of waitingBySender.values()) if (own.length > largest.length) largest = own;
    if (largest.length <= than) return false;
    largest.pop()?.({ ok: false });
    waiting -= 1;
    return true;
  };
  return {
    take: (sender) => {
      if (running < atOnce) {
        running += 1;
        return Promise.resolve({ ok: true, done });
      }
      const own = waitingBySender.get(sender) ?? [];
      const isFull = own.length >= mostOfOne || (waiting >= most && !giveWay(own.length + 1));
      if (isFull) return Promise.resolve({ ok: false });
      waitingBySender.set(sender, own);
      waiting += 1;
      return new Promise((resolve) => own.push(resolve));
    },
  };
}
