import { execFileSync } from "node:child_process";
import { mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Encoder } from "@evan/opus";
import * as fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import { fileHead, HEAD_BYTES, OPUS_FRAME } from "../../../../hub/media/recorder/mp4-box.ts";
import { fragmentBytes } from "../../../../hub/media/recorder/mp4-fragment.ts";
import { NO_GAPS } from "../../../../shared/api/recording-gap.ts";
import { inspectRecording } from "../../../../hub/media/recorder/recover.ts";

let dir = "";
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), "anzhu-recover-"));
});
afterAll(() => rm(dir, { recursive: true, force: true }));

const encoder = new Encoder({ channels: 2, sample_rate: 48_000, application: "audio" });
const silence = Uint8Array.from(encoder.encode(new Int16Array(OPUS_FRAME * 2)));
/** Three fragments of 100 ms without a picture: small enough to cut the file at every byte. */
const fragments = [0, 1, 2].map((index) =>
  fragmentBytes({
    sequence: index + 1,
    audioTime: index * 5 * OPUS_FRAME,
    audio: Array.from({ length: 5 }, () => silence),
    video: [],
    gaps: { ...NO_GAPS, waiting: [] },
  }),
);
const whole = Buffer.concat([fileHead({ video: undefined, durationMs: 0 }), ...fragments]);
const ends = fragments.map(
  (_, index) =>
    HEAD_BYTES + fragments.slice(0, index + 1).reduce((sum, bytes) => sum + bytes.length, 0),
);

const probe = (path: string): number =>
  Number(
    execFileSync(
      "ffprobe",
      ["-v", "error", "-show_entries", "format=duration", "-of", "csv=p=0", path],
      { encoding: "utf8" },
    ),
  );

test("a recording torn at any byte keeps every whole fragment, and nothing else", async () => {
  const path = join(dir, "torn.mp4");
  for (let length = 0; length <= whole.length; length += 1) {
    await writeFile(path, whole.subarray(0, length));
    const found = await inspectRecording(path);
    const kept = ends.filter((end) => end <= length).length;
    const bytes = ends[kept - 1] ?? length;
    const expected = { durationMs: kept * 100, bytes, fragments: kept };
    expect(found).toMatchObject(kept === 0 ? { failed: true } : expected);
    expect((await stat(path)).size).toBe(bytes);
  }
});

test("a recovered recording plays, and its head tells its length", async () => {
  const path = join(dir, "played.mp4");
  await writeFile(path, whole.subarray(0, whole.length - 7));
  expect(await inspectRecording(path)).toMatchObject({ fragments: 2, durationMs: 200 });
  expect(probe(path)).toBeCloseTo(0.2, 2);
  const head = await readFile(path);
  expect(head.readUInt32BE(head.indexOf("mehd") + 8)).toBe(200);
});

test("inspecting twice finds the same", async () => {
  const path = join(dir, "twice.mp4");
  await writeFile(path, whole.subarray(0, whole.length - 7));
  const first = await inspectRecording(path);
  expect(await inspectRecording(path)).toEqual(first);
});

test("a file that is absent is a reason, not an exception", async () => {
  expect(await inspectRecording(join(dir, "absent.mp4"))).toMatchObject({
    failed: true,
    reason: expect.stringContaining("absent.mp4") as string,
  });
});

test("no bytes can make the inspection throw", async () => {
  expect.hasAssertions();
  const path = join(dir, "hostile.mp4");
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.tuple(fc.nat(whole.length - 1), fc.nat(255)), { maxLength: 40 }),
      fc.uint8Array({ maxLength: 64 }),
      async (changes, tail) => {
        const bytes = Buffer.concat([whole, tail]);
        for (const [offset, value] of changes) bytes[offset] = value;
        await writeFile(path, bytes);
        const found = await inspectRecording(path);
        expect("failed" in found ? 0 : found.bytes).toBeLessThanOrEqual(bytes.length);
      },
    ),
    { numRuns: 200 },
  );
});
