import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { findFfmpeg } from "../../../device/media/ffmpeg.ts";
import { findChineseFont } from "../../../simulator/font.ts";
import { openCamera } from "../../../simulator/live/virtual-camera.ts";
import { renderClip } from "../../../simulator/live/street-clip.ts";

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "anzhu-clip-"));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

/** Type and key-frame mark of each of the first access units, as ffprobe sees them. */
function frames(path: string): string[] {
  const shown = ["-select_streams", "v", "-show_entries", "frame=pict_type,key_frame"];
  const options = ["-v", "error", "-read_intervals", "%+5", ...shown, "-of", "csv=p=0", path];
  const lines = execFileSync("ffprobe", options, { encoding: "utf8" }).split("\n");
  return lines.filter((line) => /^[01],[IPB]/.test(line));
}

test("a camera's clip can be sent without encoding: no B-frames, a key frame every two seconds", async () => {
  const found = await findFfmpeg();
  if (!found.ok) throw new Error(found.reason);
  const clip = { seed: 1, title: "新街口", font: findChineseFont() };
  const path = await renderClip(found.path, dir, clip);
  const types = frames(path);
  expect(types.length).toBeGreaterThanOrEqual(100);
  expect(types.some((type) => type.includes("B"))).toBe(false);
  const keys = types.flatMap((type, i) => (type.startsWith("1") ? [i] : []));
  expect(keys.slice(0, 3)).toEqual([0, 50, 100]);

  const { mtimeMs } = statSync(path);
  expect(await renderClip(found.path, dir, clip)).toBe(path);
  expect(statSync(path).mtimeMs).toBe(mtimeMs);
  expect(readdirSync(dir)).toHaveLength(1);
}, 120_000);

test("a camera that is off is a file that is not there", () => {
  const path = join(dir, "camera.mp4");
  const camera = openCamera(path, import.meta.filename);
  expect(existsSync(path)).toBe(true);
  camera.switchOff(undefined);
  expect(existsSync(path)).toBe(false);
  expect(camera.isOn()).toBe(false);
  camera.switchOn();
  expect(existsSync(path)).toBe(true);
});
