/**
 * The same request under the same key is answered with its first outcome: a console that lost its
 * connection repeats what it asked, and nothing happens twice.
 */
import { BoundedMap } from "../../shared/bounded-map.ts";
import type { Username } from "../../shared/ids.ts";
import type { ProblemCode } from "../../shared/api/problem.ts";

/** Outcomes remembered for repetitions, over all consoles: minutes of a busy room. */
const MAX_REMEMBERED = 1000;

interface Answered {
  readonly ok: boolean;
  readonly code?: ProblemCode;
}

export interface Asked {
  readonly by: Username;
  /** What is asked, and of what. */
  readonly what: string;
  /**
   * As the console sent it: it is good for this person and this
   * request alone. Without one every request is its own.
   */
  readonly key: string | undefined;
}

export type Once<T> = (asked: Asked, work: () => Promise<T>) => Promise<T>;

export function createOnce<T extends Answered>(): Once<T> {
  const outcomeByKey = new BoundedMap<string, Promise<T>>(MAX_REMEMBERED);
  return (asked, work) => {
    if (asked.key === undefined) return work();
    const key = JSON.stringify([asked.by, asked.what, asked.key]);
    const known = outcomeByKey.get(key);
    if (known) return known;
    const outcome = work();
    outcomeByKey.set(key, outcome);
    void forgetFailure(outcomeByKey, key, outcome);
    return outcome;
  };
}

/** What failed for want of a disk may succeed when repeated. */
async function forgetFailure<T extends Answered>(
  outcomeByKey: Map<string, Promise<T>>,
  key: string,
  outcome: Promise<T>,
): Promise<void> {
  try {
    const result = await outcome;
    if (!result.ok && result.code === "unavailable") outcomeByKey.delete(key);
  } catch {
    // Whoever asked has the reason; nobody waits for this promise.
    outcomeByKey.delete(key);
  }
}
