/** A pillar with two cameras at the hub's real media process: nothing breaks, each is relayed. */
import { execFileSync } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { RTCPeerConnection, RtpPacket } from "werift";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { CameraId, type MediaSessionId } from "../../../shared/ids.ts";
import type { PillarId, RecordingId } from "../../../shared/ids.ts";
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
  type Rig,
} from "../../kit/media/media-rig.ts";
import { waitUntil } from "../../kit/run/wait.ts";

const PILLAR = "pillar-1" as PillarId;
const REAR = CameraId.parse("rear");
let rig: Rig;
let dir = "";
const ended: (() => Promise<unknown>)[] = [];

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), "anzhu-cameras-"));
  rig = await newRig();
});
afterEach(async () => {
  await Promise.all(ended.splice(0).map((end) => end()));
});
afterAll(async () => {
  await rig?.media.close();
  await rm(dir, { recursive: true, force: true });
});

interface Watching {
  readonly connection: RTCPeerConnection;
  readonly sessionId: MediaSessionId;
  readonly pictures: RtpPacket[];
}

async function ask(camera?: CameraId): Promise<Watching> {
  const connection = newConnection();
  ended.push(() => connection.close());
  const sessionId = newId<MediaSessionId>();
  const pictures = collect(connection.addTransceiver("video", { direction: "recvonly" }));
  connection.addTransceiver("audio", { direction: "recvonly" });
  await connection.setLocalDescription(await connection.createOffer());
  const sdp = connection.localDescription?.sdp ?? "";
  const offer = { sessionId, pillarId: PILLAR, role: "watch", isWithoutVoice: false, sdp } as const;
  rig.media.send({ type: "viewer-offer", ...offer, ...(camera && { camera }) });
  return { connection, sessionId, pictures };
}

/** The names of the streams in the hub's answer. */
async function watch(camera?: CameraId): Promise<Watching & { readonly streams: Set<string> }> {
  const asked = await ask(camera);
  const { sdp } = await rig.wait("viewer-answer", (one) => one.sessionId === asked.sessionId);
  await asked.connection.setRemoteDescription({ type: "answer", sdp });
  await connected(asked.connection);
  const streams = new Set([...sdp.matchAll(/^a=msid:(\S+)/gm)].map(([, stream = ""]) => stream));
  return { ...asked, streams };
}

test("both pictures are relayed, each to who asks for it; the first to who asks for none, and into the recording", async () => {
  const pillar = await connectPillar(rig, PILLAR, ["front", "rear"]);
  ended.push(() => pillar.connection.close());
  const [front, rear] = pillar.videos.map(sendTo);
  const first = await startSource(PICTURE, front!);
  const second = await startSource(PICTURE, rear!);
  ended.push(first.stop, second.stop);
  const recordingId = newId<RecordingId>();
  const path = join(dir, "two.mp4");
  const about = { recordingId, pillarId: PILLAR };
  rig.media.send({ type: "record-start", ...about, path, isCallRunning: true });
  const named = await watch(REAR);
  const any = await watch();
  expect([named.streams, any.streams]).toEqual([new Set(["rear"]), new Set(["front"])]);
  await waitUntil(() => named.pictures.length > 50 && any.pictures.length > 50);
  // With one source off, only who watches the other goes on.
  await first.stop();
  await waitUntil(() => named.pictures.length > 100);
  const count = any.pictures.length;
  const others = named.pictures.length;
  await waitUntil(() => named.pictures.length > others + 50);
  expect(any.pictures.length).toBe(count);
  // One picture is recorded: the first camera's.
  rig.media.send({ type: "record-stop", ...about });
  const over = await rig.wait("record-ended", (one) => one.recordingId === recordingId);
  expect(over).toMatchObject({ state: "closed", cameras: ["front"] });
  const shown = "-v error -select_streams v -show_entries stream_tags=handler_name -of csv=p=0";
  const tracks = execFileSync("ffprobe", [...shown.split(" "), path], { encoding: "utf8" });
  expect(tracks.trim()).toBe("front");
});

test("a camera that the pillar does not have is refused with those it has", async () => {
  const pillar = await connectPillar(rig, PILLAR, ["front", "gate"]);
  ended.push(() => pillar.connection.close());
  const { sessionId } = await ask(REAR);
  const refused = await rig.wait("viewer-refused", (one) => one.sessionId === sessionId);
  expect([refused.code, refused.detail]).toEqual([
    "not-found",
    "expected a camera of this pillar (front, gate), found rear",
  ]);
});

test("a picture without a camera's name is answered with bye, in words", async () => {
  await expect(connectPillar(rig, PILLAR, ["Not a name"])).rejects.toThrow(
    /expected a camera's name like front in a=msid, found/,
  );
});
