/**
 * Pictures that arrive and cannot be written are reported while the recording runs, and again at
 * its end.
 */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { FromMedia } from "../../../../hub/media/ipc.ts";
import { newRecorder } from "../../../../hub/media/recorder/recorder.ts";
import { newRoom } from "../../../../hub/media/relay/room.ts";
import { CameraId, type PillarId, type RecordingId } from "../../../../shared/ids.ts";
import { waitFor } from "../../../kit/run/wait.ts";

let dir = "";
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), "anzhu-recorder-"));
});
afterAll(() => rm(dir, { recursive: true, force: true }));

const id = "a".repeat(32) as RecordingId;
/** From libx264, baseline, 640x360. */
const SPS = Buffer.from("6742c01eda0280bfe5c044000003000400000300c83c58ba80", "hex");
const PPS = Buffer.from("68ce0fc8", "hex");
/**
 * Valid, but longer than the file's header has room for: 1000 bytes of scaling lists and
 * extensions.
 */
const LONG_SPS = Buffer.concat([SPS, Buffer.alloc(1000, 0x55)]);

const FRONT = { camera: CameraId.parse("front"), source: 1 };

function newDesk() {
  const told: FromMedia[] = [];
  const lines: string[] = [];
  const room = newRoom();
  const recorder = newRecorder(
    (message) => told.push(message),
    (level, text) => lines.push(`${level} ${text}`),
  );
  let sequence = 0;
  /** Sends one picture that can be decoded without others. */
  const show = (sps: Buffer): void => {
    sequence += 1;
    const units = [sps, PPS, Buffer.from([0x65, 1, 2, 3])];
    for (const [place, payload] of units.entries()) {
      const packet = {
        sequence: (sequence * 3 + place) & 0xffff,
        timestamp: sequence * 3600,
        marker: place === 2,
        payload,
      };
      for (const recording of room.recordings) recording.picture(packet, FRONT, performance.now());
    }
  };
  const pictures = () => told.filter((message) => message.type === "record-picture");
  const start = (name: string): void =>
    recorder.start(
      {
        type: "record-start",
        recordingId: id,
        pillarId: "pillar-0" as PillarId,
        path: join(dir, name),
        isCallRunning: false,
      },
      () => room,
    );
  return { told, lines, recorder, show, pictures, start };
}

test("twenty-five pictures that cannot be written are told while the recording runs, once", async () => {
  const desk = newDesk();
  desk.start("running.mp4");
  for (let count = 0; count < 30; count += 1) desk.show(LONG_SPS);
  await waitFor(() => expect(desk.pictures()).toHaveLength(1));
  expect(desk.pictures()[0]).toMatchObject({ recordingId: id, isWritten: false });
  expect(desk.pictures()[0]).toHaveProperty(
    "detail",
    expect.stringMatching(/^front: \d+ pictures came .* at most 512 bytes/),
  );
  await desk.recorder.close();
  expect(desk.pictures()).toHaveLength(1);
  expect(desk.lines.filter((line) => line.startsWith("error"))).toHaveLength(1);
});

test("fewer decide when the recording is over, and are told before its end", async () => {
  const desk = newDesk();
  desk.start("short.mp4");
  desk.show(LONG_SPS);
  await desk.recorder.close();
  expect(desk.told.map(({ type }) => type)).toEqual(["record-picture", "record-ended"]);
  expect(desk.pictures()).toMatchObject([{ isWritten: false }]);
});

test("the first picture that is written takes it back", async () => {
  const desk = newDesk();
  desk.start("mended.mp4");
  for (let count = 0; count < 30; count += 1) desk.show(LONG_SPS);
  await waitFor(() => expect(desk.pictures()).toHaveLength(1));
  desk.show(SPS);
  // The recorder knows that a picture is complete when the next one begins.
  desk.show(SPS);
  await waitFor(() => expect(desk.pictures()).toHaveLength(2));
  expect(desk.pictures()[1]).toMatchObject({ isWritten: true, detail: "" });
  await desk.recorder.close();
});

test("a recording without any picture says nothing of pictures: the camera has faults of its own", async () => {
  const desk = newDesk();
  desk.start("voice.mp4");
  await desk.recorder.close();
  expect(desk.told.map(({ type }) => type)).toEqual(["record-ended"]);
});
