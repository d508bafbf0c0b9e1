/**
 * Who hides at a pillar: somebody pressed silently there, and nothing is said aloud to them.
 *
 * From the silent press on, through restarts, until a call of the pillar is closed, or somebody
 * presses aloud while it knows of no call. (Limit: when somebody pressed aloud after them, a
 * restarted pillar knows only of that; and a silent press that was in the pillar's memory alone
 * when its power failed is gone.)
 */
import type { Happening } from "../../run/happening.ts";

export interface Hiding {
  /** Somebody pressed silently, and their call is not over. */
  isNow: boolean;
  /** They pressed in a running call, and their press has no alarm yet: it is of the next call. */
  isNext: boolean;
  /** The silent alarms of a person who hides. */
  readonly by: Set<string>;
  /**
   * The pillar's disk or the hub's journal holds one of them: a restarted pillar can know of it.
   */
  isKept: boolean;
  /** Somebody pressed aloud in the same call. */
  isOvertold: boolean;
}

export const nobodyHides = (): Hiding => ({
  isNow: false,
  isNext: false,
  by: new Set(),
  isKept: false,
  isOvertold: false,
});

export function pressed(hiding: Hiding, push: Extract<Happening, { type: "pushed" }>): void {
  if (push.kind === "silent") {
    if (!hiding.isNow) forget(hiding);
    hiding.isNow = true;
    hiding.isNext = true;
    hiding.isOvertold = false;
  } else if (push.isIdle) forget(hiding);
  else hiding.isOvertold = true;
}

/** Whoever comes next is somebody else, also when the call before is heard of again. */
function forget(hiding: Hiding): void {
  hiding.isNow = false;
  hiding.isNext = false;
  hiding.by.clear();
  hiding.isKept = false;
}

export function born(
  hiding: Hiding,
  { kind, eventId }: Extract<Happening, { type: "born" }>,
): void {
  hiding.isNext = false;
  if (kind === "silent") hiding.by.add(eventId);
}

/** A disk holds this alarm. */
export function kept(hiding: Hiding, eventId: string): void {
  if (hiding.by.has(eventId)) hiding.isKept = true;
}

/** A call of the pillar is over, or its identity. */
export function callOver(hiding: Hiding): void {
  hiding.isNow = hiding.isNext;
}

/** Enrolled again, it hears of the call that it had, and whoever hides there still hides. */
export function heardAgain(hiding: Hiding): void {
  if (hiding.isKept) hiding.isNow = true;
}

export function restarted(hiding: Hiding): void {
  if (hiding.isOvertold || !hiding.isKept) hiding.isNow = false;
  hiding.isNext = false;
}
