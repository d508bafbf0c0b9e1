/**
 * Reads only the lengths of MQTT packets, before anything else sees the bytes.
 *
 * The parser behind it waits for a packet's announced length and would hold 256 MB for a stranger;
 * here a length that is too large ends the connection at its fifth byte. Framing per MQTT 3.1.1
 * section 2.2; contents are not read.
 */
import { MAX_MESSAGE_BYTES } from "../../../shared/parse.ts";

/** In all, from the first byte to the accepted CONNECT, which needs no more. */
export const MAX_BYTES_BEFORE_CONNECT = 4 * 1024;
/** The largest message, with room for its topic. */
export const MAX_PACKET_BYTES = MAX_MESSAGE_BYTES + 256;

/**
 * Of a SUBSCRIBE or UNSUBSCRIBE. Each filter in it is looked up and answered, and a pillar has one;
 * one packet with thousands is refused whole, before anybody reads them.
 */
export const MAX_SUBSCRIBE_BYTES = 1024;

/**
 * From a broker that is not ours: far more than a message may have, because one pillar's message
 * that is too long should cost that message and not the line of all.
 */
export const MAX_BROKER_PACKET_BYTES = 1024 * 1024;

const MAX_LENGTH_BYTES = 4;

/** MQTT 3.1.1, table 2.1: what each end says first. */
const CONNECT = 1;
const CONNACK = 2;
const SUBSCRIBE = 8;
const UNSUBSCRIBE = 10;

/** `connecting` until the broker has accepted the CONNECT. */
export type LinkPhase = "connecting" | "connected";

/** Where we are between packets. Numbers only, so that a flood of bytes cannot make it grow. */
export interface Framing {
  /** Packet type that must come first. */
  readonly firstType: number;
  /** The largest packet this end may send once connected. */
  readonly mostBytes: number;
  readonly bytesSeen: number;
  readonly bodyBytesLeft: number;
  /** Bytes of the present packet's fixed header, 0 between packets. */
  readonly headerBytes: number;
  /** Of the present packet, MQTT 3.1.1 table 2.1. */
  readonly packetType: number;
  /** The remaining length decoded so far. */
  readonly announced: number;
}

export type Verdict =
  | { readonly ok: true; readonly framing: Framing }
  | { readonly ok: false; readonly reason: string };

const nothingYet = { bytesSeen: 0, bodyBytesLeft: 0, headerBytes: 0, packetType: 0, announced: 0 };
export const FIRST_BYTE: Framing = {
  firstType: CONNECT,
  mostBytes: MAX_PACKET_BYTES,
  ...nothingYet,
};
export const FIRST_BYTE_OF_BROKER: Framing = {
  firstType: CONNACK,
  mostBytes: MAX_BROKER_PACKET_BYTES,
  ...nothingYet,
};

/** Follows the stream by one chunk. After a refusal the connection must be closed. */
export function inspect(framing: Framing, chunk: Uint8Array, phase: LinkPhase): Verdict {
  const { firstType, mostBytes } = framing;
  const bytesSeen = framing.bytesSeen + chunk.byteLength;
  if (framing.bytesSeen === 0 && chunk.byteLength > 0 && (chunk[0] ?? 0) >> 4 !== firstType) {
    const name = firstType === CONNECT ? "CONNECT" : "CONNACK";
    return refuse(`expected an MQTT ${name} first, found byte 0x${hex(chunk[0] ?? 0)}`);
  }
  const most = phase === "connecting" ? MAX_BYTES_BEFORE_CONNECT : mostBytes;
  let { bodyBytesLeft, headerBytes, packetType, announced } = framing;
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
    if (headerBytes === 1) {
      packetType = byte >> 4;
      continue;
    }
    announced += (byte & 0x7f) * 128 ** (headerBytes - 2);
    if (announced > most) return refuse(tooLong(announced, most));
    if (announced > MAX_SUBSCRIBE_BYTES && isSubscribe(packetType)) {
      return refuse(tooManyFilters(announced));
    }
    if (byte >= 0x80) {
      if (headerBytes <= MAX_LENGTH_BYTES) continue;
      return refuse("expected a packet length of at most 4 bytes, found a fifth");
    }
    bodyBytesLeft = announced;
    headerBytes = 0;
    announced = 0;
  }
  if (phase === "connecting" && bytesSeen > MAX_BYTES_BEFORE_CONNECT) {
    return refuse(tooLong(bytesSeen, most));
  }
  const next = { bytesSeen, bodyBytesLeft, headerBytes, packetType, announced };
  return { ok: true, framing: { firstType, mostBytes, ...next } };
}

function tooLong(bytes: number, most: number): string {
  return most === MAX_BYTES_BEFORE_CONNECT
    ? `expected at most ${most} bytes before the CONNECT is accepted, found ${bytes}`
    : `expected packets of at most ${most} bytes, found one of ${bytes} or more`;
}

const isSubscribe = (type: number): boolean => type === SUBSCRIBE || type === UNSUBSCRIBE;

const tooManyFilters = (bytes: number): string =>
  `expected a SUBSCRIBE of at most ${MAX_SUBSCRIBE_BYTES} bytes, found one of ${bytes} or more: ` +
  "a pillar subscribes to its own down/#";

const hex = (byte: number): string => byte.toString(16).padStart(2, "0");

function refuse(reason: string): Verdict {
  return { ok: false, reason };
}
