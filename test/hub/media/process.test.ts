import { mkdtemp, rm, stat } from "node:fs/promises";
import { execFileSync } from "node:child_process";
import { createSocket } from "node:dgram";
import { once } from "node:events";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { RTCPeerConnection, RtpPacket } from "werift";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { inspectRecording } from "../../../hub/media/recorder/recover.ts";
import type { ViewerRole } from "../../../hub/media/ipc.ts";
import type { MediaSessionId, PillarId, RecordingId } from "../../../shared/ids.ts";
import {
  collect,
  connected,
  connectPillar,
  newConnection,
  newId,
  newRig,
  PICTURE,
  sendTo,
  startSource,
  tone,
  type FakePillar,
  type Rig,
  type Source,
} from "../../kit/media/media-rig.ts";
import { waitFor, waitUntil } from "../../kit/run/wait.ts";

let rig: Rig;
let dir = "";
let pillars = 0;
const ended: (() => Promise<unknown>)[] = [];

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), "anzhu-relay-"));
  rig = await newRig({ maxViewers: 3 });
});
afterEach(async () => {
  await Promise.all(ended.splice(0).map((end) => end()));
});
afterAll(async () => {
  await rig?.media.close();
  await rm(dir, { recursive: true, force: true });
});

const newPillarId = (): PillarId => `pillar-${(pillars += 1)}` as PillarId;

async function pillarOf(id: PillarId): Promise<FakePillar> {
  const pillar = await connectPillar(rig, id);
  ended.push(() => pillar.connection.close());
  return pillar;
}

async function source(
  kind: readonly string[],
  onPacket: (packet: RtpPacket) => void,
): Promise<Source> {
  const started = await startSource(kind, onPacket);
  ended.push(() => started.stop());
  return started;
}

interface Viewer {
  readonly connection: RTCPeerConnection;
  readonly sessionId: MediaSessionId;
  readonly pictures: RtpPacket[];
  readonly voices: RtpPacket[];
}

async function view(
  pillarId: PillarId,
  role: ViewerRole,
  change: (sdp: string) => string = (sdp) => sdp,
): Promise<Viewer> {
  const connection = newConnection();
  const sessionId = newId<MediaSessionId>();
  const direction = role === "watch" ? "recvonly" : "sendonly";
  const pictures =
    role === "watch" ? collect(connection.addTransceiver("video", { direction })) : [];
  const voices = collect(connection.addTransceiver("audio", { direction }));
  ended.push(async () => {
    rig.media.send({ type: "viewer-close", pillarId, sessionId });
    await rig.wait("viewer-closed", (message) => message.sessionId === sessionId);
    await connection.close();
  });
  await connection.setLocalDescription(await connection.createOffer());
  offer(pillarId, role, { sessionId, sdp: change(connection.localDescription?.sdp ?? "") });
  const { sdp } = await rig.wait("viewer-answer", (message) => message.sessionId === sessionId);
  await connection.setRemoteDescription({ type: "answer", sdp });
  await connected(connection);
  return { connection, sessionId, pictures, voices };
}

function offer(
  pillarId: PillarId,
  role: ViewerRole,
  { sessionId, sdp }: { sessionId: MediaSessionId; sdp: string },
): void {
  rig.media.send({ type: "viewer-offer", sessionId, pillarId, role, isWithoutVoice: false, sdp });
}

/** The last packets are not checked: their retransmissions may still be on the way. */
const IN_FLIGHT = 20;

/** The differences between sequence numbers, with retransmitted packets in their places. */
function steps(packets: readonly RtpPacket[]): Set<number> {
  const first = packets[0]?.header.sequenceNumber ?? 0;
  const places = packets
    .map((packet) => ((packet.header.sequenceNumber - first) << 16) >> 16)
    .toSorted((a, b) => a - b)
    .slice(0, -IN_FLIGHT);
  return new Set(places.slice(1).map((place, index) => place - (places[index] ?? 0)));
}
const until = (check: () => boolean): Promise<unknown> => waitUntil(check);

