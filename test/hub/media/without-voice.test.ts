/** Two people look at one pillar: who may only see hears nothing while the other listens. */
import type { RTCPeerConnection, RtpPacket } from "werift";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import type { MediaSessionId, PillarId } from "../../../shared/ids.ts";
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
  type Rig,
} from "../../kit/media/media-rig.ts";
import { waitUntil } from "../../kit/run/wait.ts";

const PILLAR = "pillar-1" as PillarId;
let rig: Rig;
const ended: (() => Promise<unknown>)[] = [];

beforeAll(async () => {
  rig = await newRig();
});
afterEach(async () => {
  await Promise.all(ended.splice(0).map((end) => end()));
});
afterAll(async () => {
  await rig?.media.close();
});

interface Watching {
  readonly connection: RTCPeerConnection;
  readonly pictures: RtpPacket[];
  readonly voices: RtpPacket[];
}

/** Offers picture and sound in any case, as a hostile console could. */
async function watch(isWithoutVoice: boolean): Promise<Watching> {
  const connection = newConnection();
  ended.push(() => connection.close());
  const sessionId = newId<MediaSessionId>();
  const pictures = collect(connection.addTransceiver("video", { direction: "recvonly" }));
  const voices = collect(connection.addTransceiver("audio", { direction: "recvonly" }));
  await connection.setLocalDescription(await connection.createOffer());
  const offered = connection.localDescription?.sdp ?? "";
  const offer = { sessionId, pillarId: PILLAR, role: "watch", isWithoutVoice } as const;
  rig.media.send({ type: "viewer-offer", ...offer, sdp: offered });
  const { sdp } = await rig.wait("viewer-answer", (one) => one.sessionId === sessionId);
  await connection.setRemoteDescription({ type: "answer", sdp });
  await connected(connection);
  return { connection, pictures, voices };
}

test("whoever checks the picture is sent no sound, also while somebody else listens there", async () => {
  const pillar = await connectPillar(rig, PILLAR);
  ended.push(() => pillar.connection.close());
  const picture = await startSource(PICTURE, sendTo(pillar.video));
  const voice = await startSource(tone(440), sendTo(pillar.audio));
  ended.push(picture.stop, voice.stop);
  const checks = await watch(true);
  const listens = await watch(false);
  await waitUntil(() => listens.voices.length > 100 && checks.pictures.length > 100);
  expect(checks.voices).toHaveLength(0);
});
