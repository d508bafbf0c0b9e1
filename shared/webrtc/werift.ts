/**
 * What werift 0.25.2 gets wrong or leaves open, corrected here for pillar and hub alike.
 *
 * * Codecs must be named, or it offers VP8.
 * * A throw in a callback of ours tears the connection down.
 * * Its DTLS client sleeps 100 ms first: who may choose is the server.
 * * In sender reports it writes decimal digits where a binary fraction belongs, up to 886 ms wrong.
 * * Its router knows only the stream numbers that it drew itself.
 * * A browser's request for a picture is routed to the wrong place.
 * * It makes a key object for each packet, which was a fifth of the relay's work.
 * * It takes an empty list of STUN servers for "Google's": it asks the resolver for that name and
 *   waits up to 5 s for an answer, so that no media comes about where the name resolves and nobody
 *   answers. It leaves out interfaces by their names (`tun*`, `veth*`), which are exactly the way
 *   to the hub where a VPN is used. And it binds every socket to all addresses of the machine. Here
 *   the caller says which addresses there are, and nothing else is bound, asked or offered.
 *
 * Limit: some names below are the library's own inner ones, so its version is pinned, and tests
 * watch the sockets and the reports.
 */
import { createSecretKey } from "node:crypto";
import {
  RTCRtpCodecParameters,
  RtcpSrPacket,
  type RTCDtlsTransport,
  type RTCPeerConnection,
  type RTCRtpSender,
} from "werift";
import { AUDIO, VIDEO } from "../media/codecs.ts";

/** The codecs of `media/codecs.ts`, and nothing else. */
export function namedCodecs(): {
  video: RTCRtpCodecParameters[];
  audio: RTCRtpCodecParameters[];
} {
  const { mimeType, clockRate, payloadType, fmtp: parameters } = VIDEO;
  const rtcpFeedback = [{ type: "nack" }, { type: "nack", parameter: "pli" }];
  return {
    video: [
      new RTCRtpCodecParameters({ mimeType, clockRate, payloadType, parameters, rtcpFeedback }),
      new RTCRtpCodecParameters({
        mimeType: "video/rtx",
        clockRate,
        payloadType: VIDEO.rtxPayloadType,
        parameters: `apt=${payloadType}`,
      }),
    ],
    audio: [
      new RTCRtpCodecParameters({
        mimeType: AUDIO.mimeType,
        clockRate: AUDIO.clockRate,
        channels: AUDIO.channels,
        payloadType: AUDIO.payloadType,
        parameters: AUDIO.fmtp,
      }),
    ],
  };
}

/** Wraps whatever the library calls. */
export function guarded<A extends unknown[]>(
  onBug: (error: unknown) => void,
  run: (...args: A) => void,
): (...args: A) => void {
  return (...args) => {
    try {
      run(...args);
    } catch (error) {
      onBug(error);
    }
  };
}

/** Call before the local description is made. */
export function answerAsServer(transport: RTCDtlsTransport): void {
  transport.role = "server";
}

/** RTP timestamp that this stream shows at this instant (monotonic ms), when it is known. */
export type TimestampAt = (ssrc: number, atMs: number) => number | undefined;

/**
 * Every report says what its stream's clock shows now,
 * so that a receiver can align picture and voice.
 */
export function correctReports(transport: RTCDtlsTransport, timestampAt: TimestampAt): void {
  const send = transport.sendRtcp.bind(transport);
  transport.sendRtcp = (packets) => {
    for (const packet of packets) {
      if (!(packet instanceof RtcpSrPacket)) continue;
      const at = performance.now();
      packet.senderInfo.ntpTimestamp = ntpTimestamp(performance.timeOrigin + at);
      const timestamp = timestampAt(packet.ssrc, at);
      if (timestamp !== undefined) packet.senderInfo.rtpTimestamp = timestamp;
    }
    return send(packets);
  };
}

const SECONDS_1900_TO_1970 = 2_208_988_800n;

/**
 * Wall time in the format of sender reports (RFC 3550, 4): seconds since 1900 and a binary
 * fraction. `unixMs` may have a fraction.
 */
export function ntpTimestamp(unixMs: number): bigint {
  const micros = BigInt(Math.round(unixMs * 1000));
  const seconds = micros / 1_000_000n + SECONDS_1900_TO_1970;
  const fraction = ((micros % 1_000_000n) << 32n) / 1_000_000n;
  return (seconds << 32n) | fraction;
}

interface Router {
  readonly ssrcTable: Record<number, RTCRtpSender>;
}

/**
 * What the other side reports and asks for again names
 * this number, and would otherwise find nobody.
 */
