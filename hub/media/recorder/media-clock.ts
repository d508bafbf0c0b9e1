/**
 * When a packet's sound or picture happened, on this machine's clock.
 *
 * RTP timestamps count samples from a random start. Packets are only ever late, never early, so the
 * smallest difference between arrival and timestamp is the best estimate of the true one; it is let
 * rise slowly because the two clocks drift. Sender reports and the recorder's lip-sync both stand
 * on this. The limit: a constant delay of the capture itself cannot be seen from here.
 */

/** How fast the estimate follows a later clock: 1 % of the difference per packet. */
const RISE = 0.01;
/** A larger jump is a new timeline, not jitter. */
const MAX_JUMP_MS = 2000;

export interface MediaClock {
  /** Tells of a packet; returns the instant its media happened, in the milliseconds of `at`. */
  observe(timestamp: number, at: number): number;
  /** The RTP timestamp of an instant; undefined before the first packet. */
  timestampAt(at: number): number | undefined;
}

export function newMediaClock(clockRate: number): MediaClock {
  const perMs = clockRate / 1000;
  let anchor: { timestamp: number; at: number } | undefined;

  return {
    observe(timestamp, at) {
      if (anchor === undefined) {
        anchor = { timestamp, at };
        return at;
      }
      const expected = anchor.at + ((timestamp - anchor.timestamp) | 0) / perMs;
      const late = at - expected;
      const isNewTimeline = Math.abs(late) > MAX_JUMP_MS;
      const happened = isNewTimeline || late < 0 ? at : expected + late * RISE;
      // The anchor moves with the stream, so that differences never wrap.
      anchor = { timestamp, at: happened };
      return happened;
    },
    timestampAt(at) {
      if (anchor === undefined) return undefined;
      return (anchor.timestamp + Math.round((at - anchor.at) * perMs)) >>> 0;
    },
  };
}
