/**
 * Moments of a call as performance marks, so that a test measures what an operator experienced.
 *
 * `anzhu:ring`, `anzhu:answer-pressed`, `anzhu:answered`, `anzhu:first-picture`,
 * `anzhu:first-sound`, `anzhu:talk-ready`; each with `{ incidentId, at }` and `at` in Unix ms of
 * this machine.
 */
export type MarkName =
  | "anzhu:ring"
  | "anzhu:answer-pressed"
  | "anzhu:answered"
  | "anzhu:first-picture"
  | "anzhu:first-sound"
  | "anzhu:talk-ready";

/** The browser keeps every mark until it is cleared, and a shift is long. */
const MAX_KEPT = 2000;
let kept = 0;

export function mark(name: MarkName, detail: Readonly<Record<string, unknown>>): void {
  if (++kept > MAX_KEPT) {
    performance.clearMarks();
    kept = 1;
  }
  performance.mark(name, { detail: { ...detail, at: Date.now() } });
}
