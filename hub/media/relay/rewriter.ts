/**
 * Sequence numbers and timestamps as one receiver sees them.
 *
 * A receiver must see one unbroken stream although the pillar may reconnect and although a joiner
 * first gets the stored packets since the last keyframe. Live packets are shifted by constants, so
 * that losses and late retransmissions keep their places. Stored packets keep their order and their
 * holes too, or a decoder would take a damaged picture for a whole one; only their timestamps are
 * squeezed together just before the live one: the receiver then shows the newest picture now,
 * instead of playing two seconds behind for the rest of the call.
 */

export interface Stamp {
  readonly sequence: number;
  readonly timestamp: number;
}

export interface Rewriter {
  /**
   * `source` changes when the sender does. A packet that was missing in the burst finds its place
   * there. Undefined: it is older than the burst, drop it.
   */
  live(source: number, stamp: Stamp, at: number): Stamp | undefined;
  /** Packets that were sent before, again, with new numbers; in the order of their sequence. */
  burst(source: number, stamps: readonly Stamp[], at: number): Stamp[];
  /** The outgoing timestamp of a source timestamp; undefined before the first packet. */
  outgoing(timestamp: number): number | undefined;
}

/** Distance of two squeezed pictures: 1 ms of the video clock. */
const SQUEEZED_TICKS = 90;
const HALF_A_PICTURE_TICKS = 1800;
/** Before anything was sent there is room for any number of stored pictures. */
const FIRST_ROOM_TICKS = 2 ** 20;
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
  burst: Burst | undefined;
}

/** The stored packets that were sent, with the times their pictures were given. */
interface Burst {
  readonly first: number;
  readonly last: number;
  /** In the order of the sequence. */
  readonly times: readonly { readonly source: number; readonly out: number }[];
}

/** `first` is where this receiver's numbers begin: random, as RFC 3550 section 5.1 asks. */
export function newRewriter(clockRate: number, first: Stamp): Rewriter {
  let state: State | undefined;

  const enter = (source: number, stamp: Stamp, at: number): State => {
    if (state?.source === source) return state;
    state = newState(state, { source, stamp, at, first, clockRate });
    return state;
  };

  return {
    live(source, stamp, at) {
      const current = enter(source, stamp, at);
      const { burst } = current;
      if (burst !== undefined && sequenceAfter(stamp.sequence, burst.last) <= 0) {
        return sequenceAfter(stamp.sequence, burst.first) < 0
          ? undefined
          : { ...shifted(current, stamp), timestamp: timeInBurst(burst, stamp.timestamp) };
      }
      followJump(current, { stamp, at, clockRate });
      const out = shifted(current, stamp);
      if (sequenceAfter(out.sequence, current.lastOut.sequence) > 0) {
        Object.assign(current, { lastIn: stamp, lastOut: out, lastAt: at });
      }
      return out;
    },
    burst(source, stamps, at) {
      const [oldest, newest] = [stamps[0], stamps.at(-1)];
      if (oldest === undefined || newest === undefined) return [];
      const current = enter(source, newest, at);
      const out = squeeze(current, stamps, newest);
      const lastOut = out.at(-1) ?? current.lastOut;
      current.sequenceShift = lastOut.sequence - newest.sequence;
      current.burst = {
        first: oldest.sequence,
        last: newest.sequence,
        times: stamps.map(({ timestamp }, index) => ({
          source: timestamp,
          out: out[index]?.timestamp ?? lastOut.timestamp,
        })),
      };
      Object.assign(current, { lastIn: newest, lastOut, lastAt: at });
      return out;
    },
    outgoing: (timestamp) =>
      state === undefined ? undefined : (timestamp + state.timestampShift) >>> 0,
  };
}

interface Entry {
  readonly source: number;
  readonly stamp: Stamp;
  readonly at: number;
  readonly first: Stamp;
  readonly clockRate: number;
}

/** The first packet of a source takes the next sequence number, and the time that has passed. */
function newState(before: State | undefined, entry: Entry): State {
  const { source, stamp, at, first } = entry;
  const out =
    before === undefined
      ? first
      : {
          sequence: (before.lastOut.sequence + 1) & 0xffff,
          timestamp: (before.lastOut.timestamp + elapsed(before, entry)) >>> 0,
        };
  return {
    source,
    sequenceShift: out.sequence - stamp.sequence,
    timestampShift: out.timestamp - stamp.timestamp,
    lastIn: stamp,
    lastOut: {
      sequence: (out.sequence - 1) & 0xffff,
      timestamp: before?.lastOut.timestamp ?? (out.timestamp - FIRST_ROOM_TICKS) >>> 0,
    },
    lastAt: at,
    burst: undefined,
  };
}

const elapsed = (from: State, now: { readonly at: number; readonly clockRate: number }): number =>
  Math.max(1, Math.round(((now.at - from.lastAt) * now.clockRate) / 1000));

/** The same sender began to count its time anew (its encoder restarted). */
function followJump(current: State, now: Pick<Entry, "stamp" | "at" | "clockRate">): void {
  const { stamp, at, clockRate } = now;
  const moved = after(stamp.timestamp, current.lastIn.timestamp);
  const jump = moved - ((at - current.lastAt) * clockRate) / 1000;
  if (Math.abs(jump) <= MAX_JUMP_SECONDS * clockRate) return;
  current.timestampShift = current.lastOut.timestamp + elapsed(current, now) - stamp.timestamp;
}

const shifted = (current: State, stamp: Stamp): Stamp => ({
  sequence: (stamp.sequence + current.sequenceShift) & 0xffff,
  timestamp: (stamp.timestamp + current.timestampShift) >>> 0,
});

function squeeze(current: State, stamps: readonly Stamp[], newest: Stamp): Stamp[] {
  const pictures = new Set(stamps.map((stamp) => stamp.timestamp)).size;
  const wanted = shifted(current, newest).timestamp - (pictures - 1) * SQUEEZED_TICKS;
  const hasRoom = after(wanted, current.lastOut.timestamp) > 0;
  // Without room before the newest picture, half a picture's time behind it is used.
  const ticks = hasRoom ? SQUEEZED_TICKS : Math.max(1, Math.floor(HALF_A_PICTURE_TICKS / pictures));
  let timestamp = hasRoom ? wanted : current.lastOut.timestamp + ticks;
  const [oldest = newest] = stamps;
  let previous = oldest.timestamp;
  return stamps.map((stamp) => {
    if (stamp.timestamp !== previous) timestamp += ticks;
    previous = stamp.timestamp;
    const place = sequenceAfter(stamp.sequence, oldest.sequence);
    const sequence = (current.lastOut.sequence + 1 + place) & 0xffff;
    return { sequence, timestamp: timestamp >>> 0 };
  });
}

/**
 * Of a picture of which nothing was stored: between its
 * neighbours, which are at least a few ticks apart.
 */
function timeInBurst({ times }: Burst, timestamp: number): number {
  const before = times.findLast(({ source }) => after(source, timestamp) <= 0) ?? times[0];
  if (before === undefined) return timestamp;
  return before.source === timestamp ? before.out : (before.out + 1) >>> 0;
}
