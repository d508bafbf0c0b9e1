/** Two real media processes with a call in each: one is killed, and the other call does not notice. */
import { mkdtemp, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { RtpPacket } from "werift";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { mediaOf } from "../../../hub/core/media-of.ts";
import type { MediaPool } from "../../../hub/media/control/pool.ts";
import { inspectRecording } from "../../../hub/media/recorder/recover.ts";
import {
  MediaId,
  type MediaSessionId,
  type PillarId,
  type RecordingId,
} from "../../../shared/ids.ts";
import {
  collect,
  connected,
  connectPillar,
  newConnection,
  newId,
  newPoolRig,
  PICTURE,
  sendTo,
  startSource,
  tone,
  type Rig,
} from "../../kit/media/media-rig.ts";
import { waitFor, waitUntil } from "../../kit/run/wait.ts";

const [FIRST, SECOND] = [1, 2].map((n) => MediaId.parse(n)) as [MediaId, MediaId];
/** A picture of 25 a second that is late by this much would be seen as a gap. */
const UNNOTICED_MS = 1000;

let rig: Rig<MediaPool>;
let dir = "";
const ended: (() => Promise<unknown>)[] = [];

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), "anzhu-pool-"));
  rig = await newPoolRig(2, { udpPorts: [45_100, 45_199] });
});
afterEach(async () => {
  for (const end of ended.splice(0).toReversed()) await end();
});
afterAll(async () => {
  await rig?.media.close();
  await rm(dir, { recursive: true, force: true });
});

interface Watched {
  readonly pillarId: PillarId;
  readonly recordingId: RecordingId;
  readonly path: string;
  readonly pictures: readonly RtpPacket[];
  /** The longest time without a packet until now, since this was last asked. */
  longestPauseMs(): number;
}

/** A pillar that is recorded and watched. */
async function call(mediaId: MediaId): Promise<Watched> {
  const pillarId = Array.from({ length: 100 }, (_, n) => `pillar-${n}` as PillarId).find(
    (id) => mediaOf(id, 2) === mediaId,
  )!;
  const pillar = await connectPillar(rig, pillarId);
  ended.push(() => pillar.connection.close());
  for (const source of [
    await startSource(PICTURE, sendTo(pillar.video)),
    await startSource(tone(440), sendTo(pillar.audio)),
  ]) {
    ended.push(() => source.stop());
  }
  const [recordingId, sessionId] = [newId<RecordingId>(), newId<MediaSessionId>()];
  const path = join(dir, `${recordingId}.mp4`);
  rig.media.send({ type: "record-start", isCallRunning: false, recordingId, pillarId, path });
  const connection = newConnection();
  ended.push(() => connection.close());
  const pictures = collect(connection.addTransceiver("video", { direction: "recvonly" }));
  connection.addTransceiver("audio", { direction: "recvonly" });
  await connection.setLocalDescription(await connection.createOffer());
  const offered = connection.localDescription?.sdp ?? "";
  const offer = { type: "viewer-offer", role: "watch", isWithoutVoice: false } as const;
  rig.media.send({ ...offer, sessionId, pillarId, sdp: offered });
  const { sdp } = await rig.wait("viewer-answer", (message) => message.sessionId === sessionId);
  await connection.setRemoteDescription({ type: "answer", sdp });
  await connected(connection);
  let [count, at, longest] = [0, performance.now(), 0];
  const look = setInterval(() => {
    const now = performance.now();
    longest = Math.max(longest, now - at);
    if (pictures.length > count) [count, at] = [pictures.length, now];
  }, 10);
  ended.push(() => Promise.resolve(clearInterval(look)));
  await waitUntil(() => pictures.length > 50);
  await waitFor(async () => expect((await stat(path)).size).toBeGreaterThan(50_000));
  return {
    ...{ pillarId, recordingId, path, pictures },
    longestPauseMs() {
      const found = longest;
      longest = 0;
      return found;
    },
  };
}

/** How many of a stretch never came; the last may still be on their way. */
function missing(packets: readonly RtpPacket[]): number {
  const first = packets[0]?.header.sequenceNumber ?? 0;
  const places = new Set(
    packets.map((packet) => ((packet.header.sequenceNumber - first) << 16) >> 16),
  );
  const last = Math.max(...places) - 20;
  return Array.from({ length: Math.max(0, last) }, (_, n) => n).filter((n) => !places.has(n))
    .length;
}

test("kill one of two processes with a call in each: the other call has no gap, the killed one is back", async () => {
  const killed = await call(FIRST);
  const other = await call(SECOND);
  const [pid, otherPid] = [rig.media.pid(FIRST)!, rig.media.pid(SECOND)!];
  const before = other.pictures.length;
  other.longestPauseMs();
  process.kill(pid, "SIGKILL");
  await waitUntil(() => rig.media.status()[0]?.starts === 2);
  await waitUntil(() => other.pictures.length > before + 200);
  expect(other.longestPauseMs()).toBeLessThan(UNNOTICED_MS);
  expect(missing(other.pictures)).toBe(0);
  expect(rig.media.pid(SECOND)).toBe(otherPid);
  rig.media.send({ type: "record-stop", ...other });
  const end = await rig.wait("record-ended", (one) => one.recordingId === other.recordingId);
  expect(end).toMatchObject({ pillarId: other.pillarId, state: "closed" });
  expect(end.gaps.missingMs.everything).toBe(0);
  expect(end.gaps.missingMs.picture).toBeLessThan(UNNOTICED_MS);
  expect(await inspectRecording(killed.path)).toMatchObject({
    durationMs: expect.any(Number) as number,
  });
  // The pillar that lost its process is told so and offers again; the other one is told nothing.
  const byes = rig.messages.filter(
    (one) => one.type === "pillar-signal" && one.signal.type === "bye",
  );
  expect(byes).toMatchObject([{ pillarId: killed.pillarId }]);
  const again = await connectPillar(rig, killed.pillarId);
  ended.push(() => again.connection.close());
}, 60_000);

test("each process has ports of its own", async () => {
  const portsIn = async (mediaId: MediaId): Promise<number[]> => {
    const pillarId = Array.from({ length: 100 }, (_, n) => `door-${n}` as PillarId).find(
      (id) => mediaOf(id, 2) === mediaId,
    )!;
    const pillar = await connectPillar(rig, pillarId);
    ended.push(() => pillar.connection.close());
    const sdp = pillar.connection.remoteDescription?.sdp ?? "";
    return [...sdp.matchAll(/a=candidate:\S+ \d+ udp \d+ \S+ (\d+)/g)].map(([, port]) =>
      Number(port),
    );
  };
  const [first, second] = [await portsIn(FIRST), await portsIn(SECOND)];
  expect(first.length).toBeGreaterThan(0);
  expect(second.length).toBeGreaterThan(0);
  for (const port of first) expect(port).toBeLessThan(45_150);
  for (const port of second) expect(port).toBeGreaterThanOrEqual(45_150);
});
