/** Which ffmpeg is used, and what the owner is told when there is none. */
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { ffmpegVersion, findFfmpeg } from "../../../device/media/ffmpeg.ts";

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "anzhu-ffmpeg-"));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

function script(name: string, text: string): string {
  const path = join(dir, name);
  writeFileSync(path, `#!/bin/sh\n${text}\n`);
  chmodSync(path, 0o755);
  return path;
}

describe("FFMPEG_BIN", () => {
  test("is obeyed", async () => {
    const path = script("mine", "exit 0");
    expect(await findFfmpeg({ FFMPEG_BIN: path })).toEqual({ ok: true, path });
  });

  test.each([
    ["names nothing", () => join(dir, "nothing")],
    ["names a folder", () => (mkdirSync(join(dir, "bin")), join(dir, "bin"))],
    ["names a file nobody may run", () => (writeFileSync(join(dir, "f"), ""), join(dir, "f"))],
  ])("that %s is refused in words, and no other ffmpeg is used in its place", async (_, place) => {
    const path = place();
    const found = await findFfmpeg({ FFMPEG_BIN: path, PATH: process.env["PATH"] });
    expect(found).toEqual({
      ok: false,
      reason: `FFMPEG_BIN is ${path}, which is not an executable file: correct or unset it`,
    });
  });
});

describe("the doctor", () => {
  test("is told the version", async () => {
    const path = script("good", 'echo "ffmpeg version 7.1-static Copyright"');
    expect(await ffmpegVersion(path)).toBe("7.1-static");
  });

  test.each([
    ["another program", "echo hello", /expected to say "ffmpeg version", found "hello/],
    ["a program that fails", "exit 3", /expected to be ffmpeg, found: Command failed/],
  ])("says what to do about %s", async (_, text, words) => {
    const asked = ffmpegVersion(script("other", text));
    await expect(asked).rejects.toThrow(words);
    await expect(asked).rejects.toThrow(/correct or unset FFMPEG_BIN/);
  });
});
