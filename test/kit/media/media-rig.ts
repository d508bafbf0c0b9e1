/** The other ends of the hub's media process, for its tests: a pillar, a console, and ffmpeg. */
import { spawn, type ChildProcess } from "node:child_process";
import { randomBytes } from "node:crypto";
import { createSocket } from "node:dgram";
import { once } from "node:events";
import {
  RTCPeerConnection,
  RTCRtpCodecParameters,
  RtpPacket,
  type RTCRtpSender,
  type RTCRtpTransceiver,
} from "werift";
import type { FromMedia } from "../../../hub/media/ipc.ts";
import { createMediaProcess, type MediaProcess } from "../../../hub/media/control/media-process.ts";
import {
  createMediaPool,
  type MediaPool,
  type MediaPoolOptions,
} from "../../../hub/media/control/pool.ts";
import { MediaId, type MediaSessionId, type PillarId } from "../../../shared/ids.ts";
import { AUDIO, VIDEO } from "../../../shared/media/codecs.ts";

export const newId = <T extends string>(): T => randomBytes(16).toString("hex") as T;

export interface Rig<Media extends Carrier = MediaProcess> {
  readonly media: Media;
  readonly messages: FromMedia[];
  /** The next message of a kind that passes, or one that already came. */
  wait<T extends FromMedia["type"]>(
    type: T,
    test?: (message: Extract<FromMedia, { type: T }>) => boolean,
  ): Promise<Extract<FromMedia, { type: T }>>;
}

/** One media process, or several. */
type Carrier = Pick<MediaPool, "send" | "start">;

interface RigSettings {
  readonly maxViewers?: number;
  readonly udpPorts?: readonly [number, number];
}

export async function newRig(settings: RigSettings = {}): Promise<Rig> {
  const rig = rigOn(settings, (given) =>
    createMediaProcess({ mediaId: MediaId.parse(1), ...given }),
  );
  await rig.wait("ready");
  return rig;
}

/** Resolves when each of the processes is ready. */
export async function newPoolRig(
  processes: number,
  settings: RigSettings = {},
): Promise<Rig<MediaPool>> {
  const rig = rigOn(settings, (given) => createMediaPool({ processes, ...given }));
  await rig.wait("ready", () => rig.media.status().every(({ isUp }) => isUp));
  return rig;
}

function rigOn<Media extends Carrier>(
  { udpPorts = [42_000, 42_999], maxViewers = 10 }: RigSettings,
  create: (given: Pick<MediaPoolOptions, "settings" | "log">) => Media,
): Rig<Media> {
  const messages: FromMedia[] = [];
  const waiting = new Set<() => void>();
  const media = create({
    settings: { udpPorts, addresses: ["127.0.0.1"], offersLoopback: true, maxViewers },
    log: (level, text) => {
      messages.push({ type: "log", level, text });
      if (process.env["RIG_LOG"] !== undefined) console.log(level, text);
    },
  });
  media.start((news) => {
    if (news.type === "ended") return;
    messages.push(news);
    waiting.forEach((check) => check());
  });
  return {
    media,
    messages,
    wait(type, test = () => true) {
      return new Promise((resolve) => {
        const check = (): void => {
          for (const message of messages) {
            if (message.type !== type) continue;
            const typed = message as Extract<FromMedia, { type: typeof type }>;
            if (!test(typed)) continue;
            waiting.delete(check);
            resolve(typed);
            return;
          }
        };
        waiting.add(check);
        check();
      });
    },
  };
}

const opus = new RTCRtpCodecParameters({ ...AUDIO, parameters: AUDIO.fmtp });
const h264 = new RTCRtpCodecParameters({
  mimeType: VIDEO.mimeType,
  clockRate: VIDEO.clockRate,
  payloadType: VIDEO.payloadType,
  parameters: VIDEO.fmtp,
  rtcpFeedback: [{ type: "nack" }, { type: "nack", parameter: "pli" }],
});
const rtx = new RTCRtpCodecParameters({
  mimeType: "video/rtx",
  clockRate: VIDEO.clockRate,
  payloadType: VIDEO.rtxPayloadType,
  parameters: `apt=${VIDEO.payloadType}`,
});

export function newConnection(): RTCPeerConnection {
  return new RTCPeerConnection({
    codecs: { audio: [opus], video: [h264, rtx] },
    iceServers: [],
    bundlePolicy: "max-bundle",
    iceAdditionalHostAddresses: ["127.0.0.1"],
    iceUseIpv6: false,
  });
}

