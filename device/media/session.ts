/**
 * One WebRTC connection to the hub, from the offer to its end.
 *
 * It is made for standby: everything is negotiated before anyone presses, so that a call only opens
 * the gate. werift 0.25 needs some things of us: codecs named explicitly (else VP8), callbacks
 * that never throw (else the connection fails), sender reports whose time is corrected, its router told
 * of the stream numbers we choose, and the addresses named (shared/media/ice.ts).
 */
import { performance } from "node:perf_hooks";
import {
  RTCPeerConnection,
  RTCRtpCodecParameters,
  RtcpSrPacket,
  RtpHeader,
  RtpPacket,
  type MediaStreamTrack,
  type RTCRtpSender,
} from "werift";
import type { MediaSessionId } from "../../shared/ids.ts";
import { AUDIO, VIDEO } from "../../shared/media/codecs.ts";
import { prepareGathering, type IceConnection } from "../../shared/media/ice.ts";
import { hostAddresses } from "./addresses.ts";
import type { OutgoingPacket } from "./send/gate.ts";
import { ntpTimestamp } from "./send/ntp.ts";

export type MediaKind = "video" | "audio";

export interface VoicePacket {
  readonly sequenceNumber: number;
  readonly payload: Uint8Array;
}

/** What outlives a connection: the receiver's view of us must not change with it. */
export interface Outgoing {
  readonly ssrc: number;
  readonly readingAt: (atMs: number) => number | undefined;
}

export interface SessionOptions {
  readonly id: MediaSessionId;
  /** Those of the settings; empty = all of this machine. */
  readonly addresses: readonly string[];
  readonly outgoing: Readonly<Record<MediaKind, Outgoing>>;
  readonly onConnected: () => void;
  readonly onLost: (reason: string) => void;
  readonly onVoice: (packet: VoicePacket) => void;
  /** Something was wrong that costs one packet or one callback. */
  readonly onTrouble: (text: string) => void;
}

export interface Candidate {
  readonly candidate: string;
  readonly sdpMid?: string | undefined;
  readonly sdpMLineIndex?: number | undefined;
}

export interface Session {
  readonly id: MediaSessionId;
  /**
   * The SDP, with every candidate in it: gathering on local interfaces takes a few milliseconds.
   */
  offer(): Promise<string>;
  answer(sdp: string): Promise<void>;
  addCandidate(candidate: Candidate): Promise<void>;
  send(kind: MediaKind, packet: OutgoingPacket): void;
  /** When the hub last reported on what it receives (monotonic ms). */
  lastReportAt(): number | undefined;
  close(): void;
}

export function newSession(options: SessionOptions): Session {
  const guard = guardWith(options.onTrouble);
  const pc = new RTCPeerConnection({
    bundlePolicy: "max-bundle",
    iceServers: [],
    codecs: codecs(),
  });
  const senders: Record<MediaKind, RTCRtpSender> = {
    video: pc.addTransceiver("video", { direction: "sendonly" }).sender,
    audio: pc.addTransceiver("audio", { direction: "sendrecv" }).sender,
  };
  for (const kind of ["video", "audio"] as const) {
    nameStream(pc, senders[kind], options.outgoing[kind].ssrc);
  }
  let reportAt: number | undefined;

  listen(pc, options, guard);

  const send = (kind: MediaKind, packet: OutgoingPacket): void => {
    const header = new RtpHeader({
      payloadType: (kind === "video" ? VIDEO : AUDIO).payloadType,
      sequenceNumber: packet.sequenceNumber,
      timestamp: packet.timestamp,
      marker: packet.isMarked,
      ssrc: options.outgoing[kind].ssrc,
    });
    const { buffer, byteOffset, byteLength } = packet.payload;
    const payload = Buffer.from(buffer, byteOffset, byteLength);
    senders[kind].sendRtp(new RtpPacket(header, payload)).catch(guard(raise));
  };

  return {
    id: options.id,
    send,
    lastReportAt: () => reportAt,
    async offer() {
      const description = await pc.createOffer();
      for (const { iceTransport } of pc.dtlsTransports) {
        const ice = iceTransport.connection as unknown as IceConnection;
        prepareGathering(ice, hostAddresses(options.addresses));
      }
      await pc.setLocalDescription(description);
      const transport = pc.dtlsTransports[0];
      if (transport !== undefined) {
        correctReports(transport, options.outgoing);
        transport.onRtcp.subscribe(
          guard(() => {
            reportAt = performance.now();
          }),
        );
      }
      return pc.localDescription?.sdp ?? "";
    },
    answer: (sdp) => pc.setRemoteDescription({ type: "answer", sdp }),
    async addCandidate({ candidate, sdpMid, sdpMLineIndex }) {
      if (candidate === "") return;
      await pc.addIceCandidate({
        candidate,
        ...(sdpMid === undefined ? {} : { sdpMid }),
        ...(sdpMLineIndex === undefined ? {} : { sdpMLineIndex }),
      });
    },
    close() {
      pc.close().catch(guard(raise));
    },
  };
}