test.each([
  ["no candidates", withoutCandidates],
  [
    "only a name, and the word that there will be no more",
    (sdp: string) =>
      withoutCandidates(sdp).replace(
        "a=end-of-candidates",
        "a=candidate:1 1 udp 2113937151 6b1f4c7e.local 50000 typ host\r\na=end-of-candidates",
      ),
  ],
])("an offer with %s is answered, and the viewer is found by its first packet", async (...row) => {
  const [, change] = row;
  const id = newPillarId();
  const pillar = await pillarOf(id);
  const viewer = await view(id, "watch", change);
  await source(PICTURE, sendTo(pillar.video));
  await until(() => viewer.pictures.length > 20);
  expect(viewer.connection.connectionState).toBe("connected");
});

/** An offer of a browser that hides all of its addresses and says that none will follow. */
function withoutCandidates(sdp: string): string {
  const lines = sdp.split("\r\n").filter((line) => !line.startsWith("a=candidate:"));
  const bare = lines.filter((line) => line !== "a=end-of-candidates" && line !== "");
  return `${bare.join("\r\n")}\r\na=end-of-candidates\r\n`;
}

describe("a viewer", () => {
  test("who comes late begins with a keyframe and hears the voice", async () => {
    const id = newPillarId();
    const pillar = await pillarOf(id);
    let sent = 0;
    await source(PICTURE, (packet) => {
      sent += 1;
      sendTo(pillar.video)(packet);
    });
    await source(tone(440), sendTo(pillar.audio));
    await until(() => sent > 100);
    const viewer = await view(id, "watch");
    await until(() => viewer.pictures.length > 50 && viewer.voices.length > 50);
    const first = viewer.pictures[0]?.payload ?? Buffer.alloc(1);
    expect([5, 7, 24, 28]).toContain((first[0] ?? 0) & 0x1f);
    await expect.poll(() => [...steps(viewer.pictures)]).toEqual([1]);
  });

  test("who comes before the pillar gets its packets when they come", async () => {
    const id = newPillarId();
    const viewer = await view(id, "watch");
    const pillar = await pillarOf(id);
    await source(PICTURE, sendTo(pillar.video));
    await until(() => viewer.pictures.length > 50);
    await expect.poll(() => [...steps(viewer.pictures)]).toEqual([1]);
  });

  test("sees one unbroken stream when the pillar reconnects in the middle of a call", async () => {
    const id = newPillarId();
    const first = await pillarOf(id);
    const feed = await source(PICTURE, sendTo(first.video));
    const viewer = await view(id, "watch");
    await until(() => viewer.pictures.length > 50);
    await feed.stop();
    const second = await pillarOf(id);
    const before = viewer.pictures.length;
    await source(PICTURE, sendTo(second.video));
    await until(() => viewer.pictures.length > before + 50);
    await expect.poll(() => [...steps(viewer.pictures)]).toEqual([1]);
    const [oldest, newest] = [viewer.pictures[0], viewer.pictures.at(-1)];
    const passed = ((newest?.header.timestamp ?? 0) - (oldest?.header.timestamp ?? 0)) | 0;
    expect(passed).toBeGreaterThan(0);
    expect(passed).toBeLessThan(60 * 90_000);
  });

  test("gets each packet once, although somebody repeats every datagram on the way", async () => {
    const id = newPillarId();
    const pillar = await pillarOf(id);
    const path = pillar.connection.iceTransports[0]?.connection;
    if (path === undefined) throw new Error("the pillar has no path");
    const send = path.send.bind(path);
    path.send = async (bytes) => {
      await send(bytes);
      await send(bytes);
    };
    await source(PICTURE, sendTo(pillar.video));
    await source(tone(440), sendTo(pillar.audio));
    const viewer = await view(id, "watch");
    await until(() => viewer.pictures.length > 50 && viewer.voices.length > 50);
    await expect.poll(() => [...steps(viewer.voices)]).toEqual([1]);
    await expect.poll(() => [...steps(viewer.pictures)]).toEqual([1]);
  });

  test("that lost its picture gets the last keyframe again, without a gap", async () => {
    const id = newPillarId();
    const pillar = await pillarOf(id);
    await source([...PICTURE, "-g", "500"], sendTo(pillar.video));
    const viewer = await view(id, "watch");
    await until(() => viewer.pictures.length > 50);
    const [first] = viewer.pictures;
    const timesSeen = (): number =>
      viewer.pictures.filter((packet) => packet.payload.equals(first?.payload ?? Buffer.alloc(0)))
        .length;
    expect(timesSeen()).toBe(1);
    const receiver = viewer.connection.getReceivers().find((one) => one.kind === "video");
    await receiver?.sendRtcpPLI(first?.header.ssrc ?? 0);
    await until(() => timesSeen() > 1);
    await expect.poll(() => [...steps(viewer.pictures)]).toEqual([1]);
  });

  test("is told the true time in sender reports", async () => {
    const id = newPillarId();
    const pillar = await pillarOf(id);
    await source(tone(440), sendTo(pillar.audio));
    const viewer = await view(id, "watch");
    const errorsMs: number[] = [];
    viewer.connection.dtlsTransports[0]?.onRtcp.subscribe((packet) => {
      if (packet.type !== 200) return;
      const [whole, fraction] = [
        packet.senderInfo.ntpTimestamp >> 32n,
        packet.senderInfo.ntpTimestamp & 0xffffffffn,
      ];
      const unixMs = (Number(whole) - 2_208_988_800) * 1000 + (Number(fraction) / 2 ** 32) * 1000;
      errorsMs.push(Math.abs(unixMs - Date.now()));
    });
    await until(() => errorsMs.length >= 4);
    // werift's own reports are wrong by up to a second, in a sawtooth.
    expect(errorsMs.toSorted((a, b) => a - b)[1]).toBeLessThan(50);
  });

  test("is refused with a reason when there are too many", async () => {
    const id = newPillarId();
    await view(id, "watch");
    await view(id, "watch");
    const third = await view(id, "watch");
    const sessionId = newId<MediaSessionId>();
    const sdp = third.connection.localDescription?.sdp ?? "";
    offer(id, "watch", { sessionId, sdp });
    const refused = await rig.wait("viewer-refused", (one) => one.sessionId === sessionId);
    expect(refused.code).toBe("too-many-requests");
    expect(refused.detail).toContain("maxViewers");
  });

  test("with an offer that is no offer is told what is wrong", async () => {
    for (const sdp of ["v=0", "rubbish", "v=0\r\nm=audio 9 UDP 1\r\n"]) {
      const sessionId = newId<MediaSessionId>();
      offer(newPillarId(), "talk", { sessionId, sdp });
      const refused = await rig.wait("viewer-refused", (one) => one.sessionId === sessionId);
      expect(refused.code).toBe("bad-request");
      expect(refused.detail).toContain("expected");
    }
  });
});

