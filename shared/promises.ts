/**
 * The promises with a time in them, in milliseconds. Each number stands here once: the tests and
 * the judge of the simulated world assert it, and `docs/promises.md` states it.
 *
 * A test waits for a condition and may then assert one of these. How long it waits at most for
 * anything else is not a promise.
 */
export const PROMISED_MS = {
  /** Whatever is broken or gone is on a screen. */
  visible: 15_000,
  /** A press is accepted, also over a line that loses up to 30 % of its packets. */
  accepted: 15_000,
  /** A press is accepted over a line of 32 kbit/s, before the HTTPS fallback begins. */
  acceptedOverNarrowLine: 5000,
  /** An alarm has left the pillar, however slow its disk is. */
  alarmSent: 1000,
  /** A pillar is connected again to a hub that refused it for a while. */
  foundBack: 15_000,
  /**
   * A word that is no longer true is taken back, on lamp, by
   * voice and on the screen, while the pillar can be told.
   */
  wordTakenBack: 2000,
  /** A pillar knows that its line is dead. */
  deadLineNoticed: 12_000,
  /**
   * A step of the escalation comes at most so much later
   * than it is due, restarts and leaping clocks included.
   */
  stepLate: 2000,
  /** A revoked identity is cut off. */
  revoked: 1000,
  /** Picture and voice at a console end when its session or its right to them does. */
  viewEnded: 1000,
  /**
   * A pillar that nobody looks at any more has shut its gate, whatever was lost on the way: a grant
   * and the time in which its command counts.
   */
  lookEnded: 42_000,
  /** What one hostile client adds to the wait of the others. */
  hostileCost: 500,
  /** Half-open connections are closed. */
  halfOpenClosed: 15_000,
} as const;
