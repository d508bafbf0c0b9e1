/**
 * The packets since the last keyframe, so that whoever joins late sees a picture at once.
 *
 * An access unit is all packets of one RTP timestamp: an encoder may split one keyframe into
 * several slices, and only the first of them begins a new group. Packets are kept by their sequence
 * numbers: one that was lost and comes again late takes its own place, also when it is the one that
 * begins a group, and a hole stays a hole. Bounded: a group that outgrows the limits is forgotten
 * and the next keyframe awaited, because half a group cannot be decoded.
 */
import { carriesKeyframe } from "./h264.ts";

/** What the cache must know of a packet, whatever its class. */
export interface GopPacket {
  /** 16 bits, as in RTP. */
  readonly sequence: number;
  readonly timestamp: number;
  readonly payload: Uint8Array;
}

export interface GopLimits {
  readonly maxPackets: number;
  readonly maxBytes: number;
}

/** Four seconds at 4 Mbit/s: twice our own group at twice our own rate. */
export const GOP_LIMITS: GopLimits = { maxPackets: 2048, maxBytes: 2 * 1024 * 1024 };

export interface GopCache<P> {
  push(packet: P): void;
  /**
   * In the order of the sequence numbers; empty, or beginning with the first packet of a keyframe.
   */
  snapshot(): readonly P[];
  /** After a change of source: nothing before it belongs to what follows. */
  clear(): void;
}

/** A larger step is not loss: the sender has begun a new count. */
const MAX_STEP = 0x1000;

/** How far `a` lies behind `b`, across the wrap of 16 bits. */
const sequenceAfter = (a: number, b: number): number => ((a - b) << 16) >> 16;

interface Kept<P> extends GopPacket {
  readonly packet: P;
}

export function newGopCache<P>(
  describe: (packet: P) => GopPacket,
  limits: GopLimits = GOP_LIMITS,
): GopCache<P> {
  let kept: Kept<P>[] = [];
  let bytes = 0;
  /** The first packet of the newest keyframe; undefined while there is no whole group. */
  let first: { sequence: number; timestamp: number } | undefined;
  /**
   * Kept after a group was dropped, so that later slices of its keyframe do not begin a new one.
   */
  let droppedAt: number | undefined;

  const keepOnly = (rest: Kept<P>[]): void => {
    kept = rest;
    bytes = rest.reduce((sum, { payload }) => sum + payload.length, 0);
  };

  const drop = (): void => {
    keepOnly([]);
    droppedAt = first?.timestamp ?? droppedAt;
    first = undefined;
  };

  const clear = (): void => {
    keepOnly([]);
    first = undefined;
    droppedAt = undefined;
  };

  /** Whether a packet that begins a keyframe begins a group; it may be late itself. */
  const beginsGroup = ({ sequence, timestamp }: GopPacket): boolean => {
    if (timestamp === droppedAt) return false;
    if (first === undefined) return true;
    const isNewer = sequenceAfter(sequence, first.sequence) > 0;
    return isNewer ? timestamp !== first.timestamp : timestamp === first.timestamp;
  };

  const insert = (one: Kept<P>): void => {
    const last = kept.findLastIndex(({ sequence }) => sequenceAfter(sequence, one.sequence) <= 0);
    if (kept[last]?.sequence === one.sequence) return;
    kept.splice(last + 1, 0, one);
    bytes += one.payload.length;
  };

  return {
    push(packet) {
      const { sequence, timestamp, payload } = describe(packet);
      const one = { sequence, timestamp, payload, packet };
      const newest = kept.at(-1)?.sequence ?? sequence;
      if (Math.abs(sequenceAfter(sequence, newest)) > MAX_STEP) clear();
      const isOld = first !== undefined && sequenceAfter(sequence, first.sequence) < 0;
      if (carriesKeyframe(payload) && beginsGroup(one)) {
        first = { sequence, timestamp };
        droppedAt = undefined;
        // What came before its time, while this packet was missing, belongs to the group.
        keepOnly(kept.filter((other) => sequenceAfter(other.sequence, sequence) > 0));
      } else if (isOld && timestamp !== first?.timestamp) return;
      if (kept.length >= limits.maxPackets || bytes + payload.length > limits.maxBytes) drop();
      else insert(one);
    },
    snapshot() {
      const { sequence } = first ?? {};
      if (sequence === undefined) return [];
      return kept
        .filter((one) => sequenceAfter(one.sequence, sequence) >= 0)
        .map(({ packet }) => packet);
    },
    clear,
  };
}