describe("a talker", () => {
  test("is heard at the pillar, and the newest has the floor", async () => {
    const id = newPillarId();
    const pillar = await pillarOf(id);
    const first = await view(id, "talk");
    const sender = first.connection.getSenders()[0];
    await source(tone(1000), (packet) => {
      if (sender !== undefined) sendTo(sender)(packet);
    });
    await until(() => pillar.heard.length > 50);
    await expect.poll(() => [...steps(pillar.heard)]).toEqual([1]);
    await view(id, "talk");
    const closed = await rig.wait("viewer-closed", (one) => one.sessionId === first.sessionId);
    expect(closed.reason).toBe("another console talks to this pillar now");
  });
});

describe("a pillar", () => {
  test("with an offer that is no offer gets a bye with the reason", async () => {
    const pillarId = newPillarId();
    const sessionId = newId<MediaSessionId>();
    const signal = { v: 1, sessionId, type: "offer", sdp: "v=0\r\nm=nothing\r\n" } as const;
    rig.media.send({ type: "pillar-signal", pillarId, signal });
    const answer = await rig.wait("pillar-signal", (one) => one.pillarId === pillarId);
    expect(answer.signal).toMatchObject({
      type: "bye",
      reason: expect.stringContaining("expected") as string,
    });
  });
});

