/**
 * One unbroken stream of numbers for a receiver, whatever happens to the source behind it.
 *
 * ffmpeg begins with a random SSRC, sequence number and timestamp each time it starts, and the gate
 * leaves holes of minutes. Here timestamps follow real time across all of that, while sequence
 * numbers count what was sent; only a packet really lost between ffmpeg and us leaves a gap, so
 * that decoders know of it.
 */
import type { MediaPacket } from "./packet.ts";

/** A larger step than this is a jump, not loss. */
const MAX_LOSS = 100;

export interface Continuity {
  /** RTP timestamp in the outgoing stream. Called for every packet of the source, sent or not. */
  timestampOf(packet: MediaPacket, atMs: number): number;
  /** Sequence number in the outgoing stream. Called once per packet sent, in order. */
  numberOf(packet: MediaPacket): number;
  /** Packets before the next one were held back on purpose: they are no loss. */
  interrupt(): void;
  /** What the outgoing clock showed at a moment, for sender reports. */
  readingAt(atMs: number): number | undefined;
}

interface Source {
  readonly ssrc: number;
  readonly offset: number;
}

export function newContinuity(clockRate: number, start: number): Continuity {
  let source: Source | undefined;
  let latest: { readonly timestamp: number; readonly atMs: number } | undefined;
  let sent: { readonly ssrc: number; readonly input: number } | undefined;
  let number = start & 0xffff;

  const readingAt = (atMs: number): number | undefined =>
    latest && (latest.timestamp + Math.round(((atMs - latest.atMs) * clockRate) / 1000)) >>> 0;

  return {
    readingAt,
    timestampOf(packet, atMs) {
      if (source?.ssrc !== packet.ssrc) {
        const begin = readingAt(atMs) ?? packet.timestamp;
        source = { ssrc: packet.ssrc, offset: (begin - packet.timestamp) >>> 0 };
      }
      const timestamp = (packet.timestamp + source.offset) >>> 0;
      latest = { timestamp, atMs };
      return timestamp;
    },
    numberOf(packet) {
      const step =
        sent?.ssrc === packet.ssrc ? (packet.sequenceNumber - sent.input) & 0xffff : undefined;
      sent = { ssrc: packet.ssrc, input: packet.sequenceNumber };
      number = (number + (step !== undefined && step <= MAX_LOSS ? Math.max(1, step) : 1)) & 0xffff;
      return number;
    },
    interrupt() {
      sent = undefined;
    },
  };
}
