/** What a pillar shows: its lamp, and the words of its screen. */
export type LampPattern =
  | "off"
  | "standby"
  | "calling"
  | "received"
  | "answered"
  | "watched"
  | "fault";

export type DisplayPhase =
  | "standby"
  /** No hub has been reached for a while. */
  | "no-hub"
  /** The button cannot be heard. */
  | "no-button"
  /** Nobody has called, and somebody at the hub looks at this place, or looks and listens. */
  | "watched"
  | "listened-to"
  | "recorded"
  | "sent"
  | "dial-110"
  | "received"
  | "answered"
  | "held"
  /** Somebody had answered, and the line to them is lost. */
  | "reconnecting"
  /**
   * The same, and no hub has been reached for a while: reconnecting is not all that can be said.
   */
  | "line-lost"
  | "closed";

/** What the pillar's own screen says, in both languages. */
export interface Display {
  readonly phase: DisplayPhase;
  readonly zh: string;
  readonly en: string;
  /** Unix ms since which it says so. */
  readonly since: number;
}
