/**
 * The packets since the last keyframe, so that whoever joins late sees a picture at once.
 *
 * An access unit is all packets of one RTP timestamp: an encoder may split one keyframe into
 * several slices, and only the first of them begins a new group. Bounded: a group that outgrows the
 * limits is forgotten and the next keyframe awaited, because half a group cannot be decoded.
 */
import { carriesKeyframe } from "./h264.ts";

/** What the cache must know of a packet, whatever its class. */
export interface GopPacket {
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
  /** Oldest first; empty, or beginning with the first packet of a keyframe. */
  snapshot(): readonly P[];
  /** After a change of source: nothing before it belongs to what follows. */
  clear(): void;
}

export function newGopCache<P>(
  describe: (packet: P) => GopPacket,
  limits: GopLimits = GOP_LIMITS,
): GopCache<P> {
  let packets: P[] = [];
  let bytes = 0;
  let isOpen = false;
  /**
   * RTP timestamp of the newest keyframe, kept when its group was dropped: its later slices begin
   * none.
   */
  let keyframeAt: number | undefined;

  const drop = (): void => {
    packets = [];
    bytes = 0;
    isOpen = false;
  };

  return {
    push(packet) {
      const { timestamp, payload } = describe(packet);
      if (timestamp !== keyframeAt && carriesKeyframe(payload)) {
        drop();
        isOpen = true;
        keyframeAt = timestamp;
      }
      if (!isOpen) return;
      if (packets.length >= limits.maxPackets || bytes + payload.length > limits.maxBytes) {
        drop();
        return;
      }
      packets.push(packet);
      bytes += payload.length;
    },
    snapshot: () => packets.slice(),
    clear() {
      drop();
      keyframeAt = undefined;
    },
  };
}