export function nameStream(pc: RTCPeerConnection, sender: RTCRtpSender, ssrc: number): void {
  const { ssrcTable } = (pc as unknown as { readonly router: Router }).router;
  Reflect.deleteProperty(ssrcTable, sender.ssrc);
  Object.defineProperty(sender, "ssrc", { value: ssrc });
  ssrcTable[ssrc] = sender;
}

const PAYLOAD_FEEDBACK = 206;
const PICTURE_LOSS = new Set([1, 4]);

/** `onLost`, which must not throw: the other side cannot decode its picture (PLI or FIR). */
export function hearPictureLoss(transport: RTCDtlsTransport, onLost: () => void): void {
  transport.onRtcp.subscribe((packet) => {
    if (packet.type === PAYLOAD_FEEDBACK && PICTURE_LOSS.has(packet.feedback.count)) onLost();
  });
}

interface CipherKeys {
  srtpSessionKey?: unknown;
  srtpSessionAuthTag?: unknown;
}

/** Call when connected. */
export function prepareKeys(transport: RTCDtlsTransport): void {
  const session = transport.srtp as unknown as Record<string, { cipher?: CipherKeys } | undefined>;
  for (const context of [session["localContext"], session["remoteContext"]]) {
    const cipher = context?.cipher;
    if (cipher === undefined) continue;
    for (const name of ["srtpSessionKey", "srtpSessionAuthTag"] as const) {
      const key = cipher[name];
      if (Buffer.isBuffer(key)) cipher[name] = createSecretKey(key);
    }
  }
}

/** The part of the library's ICE connection that is used here, by its inner names. */
interface IceConnection {
  stunServer?: unknown;
  localUsername: string;
  options: IceOptions;
  readonly protocols: readonly IceProtocol[];
  getCandidatePromises(addresses: readonly string[], timeout?: number): Promise<unknown>[];
}

interface IceOptions {
  interfaceAddresses?: { readonly udp4?: string; readonly udp6?: string } | undefined;
  filterStunResponse?: (message: StunMessage, from: readonly [string, number]) => boolean;
}

interface StunMessage {
  getAttributeValue(name: string): unknown;
}

interface IceProtocol {
  readonly transport?: { readonly socket?: { setRecvBufferSize(bytes: number): void } };
}

/** One address to offer, and the one its socket is bound to; undefined: all of this machine. */
export interface HostAddress {
  readonly offered: string;
  readonly bound: string | undefined;
}

/** A host has fewer addresses than this. */
export const MAX_HOST_ADDRESSES = 8;
/** Source addresses and ports accepted for one session; roaming needs a few. */
export const MAX_SOURCES = 16;

/** Call before the local description is set. */
export function prepareGathering(
  transport: RTCDtlsTransport,
  hostAddresses: readonly HostAddress[],
): void {
  const connection = iceOf(transport);
  connection.stunServer = undefined;
  const addresses = hostAddresses.slice(0, MAX_HOST_ADDRESSES);
  const gather = connection.getCandidatePromises.bind(connection);
  connection.getCandidatePromises = (_found, timeout) =>
    addresses.flatMap(({ offered, bound }) => {
      // Read by the library in this very call.
      connection.options.interfaceAddresses =
        bound === undefined ? undefined : { [isIpv6(bound) ? "udp6" : "udp4"]: bound };
      return gather([offered], timeout);
    });
  connection.options.filterStunResponse = onlyInvited(connection);
}

/** Call after gathering. The kernel grants what its own limit (`net.core.rmem_max`) allows. */
export function widenReceiveBuffers(transport: RTCDtlsTransport, bytes: number): void {
  for (const { transport: udp } of iceOf(transport).protocols)
    udp?.socket?.setRecvBufferSize(bytes);
}

const iceOf = (transport: RTCDtlsTransport): IceConnection =>
  transport.iceTransport.connection as unknown as IceConnection;

/**
 * A check that does not name our session is not answered, and only so many sources are: each of
 * them would be sent checks of our own.
 */
function onlyInvited(
  connection: IceConnection,
): (message: StunMessage, from: readonly [string, number]) => boolean {
  const sources = new Set<string>();
  return (message, [host, port]) => {
    const name = message.getAttributeValue("USERNAME");
    if (typeof name !== "string" || !name.startsWith(`${connection.localUsername}:`)) return false;
    const source = `${host} ${port}`;
    if (!sources.has(source) && sources.size >= MAX_SOURCES) return false;
    sources.add(source);
    return true;
  };
}

const isIpv6 = (address: string): boolean => address.includes(":");
