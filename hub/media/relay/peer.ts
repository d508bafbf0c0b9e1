/**
 * One WebRTC connection of the hub, with corrections for what werift 0.25.2 gets wrong.
 *
 * The hub always answers, and always as DTLS server: werift's client sleeps 100 ms first. Sender reports carry the
 * true time, a browser's request for a picture is heard although the library routes it to the wrong place, cipher
 * keys are prepared once instead of per packet, and no callback may throw into the library, which would count it as
 * a failed connection.
 */
import { createSecretKey } from "node:crypto";
import {
  RTCPeerConnection,
  RTCRtpCodecParameters,
  type RTCDtlsTransport,
  type RTCRtpTransceiver,
} from "werift";
import { AUDIO, VIDEO } from "../../../shared/media/codecs.ts";
import {
  prepareGathering,
  widenReceiveBuffers,
  type IceConnection,
} from "../../../shared/media/ice.ts";
import { hostAddresses } from "../addresses.ts";
import type { MediaSettings } from "../ipc.ts";
import type { Log } from "../log.ts";

export type PeerState = "connected" | "lost";

export interface PeerEvents {
  onState(state: PeerState, reason: string): void;
  /** Before the answer is made: set the direction, subscribe to tracks. */
  onTransceiver(transceiver: RTCRtpTransceiver): void;
  /** The other side cannot decode its picture. */
  onPictureLost?(): void;
  /** The outgoing RTP timestamp of this instant, for sender reports. */
  timestampNow?(ssrc: number, at: number): number | undefined;
}

export interface Peer {
  readonly connection: RTCPeerConnection;
  /** Throws when the library refuses the offer. */
  answer(sdp: string): Promise<string>;
  close(): void;
}

/** A connection that is not made in this time will not be made. */
export const CONNECT_TIMEOUT_MS = 15_000;
/** ICE may lose its path for this long; consent (RFC 7675) ends it otherwise after 30 s. */
export const DISCONNECT_GRACE_MS = 10_000;

const codecs = {
  audio: [
    new RTCRtpCodecParameters({
      mimeType: AUDIO.mimeType,
      clockRate: AUDIO.clockRate,
      channels: AUDIO.channels,
      payloadType: AUDIO.payloadType,
      parameters: AUDIO.fmtp,
    }),
  ],
  video: [
    new RTCRtpCodecParameters({
      mimeType: VIDEO.mimeType,
      clockRate: VIDEO.clockRate,
      payloadType: VIDEO.payloadType,
      parameters: VIDEO.fmtp,
      rtcpFeedback: [{ type: "nack" }, { type: "nack", parameter: "pli" }],
    }),
    new RTCRtpCodecParameters({
      mimeType: "video/rtx",
      clockRate: VIDEO.clockRate,
      payloadType: VIDEO.rtxPayloadType,
      parameters: `apt=${VIDEO.payloadType}`,
    }),
  ],
};

/** Wraps whatever the library calls: a throw inside would tear the connection down. */
export function guarded<A extends unknown[]>(log: Log, run: (...args: A) => void) {
  return (...args: A): void => {
    try {
      run(...args);
    } catch (error) {
      const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
      log("error", `bug in a media callback: ${text}`);
    }
  };
}

export function newPeer(settings: MediaSettings, log: Log, events: PeerEvents): Peer {
  const connection = newConnection(settings);
  let isClosed = false;
  let timer: NodeJS.Timeout | undefined;
  const end = (reason: string): void => {
    if (isClosed) return;
    close();
    events.onState("lost", reason);
  };
  const endAfter = (delayMs: number, reason: string): void => {
    clearTimeout(timer);
    timer = setTimeout(() => end(reason), delayMs);
  };
  const close = (): void => {
    isClosed = true;
    clearTimeout(timer);
    connection.close().catch((error: unknown) => log("warn", `closing a peer: ${String(error)}`));
  };

  connection.onRemoteTransceiverAdded.subscribe(
    guarded(log, (transceiver) => events.onTransceiver(transceiver)),
  );
  connection.connectionStateChange.subscribe(
    guarded(log, (state) => {
      if (isClosed) return;
      if (state === "connected") {
        clearTimeout(timer);
        connection.dtlsTransports.forEach(prepareKeys);
        events.onState("connected", "");
      } else if (state === "disconnected") {
        endAfter(DISCONNECT_GRACE_MS, `no path for ${DISCONNECT_GRACE_MS / 1000} s`);
      } else if (state === "failed" || state === "closed") end(`the connection ${state}`);
    }),
  );
  return {
    connection,
    async answer(sdp) {
      endAfter(CONNECT_TIMEOUT_MS, `no connection within ${CONNECT_TIMEOUT_MS / 1000} s`);
      await connection.setRemoteDescription({ type: "offer", sdp });
      for (const transport of connection.dtlsTransports) {
        prepareGathering(iceOf(transport), hostAddresses(settings));
        prepareTransport(transport, log, { ...events, onHangUp: () => end(HUNG_UP) });
      }
      await connection.setLocalDescription(await connection.createAnswer());
      for (const transport of connection.dtlsTransports) {
        widenReceiveBuffers(iceOf(transport), RECEIVE_BUFFER_BYTES);
      }
      const local = connection.localDescription?.sdp ?? "";
      if (!local.includes("a=candidate:")) {
        throw new Error("no UDP port or address could be bound; see udpPorts and addresses");
      }
      return local;
    },
    close,
  };
}

