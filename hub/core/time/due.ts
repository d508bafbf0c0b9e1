/**
 * What is to be looked at when, by the clock nobody can set: each second takes what is due in it,
 * and leaves alone what is not.
 */
export interface Due<Key> {
  readonly secondOf: Map<Key, number>;
  readonly bySecond: Map<number, Set<Key>>;
  /** Everything until this second has been taken; null before the first time. */
  takenUntil: number | null;
}

export const nothingDue = <Key>(): Due<Key> => ({
  secondOf: new Map(),
  bySecond: new Map(),
  takenUntil: null,
});

/** In the second of this time, ms, perhaps a little early; of two times the earlier counts. */
export function planAt<Key>(due: Due<Key>, key: Key, atMs: number): void {
  const planned = due.secondOf.get(key);
  const second = Math.max(
    Math.floor(atMs / 1000),
    (due.takenUntil ?? Number.NEGATIVE_INFINITY) + 1,
  );
  if (planned !== undefined) {
    if (planned <= second) return;
    due.bySecond.get(planned)?.delete(key);
  }
  due.secondOf.set(key, second);
  const others = due.bySecond.get(second);
  if (others) others.add(key);
  else due.bySecond.set(second, new Set([key]));
}

/** What is due until now, ms; it is planned anew or forgotten. */
export function takeDue<Key>(due: Due<Key>, nowMs: number): Key[] {
  const until = Math.floor(nowMs / 1000);
  const from = due.takenUntil === null ? until : due.takenUntil + 1;
  // After a long sleep there are more seconds than plans.
  const seconds =
    due.takenUntil === null || until - from > due.bySecond.size
      ? [...due.bySecond.keys()].filter((second) => second <= until).toSorted((a, b) => a - b)
      : Array.from({ length: Math.max(0, until - from + 1) }, (_, n) => from + n);
  due.takenUntil = Math.max(until, due.takenUntil ?? until);
  return seconds.flatMap((second) => {
    const keys = [...(due.bySecond.get(second) ?? [])];
    due.bySecond.delete(second);
    for (const key of keys) due.secondOf.delete(key);
    return keys;
  });
}
