/** What one run of the world is asked for. */
import type { Density, FaultKind } from "./faults/profile.ts";
import type { Rules } from "./rules.ts";
import type { Span } from "./run/trace.ts";

export interface WorldSettings {
  readonly seed: number;
  readonly days: number;
  readonly pillars: number;
  readonly density?: Density;
  readonly rules?: Rules;
  /** Only these kinds of faults, of those the seed has. */
  readonly only?: readonly FaultKind[];
  /** Faults only between these moments, ms. */
  readonly window?: readonly [number, number];
  /** Crash whoever performs the n-th effect of the run. */
  readonly crashAtEffect?: number;
  /** The story is told of this time only; otherwise of the newest lines. */
  readonly told?: Span;
}
