/**
 * The two clocks of one machine: monotonic since its start, and a wall that steps and drifts.
 *
 * The world's own time is the reference; no core can read it.
 */

/** 2026-06-01: where every wall clock begins. */
export const WALL_AT_START = 1_780_272_000_000;
/** Of the place from UTC: every day begins at 22:00, so that its first hours see the night begin. */
export const PLACE_OFFSET_MINUTES = -120;

/** The life of a certificate that sees no end in the simulated days. */
export const NO_END_MS = 397 * 86_400_000;

export interface Clock {
  /** Ms since the machine's latest start, by its own crystal. */
  monotonic(): number;
  wall(): number;
  /** When the world's time reaches this monotonic moment of the present start. */
  worldTimeOf(monotonic: number): number;
  start(): void;
  step(ms: number): void;
  /** The wall clock is true again. */
  correct(): void;
}

/** `drift`: 0.0005 is 500 ppm fast. */
export function newClock(now: () => number, drift: number): Clock {
  const pace = 1 + drift;
  let startedAt = 0;
  let offset = 0;
  return {
    monotonic: () => (now() - startedAt) * pace,
    wall: () => Math.floor(WALL_AT_START + now() * pace + offset),
    worldTimeOf: (monotonic) => startedAt + monotonic / pace,
    start: () => {
      startedAt = now();
    },
    step: (ms) => {
      offset += ms;
    },
    correct: () => {
      offset = now() * (1 - pace);
    },
  };
}
