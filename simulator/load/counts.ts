/** How often each thing was said; past `MAX_KINDS` different ones the rest is counted together. */

const MAX_KINDS = 100;
const REST = "other reasons";

export interface Counts {
  add(what: string): void;
  /** The most frequent first. */
  all(): (readonly [what: string, count: number])[];
}

export function newCounts(): Counts {
  const countByWhat = new Map<string, number>();
  return {
    add: (what) => {
      const key = countByWhat.has(what) || countByWhat.size < MAX_KINDS ? what : REST;
      countByWhat.set(key, (countByWhat.get(key) ?? 0) + 1);
    },
    all: () => [...countByWhat].toSorted(([, a], [, b]) => b - a),
  };
}
