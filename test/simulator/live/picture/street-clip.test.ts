import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { findFfmpeg } from "../../../../device/media/ffmpeg.ts";
import { findChineseFont } from "../../../../tools/setup/font.ts";
import { openCamera } from "../../../../simulator/live/picture/virtual-camera.ts";
import { renderClip } from "../../../../simulator/live/picture/street-clip.ts";

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "anzhu-clip-"));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

/** `1 I`, `0 P`: key-frame mark and type of each picture of the first five seconds. */
function pictures(ffmpeg: string, path: string): string[] {
  const options = ["-nostdin", "-hide_banner", "-i", path, "-t", "5", "-vf", "showinfo"];
  const { stderr } = spawnSync(ffmpeg, [...options, "-f", "null", "-"], { encoding: "utf8" });
  return [...stderr.matchAll(/iskey:([01]) type:([IPB])/g)].map(
    ([, key, type]) => `${key} ${type}`,
  );
}

test("a camera's clip can be sent without encoding: no B-frames, a key frame every two seconds", async () => {
  const found = await findFfmpeg();
  if (!found.ok) throw new Error(found.reason);
  const clip = { seed: 1, title: "新街口", font: findChineseFont() };
  const path = await renderClip(found.path, dir, clip);
  const types = pictures(found.path, path);
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
