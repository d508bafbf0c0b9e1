/**
 * One RTP packet as ffmpeg sends it to us on loopback (RFC 3550 section 5.1).
 *
 * Only what ffmpeg writes is understood: extensions and contributing sources are skipped,
 * everything else is not a packet. RTCP on the same port is none either (RFC 5761 section 4).
 */

export interface MediaPacket {
  readonly ssrc: number;
  readonly sequenceNumber: number;
  readonly timestamp: number;
  readonly isMarked: boolean;
  readonly payload: Uint8Array;
}

const HEADER_BYTES = 12;

/** `undefined` for anything that is not an RTP packet of this payload type; never throws. */
export function parsePacket(bytes: Uint8Array, payloadType: number): MediaPacket | undefined {
  if (bytes.length <= HEADER_BYTES) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const flags = view.getUint8(0);
  const second = view.getUint8(1);
  if (flags >> 6 !== 2 || (second & 0x7f) !== payloadType) return undefined;
  let start = HEADER_BYTES + (flags & 0x0f) * 4;
  if ((flags & 0x10) !== 0) {
    if (bytes.length < start + 4) return undefined;
    start += 4 + view.getUint16(start + 2) * 4;
  }
  const padding = (flags & 0x20) === 0 ? 0 : view.getUint8(bytes.length - 1);
  const end = bytes.length - padding;
  if (start >= end) return undefined;
  return {
    ssrc: view.getUint32(8),
    sequenceNumber: view.getUint16(2),
    timestamp: view.getUint32(4),
    isMarked: (second & 0x80) !== 0,
    payload: bytes.subarray(start, end),
  };
}