const HUNG_UP = "the other side hung up";
/** A burst of a whole picture while this process is busy: the kernel's default holds 0.2 MB. */
const RECEIVE_BUFFER_BYTES = 4 * 1024 * 1024;

const newConnection = ({ udpPorts }: MediaSettings): RTCPeerConnection =>
  new RTCPeerConnection({
    codecs,
    iceServers: [],
    bundlePolicy: "max-bundle",
    icePortRange: nextPorts(udpPorts),
  });

/** Its inner names, see shared/media/ice.ts. */
const iceOf = (transport: RTCDtlsTransport): IceConnection =>
  transport.iceTransport.connection as unknown as IceConnection;

const PAYLOAD_FEEDBACK = 206;
const PICTURE_LOSS = new Set([1, 4]);

function prepareTransport(
  transport: RTCDtlsTransport,
  log: Log,
  events: PeerEvents & { onHangUp(): void },
): void {
  transport.role = "server";
  reportTrueTime(transport, events);
  transport.onStateChange.subscribe(
    guarded(log, (state) => {
      if (state === "closed") events.onHangUp();
    }),
  );
  transport.onRtcp.subscribe(
    guarded(log, (packet) => {
      if (packet.type !== PAYLOAD_FEEDBACK) return;
      if (PICTURE_LOSS.has(packet.feedback.count)) events.onPictureLost?.();
    }),
  );
}

/** Each connection starts to look for ports where the one before stopped: binding is then quick. */
let portCursor = 0;
const PORTS_PER_PEER = 4;

function nextPorts([first, last]: readonly [number, number]): [number, number] {
  const usable = Math.max(1, last - first - 16);
  portCursor = (portCursor + PORTS_PER_PEER) % usable;
  return [first + portCursor, last];
}

/** Seconds from 1900 (NTP) to 1970 (Unix), RFC 5905. */
const NTP_EPOCH_MS = 2_208_988_800_000;

export function ntpTime(unixMs: number): bigint {
  const ms = unixMs + NTP_EPOCH_MS;
  const wholeSeconds = Math.floor(ms / 1000);
  const fraction = Math.floor(((ms - wholeSeconds * 1000) / 1000) * 2 ** 32);
  return (BigInt(wholeSeconds) << 32n) | BigInt(fraction);
}

const SENDER_REPORT = 200;

/** werift writes decimal digits where a binary fraction belongs: every report would be wrong. */
function reportTrueTime(transport: RTCDtlsTransport, events: PeerEvents): void {
  const send = transport.sendRtcp.bind(transport);
  transport.sendRtcp = async (packets) => {
    for (const packet of packets) {
      if (packet.type !== SENDER_REPORT) continue;
      const at = performance.now();
      const timestamp = events.timestampNow?.(packet.ssrc, at);
      if (timestamp === undefined) continue;
      packet.senderInfo.ntpTimestamp = ntpTime(performance.timeOrigin + at);
      packet.senderInfo.rtpTimestamp = timestamp;
    }
    return send(packets);
  };
}

/** Making a key object per packet was a fifth of the relay's work. */
function prepareKeys(transport: RTCDtlsTransport): void {
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

interface CipherKeys {
  srtpSessionKey?: unknown;
  srtpSessionAuthTag?: unknown;
}
