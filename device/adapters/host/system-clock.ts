/** The clocks of this machine: a monotonic one that decides, a wall clock for the record. */
import { existsSync } from "node:fs";
import type { Instant } from "../../../shared/duration.ts";

export interface Clock {
  /** Monotonic ms since the process started. */
  now(): Instant;
  wallMs(): number;
  /** Whether a time source has set the wall clock since the boot. */
  isSynced(): boolean;
}

export interface ClockSettings {
  readonly trust: "auto" | "always" | "never";
  /** Files that are there once the clock has been set. */
  readonly marks: readonly string[];
}

const LOOK_AGAIN_MS = 30_000;

const now = (): Instant => performance.now() as Instant;

export function systemClock({ trust, marks }: ClockSettings): Clock {
  let isMarked = false;
  let lookedAt = Number.NEGATIVE_INFINITY;
  return {
    now,
    wallMs: () => Date.now(),
    isSynced: () => {
      if (trust !== "auto") return trust === "always";
      if (now() - lookedAt >= LOOK_AGAIN_MS) {
        lookedAt = now();
        isMarked = marks.some((mark) => existsSync(mark));
      }
      return isMarked;
    },
  };
}
