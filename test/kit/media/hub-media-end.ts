/**
 * The hub's end of a pillar's media connection, for tests of the pillar: answers an offer, keeps
 * what arrives, and speaks tones.
 *
 * As the real one, it is the DTLS server (werift's client
 * sleeps, and an answering werift would be one).
 */
import { Encoder } from "@evan/opus";
import { MediaStreamTrack, RTCPeerConnection, RtpHeader, RtpPacket, type RtcpPacket } from "werift";
import { AUDIO } from "../../../shared/media/codecs.ts";
import { namedCodecs } from "../../../shared/webrtc/werift.ts";
import { sine } from "./tone.ts";

/** Packets kept: a minute of picture and sound. */
const MAX_KEPT = 30_000;

export interface Received {
  readonly kind: "video" | "audio";
  readonly packet: RtpPacket;
  readonly at: number;
}

export interface FalseHub {
  readonly pc: RTCPeerConnection;
  answer(offer: string): Promise<string>;
  received(kind: "video" | "audio"): readonly Received[];
  forget(): void;
  readonly reports: RtcpPacket[];
  /** From now on every so-manieth packet is lost on the way; call the result for how many were. */
  lose(every: number): () => number;
  /** Goes on receiving and answers nothing: a hub that hangs. */
  stopReporting(): void;
  /** Packets of sound sent so far. */
  spoken(): number;
  /** Begins to speak one tone in real time; call the result to stop. */
  speak(hz: number): () => void;
  /** One Opus packet at once. */
  sendVoice(payload: Uint8Array): void;
  close(): Promise<void>;
}

export function newFalseHub(): FalseHub {
  const pc = new RTCPeerConnection({
    bundlePolicy: "max-bundle",
    iceServers: [],
    iceUseIpv6: false,
    codecs: namedCodecs(),
  });
  let kept: Received[] = [];
  const reports: RtcpPacket[] = [];
  const voice = new MediaStreamTrack({ kind: "audio" });
  const encoder = new Encoder({ channels: 1, sample_rate: 48_000, application: "voip" });
  let number = Math.floor(Math.random() * 0x10000);
  let samples = 0;
  let sentCount = 0;

  pc.onTrack.subscribe((track) => {
    const kind = track.kind === "video" ? "video" : "audio";
    track.onReceiveRtp.subscribe((packet) => {
      if (kept.length < MAX_KEPT) kept.push({ kind, packet, at: performance.now() });
    });
  });

  const sendVoice = (payload: Uint8Array): void => {
    sentCount += 1;
    number = (number + 1) & 0xffff;
    samples += AUDIO.frameSamples;
    const header = new RtpHeader({
      payloadType: AUDIO.payloadType,
      sequenceNumber: number,
      timestamp: samples >>> 0,
      ssrc: 1,
    });
    voice.writeRtp(new RtpPacket(header, Buffer.from(payload)));
  };

  return {
    pc,
    reports,
    sendVoice,
    spoken: () => sentCount,
    async answer(offer) {
      await pc.setRemoteDescription({ type: "offer", sdp: offer });
      for (const transceiver of pc.getTransceivers()) {
        if (transceiver.kind === "audio") await transceiver.sender.replaceTrack(voice);
        transceiver.setDirection(transceiver.kind === "audio" ? "sendrecv" : "recvonly");
      }
      const transport = pc.dtlsTransports[0];
      if (transport !== undefined) {
        transport.role = "server";
        transport.onRtcp.subscribe((packet) => reports.push(packet));
      }
      await pc.setLocalDescription(await pc.createAnswer());
      return pc.localDescription?.sdp ?? "";
    },
    received: (kind) => kept.filter((one) => one.kind === kind),
    forget() {
      kept = [];
    },
    lose(every) {
      let [arrived, lost] = [0, 0];
      for (const { iceTransport } of pc.dtlsTransports) {
        const { onData } = iceTransport.connection;
        const execute = onData.execute.bind(onData);
        onData.execute = (data) => {
          arrived += isRtp(data) ? 1 : 0;
          if (isRtp(data) && arrived % every === 0) lost += 1;
          else execute(data);
        };
      }
      return () => lost;
    },
    stopReporting() {
      for (const transport of pc.dtlsTransports) transport.sendRtcp = () => Promise.resolve(0);
    },
    speak(hz) {
      const frame = AUDIO.frameSamples;
      let [spoken, from] = [0, 0];
      const startedAt = performance.now();
      const speaking = setInterval(() => {
        while (spoken * 20 <= performance.now() - startedAt) {
          const pcm = sine(hz, { samples: frame, from });
          sendVoice(encoder.encode(new Uint8Array(pcm.buffer)));
          spoken += 1;
          from += frame;
        }
      }, 5);
      return () => clearInterval(speaking);
    },
    close: () => pc.close(),
  };
}

/** RFC 7983 and RFC 5761: by the first two bytes. */
const isRtp = (data: Buffer): boolean =>
  (data[0] ?? 0) >> 6 === 2 && ((data[1] ?? 0) < 192 || (data[1] ?? 0) > 223);
