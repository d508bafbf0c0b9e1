/** The clocks of this machine: a monotonic one that decides, a wall clock for the record. */
import { existsSync } from "node:fs";
import type { Instant } from "../../shared/duration.ts";

export interface Clock {
  /** Monotonic ms since the process started. */
  now(): Instant;
  wallMs(): number;
  /** Whether a time source has set the wall clock since the boot. */
  isSynced(): boolean;
}

/** Files that time daemons leave behind once they have set the clock. */
const SYNC_MARKS = ["/run/systemd/timesync/synchronized", "/run/chrony/synchronized"];
const LOOK_AGAIN_MS = 30_000;

const now = (): Instant => performance.now() as Instant;

export function systemClock(): Clock {
  let isSynced = false;
  let lookedAt = Number.NEGATIVE_INFINITY;
  return {
    now,
    wallMs: () => Date.now(),
    isSynced: () => {
      if (now() - lookedAt >= LOOK_AGAIN_MS) {
        lookedAt = now();
        isSynced = SYNC_MARKS.some((mark) => existsSync(mark));
      }
      return isSynced;
    },
  };
}