interface Router {
  readonly ssrcTable: Record<number, RTCRtpSender>;
}

/**
 * The library has told its router the number it drew itself; what the hub reports and asks for again
 * names ours, and without this would find nobody.
 */
function nameStream(pc: RTCPeerConnection, sender: RTCRtpSender, ssrc: number): void {
  const { ssrcTable } = (pc as unknown as { readonly router: Router }).router;
  Reflect.deleteProperty(ssrcTable, sender.ssrc);
  Object.defineProperty(sender, "ssrc", { value: ssrc });
  ssrcTable[ssrc] = sender;
}

function listen(pc: RTCPeerConnection, options: SessionOptions, guard: Guard): void {
  pc.connectionStateChange.subscribe(
    guard((state: typeof pc.connectionState) => {
      if (state === "connected") options.onConnected();
      if (state === "failed" || state === "disconnected" || state === "closed") {
        options.onLost(`the media connection is ${state}`);
      }
    }),
  );
  pc.onTrack.subscribe(
    guard((track: MediaStreamTrack) => {
      if (track.kind !== "audio") return;
      track.onReceiveRtp.subscribe(
        guard(({ header, payload }: RtpPacket) => {
          if (header.payloadType !== AUDIO.payloadType) return;
          options.onVoice({ sequenceNumber: header.sequenceNumber, payload });
        }),
      );
    }),
  );
}

/** Every report says what each stream's clock shows now, so that a receiver can align the two. */
function correctReports(
  transport: RTCPeerConnection["dtlsTransports"][number],
  outgoing: Readonly<Record<MediaKind, Outgoing>>,
): void {
  const original = transport.sendRtcp.bind(transport);
  transport.sendRtcp = (packets) => {
    for (const packet of packets) {
      if (!(packet instanceof RtcpSrPacket)) continue;
      const stream = Object.values(outgoing).find(({ ssrc }) => ssrc === packet.ssrc);
      packet.senderInfo.ntpTimestamp = ntpTimestamp(performance.timeOrigin + performance.now());
      const reading = stream?.readingAt(performance.now());
      if (reading !== undefined) packet.senderInfo.rtpTimestamp = reading;
    }
    return original(packets);
  };
}

function codecs(): { video: RTCRtpCodecParameters[]; audio: RTCRtpCodecParameters[] } {
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

function raise(error: unknown): never {
  throw error;
}

type Guard = <T extends unknown[]>(callback: (...args: T) => void) => (...args: T) => void;

function guardWith(onTrouble: (text: string) => void): Guard {
  return (callback) =>
    (...args) => {
      try {
        callback(...args);
      } catch (error) {
        onTrouble(error instanceof Error ? error.message : String(error));
      }
    };
}
