/**
 * One WebRTC connection to the hub, from the offer to its end.
 *
 * It is made for standby: everything is negotiated before anyone presses, so that a call only opens
 * the gate. What the library gets wrong is corrected in `shared/webrtc/werift.ts`.
 */
import { performance } from "node:perf_hooks";
import {
  RTCPeerConnection,
  RtpHeader,
  RtpPacket,
  type MediaStreamTrack,
  type RTCRtpSender,
} from "werift";
import type { CameraId, MediaSessionId } from "../../shared/ids.ts";
import { AUDIO, VIDEO } from "../../shared/media/codecs.ts";
import {
  correctReports,
  guarded,
  namedCodecs,
  nameStream,
  prepareGathering,
  type TimestampAt,
} from "../../shared/webrtc/werift.ts";
import { hostAddresses } from "./addresses.ts";
import type { OutgoingPacket } from "./send/gate.ts";

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
  /** Those of the settings; each picture is named by its camera, and without one there is none. */
  readonly cameras: readonly CameraId[];
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
    codecs: namedCodecs(),
  });
  const senders = addSenders(pc, options);
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
    senders[kind]?.sendRtp(new RtpPacket(header, payload)).catch(guard(raise));
  };

  return {
    id: options.id,
    send,
    lastReportAt: () => reportAt,
    async offer() {
      const description = await pc.createOffer();
      for (const transport of pc.dtlsTransports) {
        prepareGathering(transport, hostAddresses(options.addresses));
      }
      await pc.setLocalDescription(description);
      const transport = pc.dtlsTransports[0];
      if (transport !== undefined) {
        correctReports(transport, readingsOf(options.outgoing));
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

type Senders = Partial<Record<MediaKind, RTCRtpSender>>;

function addSenders(pc: RTCPeerConnection, { cameras, outgoing }: SessionOptions): Senders {
  const [camera] = cameras;
  const senders: Senders = {};
  if (camera !== undefined) {
    senders.video = pc.addTransceiver("video", { direction: "sendonly" }).sender;
    senders.video.streamId = camera;
    nameStream(pc, senders.video, outgoing.video.ssrc);
  }
  senders.audio = pc.addTransceiver("audio", { direction: "sendrecv" }).sender;
  nameStream(pc, senders.audio, outgoing.audio.ssrc);
  return senders;
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

/** What each stream's clock shows. */
function readingsOf(outgoing: SessionOptions["outgoing"]): TimestampAt {
  const streams = Object.values(outgoing);
  return (ssrc, atMs) => streams.find((stream) => stream.ssrc === ssrc)?.readingAt(atMs);
}

function raise(error: unknown): never {
  throw error;
}

type Guard = <T extends unknown[]>(callback: (...args: T) => void) => (...args: T) => void;

const guardWith =
  (onTrouble: (text: string) => void): Guard =>
  (callback) =>
    guarded((error) => onTrouble(error instanceof Error ? error.message : String(error)), callback);