export interface FakePillar {
  readonly connection: RTCPeerConnection;
  /** Of the first camera. */
  readonly video: RTCRtpSender;
  readonly videos: readonly RTCRtpSender[];
  readonly audio: RTCRtpSender;
  /** Packets of the operator's voice. */
  readonly heard: RtpPacket[];
  readonly sessionId: MediaSessionId;
}

/** Offers as the agent does and waits for the connection. */
export async function connectPillar<Media extends Carrier>(
  rig: Rig<Media>,
  pillarId: PillarId,
  cameras: readonly [string, ...string[]] = ["front"],
): Promise<FakePillar> {
  const connection = newConnection();
  const sessionId = newId<MediaSessionId>();
  const videos = cameras.map((camera) => {
    const { sender } = connection.addTransceiver("video", { direction: "sendonly" });
    sender.streamId = camera;
    return sender;
  });
  const audio = connection.addTransceiver("audio", { direction: "sendrecv" });
  const heard = collect(audio);
  await connection.setLocalDescription(await connection.createOffer());
  const sdp = connection.localDescription?.sdp ?? "";
  rig.media.send({
    type: "pillar-signal",
    pillarId,
    signal: { v: 1, sessionId, type: "offer", sdp },
  });
  const answer = await rig.wait(
    "pillar-signal",
    ({ signal }) => signal.sessionId === sessionId && signal.type !== "candidate",
  );
  if (answer.signal.type !== "answer") throw new Error(JSON.stringify(answer.signal));
  await connection.setRemoteDescription({ type: "answer", sdp: answer.signal.sdp });
  await connected(connection);
  return { connection, video: videos[0]!, videos, audio: audio.sender, heard, sessionId };
}

export async function connected(connection: RTCPeerConnection): Promise<void> {
  if (connection.connectionState === "connected") return;
  await connection.connectionStateChange.watch((state) => state === "connected", 10_000);
}

export function collect(transceiver: RTCRtpTransceiver): RtpPacket[] {
  const packets: RtpPacket[] = [];
  transceiver.onTrack.subscribe((track) => {
    track.onReceiveRtp.subscribe((packet) => {
      packets.push(packet);
    });
  });
  return packets;
}

/** Real H.264 and Opus as RTP; ends with `stop`. */
export interface Source {
  stop(): Promise<void>;
}

export const PICTURE = [
  ..."-f lavfi -i testsrc2=size=640x360:rate=25 -c:v libx264 -pix_fmt yuv420p".split(" "),
  ..."-profile:v baseline -level 3.1 -preset ultrafast -tune zerolatency -bf 0 -g 50".split(" "),
  ..."-sc_threshold 0 -b:v 800k -payload_type 102".split(" "),
];
export const tone = (frequency: number): string[] => [
  ...`-f lavfi -i sine=frequency=${frequency}:sample_rate=48000 -c:a libopus`.split(" "),
  ..."-application lowdelay -frame_duration 20 -ac 1 -payload_type 111".split(" "),
];

export async function startSource(
  kind: readonly string[],
  onPacket: (packet: RtpPacket) => void,
): Promise<Source> {
  const socket = createSocket("udp4");
  socket.bind(0, "127.0.0.1");
  await once(socket, "listening");
  socket.on("message", (bytes) => {
    const payloadType = (bytes[1] ?? 0) & 0x7f;
    if (payloadType < 72 || payloadType > 76) onPacket(RtpPacket.deSerialize(bytes));
  });
  const quiet = "-hide_banner -loglevel error -nostdin -re".split(" ");
  const url = `rtp://127.0.0.1:${socket.address().port}?pkt_size=1200`;
  const ffmpeg: ChildProcess = spawn(
    "ffmpeg",
    [...quiet, ...kind, "-flush_packets", "1", "-f", "rtp", url],
    { stdio: ["ignore", "ignore", "inherit"] },
  );
  let stopped: Promise<void> | undefined;
  const stop = async (): Promise<void> => {
    const exited = once(ffmpeg, "exit");
    ffmpeg.kill("SIGKILL");
    await exited;
    socket.close();
  };
  return { stop: () => (stopped ??= stop()) };
}

export const sendTo = (sender: RTCRtpSender) => (packet: RtpPacket) => {
  void sender.sendRtp(packet);
};
