/**
 * The hub's single line of decisions: what is decided now, and in which order it leaves.
 *
 * The fold runs ahead of the disk, so that the next decision sees the one before it, but nothing
 * leaves the hub before its facts, and all before them, are durable.
 */
import type { Settled } from "./decision.ts";
import type { HubEvent } from "./events.ts";
import type { Fact } from "./facts.ts";
import { hear } from "./hear.ts";
import { unattended, type handle, type Now } from "./hub.ts";
import type { HubState } from "./state/hub-state.ts";

export interface Line {
  readonly state: HubState;
  /** A commit failed: nothing is decided until the fold is made again from the disk. */
  readonly hasFailed: boolean;
  readonly handle: typeof handle;
}

/** Undefined while the journal fails: the event is heard, and nothing is decided. */
export function takeEvent(line: Line, event: HubEvent, now: Now): Settled | undefined {
  if (line.hasFailed) {
    hear(line.state, event, now.monotonicMs);
    return undefined;
  }
  return { ...line.handle(line.state, event, now), first: now.nextIndex };
}

/** An incident that nobody watches over any more after this event: there must be none. */
export function orphanAfter(state: HubState, event: HubEvent): string | undefined {
  if (event.type !== "tick" && event.type !== "operator-order") return undefined;
  return state.incidents.size > 0 ? unattended(state)[0] : undefined;
}

export interface Commits {
  /** `leave` when these facts, and all before them, are durable. */
  append(facts: readonly Fact[], leave: () => void): void;
  /** `leave` when everything so far is durable. */
  follow(leave: () => void): void;
}

/** A decision without facts may rest on facts that are still on their way to the disk. */
export function settle(commits: Commits, { facts }: Settled, leave: () => void): void {
  if (facts.length > 0) commits.append(facts, leave);
  else commits.follow(leave);
}

/** From a failed commit to the first try to open the journal again. */
export const FIRST_RECOVERY_MS = 1000;
const MOST_RECOVERY_MS = 10_000;

/** The wait before the next try, when the journal still fails. */
export const recoveryAfter = (ms: number): number => Math.min(ms * 2, MOST_RECOVERY_MS);
