/**
 * Reads only the lengths of MQTT packets, before anything else sees the bytes.
 *
 * The parser behind it waits for a packet's announced length and would hold 256 MB for a stranger;
 * here a length that is too large ends the connection at its fifth byte. Framing per MQTT 3.1.1
 * section 2.2; contents are none of its business.
 */
import { MAX_MESSAGE_BYTES } from "../../shared/parse.ts";

/** In all, from the first byte to the accepted CONNECT: nobody needs more to say who they are. */
export const MAX_BYTES_BEFORE_CONNECT = 4 * 1024;
/** The largest message, with room for its topic. */
export const MAX_PACKET_BYTES = MAX_MESSAGE_BYTES + 256;

const CONNECT = 1;
const MAX_LENGTH_BYTES = 4;

/** `connecting` until the broker has accepted the CONNECT. */
export type LinkPhase = "connecting" | "connected";

/** Where we are between packets. Numbers only, so that a flood of bytes cannot make it grow. */
export interface Framing {
  readonly bytesSeen: number;
  readonly bodyBytesLeft: number;
  /** Bytes of the present packet's fixed header, 0 between packets. */
  readonly headerBytes: number;
  /** The remaining length decoded so far. */
  readonly announced: number;
}

export type Verdict =
  | { readonly ok: true; readonly framing: Framing }
  | { readonly ok: false; readonly reason: string };

export const FIRST_BYTE: Framing = { bytesSeen: 0, bodyBytesLeft: 0, headerBytes: 0, announced: 0 };

/** Follows the stream by one chunk. After a refusal the connection must be closed. */
export function inspect(framing: Framing, chunk: Uint8Array, phase: LinkPhase): Verdict {
  const bytesSeen = framing.bytesSeen + chunk.byteLength;
  if (framing.bytesSeen === 0 && chunk.byteLength > 0 && (chunk[0] ?? 0) >> 4 !== CONNECT) {
    return refuse(`expected an MQTT CONNECT first, found byte 0x${hex(chunk[0] ?? 0)}`);
  }
  const most = phase === "connecting" ? MAX_BYTES_BEFORE_CONNECT : MAX_PACKET_BYTES;
  let { bodyBytesLeft, headerBytes, announced } = framing;
  let at = 0;
  while (at < chunk.byteLength) {
    if (bodyBytesLeft > 0) {
      const taken = Math.min(bodyBytesLeft, chunk.byteLength - at);
      bodyBytesLeft -= taken;
      at += taken;
      continue;
    }
    const byte = chunk[at++] ?? 0;
    headerBytes += 1;
    if (headerBytes === 1) continue;
    announced += (byte & 0x7f) * 128 ** (headerBytes - 2);
    if (announced > most) return refuse(tooLong(announced, phase));
    if (byte >= 0x80) {
      if (headerBytes <= MAX_LENGTH_BYTES) continue;
      return refuse("expected a packet length of at most 4 bytes, found a fifth");
    }
    bodyBytesLeft = announced;
    headerBytes = 0;
    announced = 0;
  }
  if (phase === "connecting" && bytesSeen > MAX_BYTES_BEFORE_CONNECT) {
    return refuse(tooLong(bytesSeen, phase));
  }
  return { ok: true, framing: { bytesSeen, bodyBytesLeft, headerBytes, announced } };
}

function tooLong(bytes: number, phase: LinkPhase): string {
  return phase === "connecting"
    ? `expected at most ${MAX_BYTES_BEFORE_CONNECT} bytes before the CONNECT is accepted, found ${bytes}`
    : `expected packets of at most ${MAX_PACKET_BYTES} bytes, found one of ${bytes} or more`;
}

const hex = (byte: number): string => byte.toString(16).padStart(2, "0");

function refuse(reason: string): Verdict {
  return { ok: false, reason };
}
