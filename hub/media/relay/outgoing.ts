/**
 * One stream on its way to one receiver.
 *
 * Voice goes straight through. A picture begins with the packets since the last keyframe, so that
 * the receiver shows something at once; a receiver that lost its picture gets them again, because
 * the pillar's encoder cannot be asked for a keyframe. They are paced, and live packets queue
 * behind them.
 */
import { randomInt } from "node:crypto";
import { RtpHeader, RtpPacket, type RTCRtpSender } from "werift";
import { newRewriter, type Rewriter, type Stamp } from "./rewriter.ts";

/** A packet from a pillar or a talker, without its header extensions. */
export interface MediaPacket {
  readonly sequence: number;
  readonly timestamp: number;
  readonly marker: boolean;
  readonly payload: Buffer;
}

export interface Outgoing {
  /** `source` changes with every new sender. */
  live(source: number, packet: MediaPacket, at: number): void;
  /** The outgoing timestamp of a source timestamp. */
  outgoing(timestamp: number): number | undefined;
}

export interface OutgoingPicture extends Outgoing {
  /** Sends the stored packets; a little later if that happened a moment ago. */
  refresh(at: number): void;
  /** The next picture must begin with a keyframe. */
  restart(): void;
  close(): void;
}

/** About 40 Mbit/s: the first picture is in the first packets, and no receive buffer overflows. */
const BURST_PACKETS = 16;
const BURST_PAUSE_MS = 4;
/** More than a full store of packets waiting means that the receiver cannot be served. */
export const MAX_QUEUED_PACKETS = 4096;
export const REFRESH_INTERVAL_MS = 500;

const firstStamp = (): Stamp => ({
  sequence: randomInt(0, 0x8000),
  timestamp: randomInt(0, 2 ** 32),
});

export function newOutgoingVoice(sender: RTCRtpSender, clockRate: number): Outgoing {
  const rewriter = newRewriter(clockRate, firstStamp());
  return {
    live(source, packet, at) {
      const stamp = rewriter.live(source, packet, at);
      if (stamp !== undefined) send(sender, packet, stamp);
    },
    outgoing: (timestamp) => rewriter.outgoing(timestamp),
  };
}

/** `stored` gives the packets since the last keyframe, and whose they are. */
export function newOutgoingPicture(
  sender: RTCRtpSender,
  clockRate: number,
  stored: () => { readonly source: number; readonly packets: readonly MediaPacket[] },
): OutgoingPicture {
  const rewriter: Rewriter = newRewriter(clockRate, firstStamp());
  let queue: { packet: MediaPacket; stamp: Stamp }[] = [];
  let needsKeyframe = true;
  let wantsRefresh = false;
  let refreshedAt = -Infinity;
  let timer: NodeJS.Timeout | undefined;

  const drain = (): void => {
    timer = undefined;
    for (const { packet, stamp } of queue.splice(0, BURST_PACKETS)) send(sender, packet, stamp);
    if (queue.length > 0) timer = setTimeout(drain, BURST_PAUSE_MS);
  };

  const enqueue = (packet: MediaPacket, stamp: Stamp): void => {
    if (queue.length >= MAX_QUEUED_PACKETS) {
      queue = [];
      needsKeyframe = true;
      return;
    }
    queue.push({ packet, stamp });
  };

  const mayRefresh = (at: number): boolean =>
    queue.length === 0 && at - refreshedAt >= REFRESH_INTERVAL_MS;

  const burst = (at: number): void => {
    const { source, packets } = stored();
    if (packets.length === 0) return;
    needsKeyframe = false;
    wantsRefresh = false;
    refreshedAt = at;
    const stamps = rewriter.burst(source, packets, at);
    packets.forEach((packet, index) => {
      const stamp = stamps[index];
      if (stamp !== undefined) enqueue(packet, stamp);
    });
    if (timer === undefined) drain();
  };

  return {
    live(source, packet, at) {
      if (needsKeyframe || (wantsRefresh && mayRefresh(at))) {
        // The store already holds this packet, so the burst sends it too.
        burst(at);
        return;
      }
      const stamp = rewriter.live(source, packet, at);
      if (stamp === undefined) return;
      if (queue.length > 0) enqueue(packet, stamp);
      else send(sender, packet, stamp);
    },
    refresh(at) {
      if (mayRefresh(at)) burst(at);
      else wantsRefresh = true;
    },
    restart() {
      needsKeyframe = true;
    },
    outgoing: (timestamp) => rewriter.outgoing(timestamp),
    close() {
      clearTimeout(timer);
      queue = [];
    },
  };
}

/** The sender puts in its own SSRC and the payload type that was negotiated. */
function send(sender: RTCRtpSender, packet: MediaPacket, stamp: Stamp): void {
  const header = new RtpHeader({
    sequenceNumber: stamp.sequence,
    timestamp: stamp.timestamp,
    marker: packet.marker,
    payloadType: 0,
  });
  sender.sendRtp(new RtpPacket(header, packet.payload)).catch(() => {
    // A receiver that went away between two packets; its connection's state says so.
  });
}
