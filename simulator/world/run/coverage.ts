/**
 * What really happened in a run, counted by name: a day on which no enabled fault ever struck
 * proves nothing, and must not be counted as a day without failure.
 */

export interface Coverage {
  count(name: string): void;
  readonly counts: Map<string, number>;
}

export function newCoverage(): Coverage {
  const counts = new Map<string, number>();
  return { counts, count: (name) => void counts.set(name, (counts.get(name) ?? 0) + 1) };
}

export function addCounts(
  to: Map<string, number>,
  from: Iterable<readonly [string, number]>,
): void {
  for (const [name, count] of from) to.set(name, (to.get(name) ?? 0) + count);
}
