/** How long media waits for things, in one place, so that tests can use shorter times. */
import { milliseconds, seconds, type Duration } from "../../shared/duration.ts";
import type { Backoff } from "../../shared/backoff.ts";

export interface MediaTiming {
  /** Between the end of a program and its next start. */
  readonly restart: Backoff;
  /**
   * Never sooner than this, whatever chance says: a program that fails at once must not eat the
   * board.
   */
  readonly restartAtLeast: Duration;
  /** A program that ran this long had started well: its next failure counts as the first. */
  readonly steadyAfter: Duration;
  /** A camera may need a while to be reached and to send its first keyframe. */
  readonly firstPacket: Duration;
  /** A capture that stops sending for this long hangs. */
  readonly silence: Duration;
  /** Between offers that came to nothing, while a call is open. */
  readonly reconnect: Backoff;
  /**
   * The same while nobody waits: all pillars lose a hub
   * in one instant, and a connection costs it 17 ms.
   */
  readonly reconnectIdle: Backoff;
  /** From the offer to the hub's answer. */
  readonly answer: Duration;
  /** From the answer to an open connection. */
  readonly connect: Duration;
  /** The hub reports about once a second on what it receives; this much silence: it is gone. */
  readonly reportSilence: Duration;
}

export const MEDIA_TIMING: MediaTiming = {
  restart: { first: milliseconds(400), most: seconds(5) },
  restartAtLeast: milliseconds(100),
  steadyAfter: seconds(10),
  firstPacket: seconds(8),
  silence: seconds(3),
  reconnect: { first: milliseconds(250), most: seconds(5) },
  reconnectIdle: { first: seconds(3), most: seconds(30) },
  answer: seconds(5),
  connect: seconds(10),
  reportSilence: seconds(4),
};
