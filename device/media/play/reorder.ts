/**
 * Puts the hub's sound packets in order.
 *
 * A short wait repairs a swapped pair; a longer one would delay everybody. A packet that does not
 * come is declared lost; after a long hole nothing is declared, and the talk goes on.
 */

export type Ordered = Uint8Array | "lost";

/** Packets held while one before them is missing: 60 ms. */
const MAX_HELD = 3;
/** Losses worth concealing; a longer hole is silence anyway. */
const MAX_DECLARED = 3;
/** A step this large in either direction is another stream. */
const MAX_STEP = 100;

export interface Reorder {
  push(sequenceNumber: number, payload: Uint8Array): Ordered[];
  /** Stops waiting for what is missing. */
  giveUp(): Ordered[];
  isWaiting(): boolean;
}

const next = (number: number): number => (number + 1) & 0xffff;

export function newReorder(): Reorder {
  const held = new Map<number, Uint8Array>();
  let expected: number | undefined;

  const takeInOrder = (): Ordered[] => {
    const taken: Ordered[] = [];
    while (expected !== undefined) {
      const payload = held.get(expected);
      if (payload === undefined) return taken;
      held.delete(expected);
      taken.push(payload);
      expected = next(expected);
    }
    return taken;
  };

  const giveUp = (): Ordered[] => {
    if (held.size === 0 || expected === undefined) return [];
    const from = expected;
    const steps = [...held.keys()].map((number) => (number - from) & 0xffff);
    const missing = Math.min(...steps);
    expected = (from + missing) & 0xffff;
    const lost = Array.from({ length: Math.min(missing, MAX_DECLARED) }, () => "lost" as const);
    return [...lost, ...takeInOrder()];
  };

  return {
    giveUp,
    isWaiting: () => held.size > 0,
    push(sequenceNumber, payload) {
      const ahead = expected === undefined ? 0 : (sequenceNumber - expected) & 0xffff;
      const isLate = ahead > 0x10000 - MAX_STEP;
      if (isLate) return [];
      if (ahead > MAX_STEP) {
        held.clear();
        expected = sequenceNumber;
      }
      expected ??= sequenceNumber;
      held.set(sequenceNumber, payload);
      const ordered = takeInOrder();
      return held.size > MAX_HELD ? [...ordered, ...giveUp()] : ordered;
    },
  };
}
