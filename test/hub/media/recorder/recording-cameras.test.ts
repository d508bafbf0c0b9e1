/** Whose pictures a recording holds: said at its end, named in the file, and found after a crash. */
import { execFileSync } from "node:child_process";
import { copyFile, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { startRecording, type Recording } from "../../../../hub/media/recorder/recording.ts";
import { inspectRecording } from "../../../../hub/media/recorder/recover.ts";
import { CameraId } from "../../../../shared/ids.ts";
import { MAX_CAMERAS } from "../../../../shared/protocol/signal.ts";

/** From libx264, baseline, 640x360. */
const SPS = Buffer.from("6742c01eda0280bfe5c044000003000400000300c83c58ba80", "hex");
const UNITS = [SPS, Buffer.from("68ce0fc8", "hex"), Buffer.from([0x65, 1, 2, 3])];
const [FRONT, REAR] = [CameraId.parse("front"), CameraId.parse("rear")];

let dir = "";
let path = "";
let count = 0;
let sequence = 0;
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), "anzhu-recording-cameras-"));
});
beforeEach(() => {
  count += 1;
  path = join(dir, `${count}.mp4`);
});
afterAll(() => rm(dir, { recursive: true, force: true }));

const begin = (): Recording => startRecording(path, 0, { isCallRunning: true });

/** Each camera in turn shows pictures for half a second; a new one is a new stream. */
function show(recording: Recording, cameras: readonly CameraId[]): number {
  let at = 0;
  for (const [source, camera] of cameras.entries()) {
    for (let picture = 0; picture < 5; picture += 1) {
      at += 100;
      for (const [place, payload] of UNITS.entries()) {
        sequence = (sequence + 1) & 0xffff;
        const packet = { sequence, timestamp: at * 90, marker: place === 2, payload };
        recording.picture(packet, { camera, source }, at);
      }
      recording.tick(at);
    }
  }
  return at;
}

const nameOf = (file: string): string =>
  execFileSync(
    "ffprobe",
    `-v quiet -select_streams v -show_entries stream_tags=handler_name -of csv=p=0 ${file}`.split(
      " ",
    ),
    { encoding: "utf8" },
  ).trim();

test("a recording says whose picture it holds, and its video track has that name", async () => {
  const recording = begin();
  const end = await recording.stop(show(recording, [FRONT]));
  expect(end).toMatchObject({ state: "closed", cameras: ["front"] });
  expect(nameOf(path)).toBe("front");
});

test("a recording without a picture names no camera", async () => {
  const recording = begin();
  const noise = { sequence: 1, timestamp: 1, marker: true, payload: Uint8Array.of(0xff) };
  recording.picture(noise, { camera: FRONT, source: 1 }, 1);
  expect(await recording.stop(1000)).toMatchObject({ cameras: [] });
});

test("when the pillar comes back with another camera both are named, the first one first", async () => {
  const recording = begin();
  const end = await recording.stop(show(recording, [REAR, FRONT, REAR]));
  expect(end.cameras).toEqual(["rear", "front"]);
  expect(nameOf(path)).toBe("rear");
});

test("a pillar that comes back with a hundred names is remembered with as many as it may have", async () => {
  const recording = begin();
  const hundred = Array.from({ length: 100 }, (_, index) => CameraId.parse(`camera${index}`));
  const end = await recording.stop(show(recording, hundred));
  expect(end.state).toBe("closed");
  expect(end.cameras).toEqual(hundred.slice(0, MAX_CAMERAS));
});

test("a recording whose process died is found with the camera of its track", async () => {
  const recording = begin();
  await recording.stop(show(recording, [FRONT, FRONT, FRONT]));
  const torn = join(dir, "torn.mp4");
  await copyFile(path, torn);
  await writeFile(torn, (await readFile(torn)).subarray(0, -9));
  expect(await inspectRecording(torn)).toMatchObject({ cameras: ["front"] });
});

test("a name in the file that no camera can have is not believed", async () => {
  const recording = begin();
  await recording.stop(show(recording, [FRONT]));
  const bytes = await readFile(path);
  bytes.write("FR\n", bytes.indexOf("front\0"));
  await writeFile(path, bytes);
  expect(await inspectRecording(path)).toMatchObject({ cameras: [] });
});
