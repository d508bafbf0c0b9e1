/** Streams of packets that come into a room, and the numbers by which receivers tell them apart. */
import { newMediaClock, type MediaClock } from "../recorder/media-clock.ts";
import type { IncomingPacket } from "./incoming.ts";

/** Packets that share one counting of sequence numbers and time. */
export interface Stream {
  readonly clockRate: number;
  /** Another number whenever the counting begins anew. */
  source: number;
  ssrc: number | undefined;
  clock: MediaClock;
}

export interface Streams {
  begin(clockRate: number): Stream;
  /** What follows is counted anew. */
  renew(stream: Stream): void;
  /** Returns whether this packet begins another counting. */
  observe(stream: Stream, packet: IncomingPacket, at: number): boolean;
}

/** Those of one room: no two of them have one number. */
export function newStreams(): Streams {
  let sources = 0;

  const renew = (stream: Stream): void => {
    sources += 1;
    stream.source = sources;
    stream.ssrc = undefined;
    stream.clock = newMediaClock(stream.clockRate);
  };

  return {
    renew,
    begin(clockRate) {
      sources += 1;
      return { clockRate, source: sources, ssrc: undefined, clock: newMediaClock(clockRate) };
    },
    observe(stream, packet, at) {
      const isOther = stream.ssrc !== packet.ssrc;
      if (isOther) {
        renew(stream);
        stream.ssrc = packet.ssrc;
      }
      stream.clock.observe(packet.timestamp, at);
      return isOther;
    },
  };
}
