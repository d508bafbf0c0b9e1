/**
 * Sequence numbers and timestamps as one receiver sees them.
 *
 * A receiver must see one unbroken stream although the pillar may reconnect and although a joiner first
 * gets the stored packets since the last keyframe. Live packets are shifted by constants, so that losses
 * and late retransmissions keep their places. Stored packets are sent with their timestamps squeezed
 * together just before the live one: the receiver then shows the newest picture now, instead of playing
 * two seconds behind for the rest of the call.
 */

export interface Stamp {
  readonly sequence: number;
  readonly timestamp: number;
}

export interface Rewriter {
  /** `source` changes when the sender does. Undefined: the packet is older than a burst, drop it. */
  live(source: number, stamp: Stamp, at: number): Stamp | undefined;
  /** Packets that were sent before, again, with new numbers. */
  burst(source: number, stamps: readonly Stamp[], at: number): Stamp[];
  /** The outgoing timestamp of a source timestamp; undefined before the first packet. */
  outgoing(timestamp: number): number | undefined;
}

/** Distance of two squeezed pictures: 1 ms of the video clock. */
const SQUEEZED_TICKS = 90;
/** A timestamp that jumps further than this from its arrival begins a new timeline. */
const MAX_JUMP_SECONDS = 5;

const after = (a: number, b: number): number => (a - b) | 0;
const sequenceAfter = (a: number, b: number): number => ((a - b) << 16) >> 16;

interface State {
  source: number;
  sequenceShift: number;
  timestampShift: number;
  lastIn: Stamp;
  lastOut: Stamp;
  lastAt: number;
  /** Source packets up to here were part of a burst. */
  burstEnd: number | undefined;
}

/** `first` is where this receiver's numbers begin: random, as RFC 3550 section 5.1 asks. */
export function newRewriter(clockRate: number, first: Stamp): Rewriter {
  let state: State | undefined;

  const elapsed = (from: State, at: number): number =>
    Math.max(1, Math.round(((at - from.lastAt) * clockRate) / 1000));

  const begin = (source: number, stamp: Stamp, at: number): State => {
    const out =
      state === undefined
        ? first
        : {
            sequence: (state.lastOut.sequence + 1) & 0xffff,
            timestamp: (state.lastOut.timestamp + elapsed(state, at)) >>> 0,
          };
    return {
      source,
      sequenceShift: out.sequence - stamp.sequence,
      timestampShift: out.timestamp - stamp.timestamp,
      lastIn: stamp,
      lastOut: {
        sequence: (out.sequence - 1) & 0xffff,
        timestamp: state?.lastOut.timestamp ?? out.timestamp - 1,
      },
      lastAt: at,
      burstEnd: undefined,
    };
  };

  /** The same sender began to count its time anew (its encoder restarted). */
  const followJump = (current: State, stamp: Stamp, at: number): void => {
    const moved = after(stamp.timestamp, current.lastIn.timestamp);
    const jump = moved - ((at - current.lastAt) * clockRate) / 1000;
    if (Math.abs(jump) <= MAX_JUMP_SECONDS * clockRate) return;
    current.timestampShift = current.lastOut.timestamp + elapsed(current, at) - stamp.timestamp;
  };

  const shifted = (current: State, stamp: Stamp): Stamp => ({
    sequence: (stamp.sequence + current.sequenceShift) & 0xffff,
    timestamp: (stamp.timestamp + current.timestampShift) >>> 0,
  });

  return {
    live(source, stamp, at) {
      if (state === undefined || state.source !== source) state = begin(source, stamp, at);
      const { burstEnd } = state;
      if (burstEnd !== undefined && sequenceAfter(stamp.sequence, burstEnd) <= 0) return undefined;
      followJump(state, stamp, at);
      const out = shifted(state, stamp);
      if (sequenceAfter(out.sequence, state.lastOut.sequence) > 0) {
        state.lastIn = stamp;
        state.lastOut = out;
        state.lastAt = at;
      }
      return out;
    },

    burst(source, stamps, at) {
      const newest = stamps.at(-1);
      if (newest === undefined) return [];
      if (state === undefined || state.source !== source) state = begin(source, newest, at);
      const current = state;
      const pictures = new Set(stamps.map((stamp) => stamp.timestamp)).size;
      const wanted = shifted(current, newest).timestamp - (pictures - 1) * SQUEEZED_TICKS;
      const hasRoom = after(wanted, current.lastOut.timestamp) > 0;
      // Without room before the newest picture, half a picture's time behind it is used.
      const ticks = hasRoom ? SQUEEZED_TICKS : Math.max(1, Math.floor(1800 / pictures));
      let timestamp = hasRoom ? wanted : current.lastOut.timestamp + ticks;
      let sequence = current.lastOut.sequence;
      let previous = stamps[0]?.timestamp;
      const out = stamps.map((stamp) => {
        if (stamp.timestamp !== previous) timestamp += ticks;
        previous = stamp.timestamp;
        sequence = (sequence + 1) & 0xffff;
        return { sequence, timestamp: timestamp >>> 0 };
      });
      current.sequenceShift = sequence - newest.sequence;
      current.lastIn = newest;
      current.lastOut = { sequence, timestamp: timestamp >>> 0 };
      current.lastAt = at;
      current.burstEnd = newest.sequence;
      return out;
    },

    outgoing: (timestamp) =>
      state === undefined ? undefined : (timestamp + state.timestampShift) >>> 0,
  };
}