describe("an offer", () => {
  test("with many candidates of somebody else makes few packets to them, and none to a port of services", async () => {
    const foreign = "127.0.0.77";
    let packets = 0;
    const ports = Array.from({ length: 32 }, (_, index) => 45_000 + index);
    const sockets = await Promise.all(
      ports.map(async (port) => {
        const socket = createSocket("udp4").on("message", () => void (packets += 1));
        socket.bind(port, foreign);
        await once(socket, "listening");
        return socket;
      }),
    );
    ended.push(async () => sockets.forEach((socket) => socket.close()));
    const connection = newConnection();
    ended.push(() => connection.close());
    connection.addTransceiver("audio", { direction: "sendrecv" });
    await connection.setLocalDescription(await connection.createOffer());
    const local = connection.localDescription?.sdp ?? "";
    const own = ports.map((p) => `a=candidate:${p} 1 udp 2113937151 ${foreign} ${p} typ host`);
    const sdp = local.replace(
      /(a=candidate:.*\r\n)+(a=end-of-candidates\r\n)?/,
      `${own.join("\r\n")}\r\n`,
    );
    const [pillarId, sessionId] = [newPillarId(), newId<MediaSessionId>()];
    const signal = { v: 1, sessionId, type: "offer", sdp } as const;
    rig.media.send({ type: "pillar-signal", pillarId, signal });
    const isBye = (message: { signal: { sessionId: string; type: string } }): boolean =>
      message.signal.sessionId === sessionId && message.signal.type === "bye";
    const bye = await rig.wait("pillar-signal", isBye);
    expect("reason" in bye.signal && bye.signal.reason).toMatch(/no connection within 15 s|failed/);
    expect(packets).toBeGreaterThan(0);
    // Two candidates, with a check and its repetitions each.
    expect(packets).toBeLessThanOrEqual(20);
  }, 40_000);
});

describe("the media process", () => {
  test("that is killed in a recording leaves it playable, comes back, and serves again", async () => {
    const id = newPillarId();
    const pillar = await pillarOf(id);
    await source(PICTURE, sendTo(pillar.video));
    await source(tone(440), sendTo(pillar.audio));
    const path = join(dir, "killed.mp4");
    const recordingId = newId<RecordingId>();
    const start = { type: "record-start", isCallRunning: false } as const;
    rig.media.send({ ...start, recordingId, pillarId: id, path });
    await waitFor(async () => expect((await stat(path)).size).toBeGreaterThan(150_000));
    const pid = rig.media.pid();
    const readies = (): number => rig.messages.filter((one) => one.type === "ready").length;
    const before = readies();
    process.kill(pid ?? 0, "SIGKILL");
    await until(() => readies() > before);
    const found = await inspectRecording(path);
    expect("failed" in found ? 0 : found.fragments).toBeGreaterThan(0);
    const codecs = execFileSync(
      "ffprobe",
      ["-v", "error", "-show_entries", "stream=codec_name", "-of", "csv=p=0", path],
      { encoding: "utf8" },
    );
    expect(codecs.trim().split("\n").toSorted()).toEqual(["h264", "opus"]);
    execFileSync("ffmpeg", [
      "-v",
      "error",
      "-xerror",
      "-i",
      path,
      "-fps_mode",
      "vfr",
      "-f",
      "null",
      "-",
    ]);
    await pillarOf(id);
  });

  test("that hangs is replaced", async () => {
    const own = await newRig({ udpPorts: [43_000, 43_100] });
    try {
      const pid = own.media.pid() ?? 0;
      process.kill(pid, "SIGSTOP");
      await until(() => own.messages.filter((one) => one.type === "ready").length > 1);
      expect(own.media.pid()).not.toBe(pid);
    } finally {
      await own.media.close();
    }
  });

  test("finishes a recording when it is told to leave", async () => {
    const own = await newRig({ udpPorts: [43_200, 43_300] });
    const path = join(dir, "left.mp4");
    const recordingId = newId<RecordingId>();
    const start = { type: "record-start", isCallRunning: false } as const;
    own.media.send({ ...start, recordingId, pillarId: newPillarId(), path });
    await waitFor(async () => expect((await stat(path)).size).toBeGreaterThan(2048));
    await own.media.close();
    const end = await own.wait("record-ended");
    expect(end.state).toBe("closed");
    expect(await inspectRecording(path)).toMatchObject({ durationMs: end.durationMs });
  });
});
