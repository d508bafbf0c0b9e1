/**
 * A sound file of any kind ffmpeg reads, as samples.
 * At most one minute of it: it is heard in a loop.
 */
import { execFile } from "node:child_process";
import { statSync } from "node:fs";
import { promisify } from "node:util";
import { BYTES_PER_SAMPLE, SAMPLE_RATE } from "./sound.ts";

const MAX_CLIP_SECONDS = 60;
const DECODE_TIMEOUT_MS = 10_000;

export type Clip =
  | { readonly ok: true; readonly samples: Int16Array }
  | { readonly ok: false; readonly reason: string };

export async function readClip(ffmpeg: string, path: string): Promise<Clip> {
  const found = statSync(path, { throwIfNoEntry: false });
  if (found?.isFile() !== true) {
    return { ok: false, reason: `expected a sound file, found nothing of that kind at "${path}"` };
  }
  const run = promisify(execFile);
  const options = ["-nostdin", "-v", "error", "-protocol_whitelist", "file", "-i", `file:${path}`];
  const format = ["-t", `${MAX_CLIP_SECONDS}`, "-ac", "1", "-ar", `${SAMPLE_RATE}`, "-f", "s16le"];
  try {
    const { stdout } = await run(ffmpeg, [...options, "-vn", ...format, "pipe:1"], {
      encoding: "buffer",
      maxBuffer: (MAX_CLIP_SECONDS + 1) * SAMPLE_RATE * BYTES_PER_SAMPLE,
      timeout: DECODE_TIMEOUT_MS,
    });
    const samples = Int16Array.from({ length: stdout.length >> 1 }, (_, i) =>
      stdout.readInt16LE(i * BYTES_PER_SAMPLE),
    );
    if (samples.length === 0) return { ok: false, reason: `found no sound in "${path}"` };
    return { ok: true, samples };
  } catch (error) {
    const said = error instanceof Error ? error.message.split("\n").at(1) : undefined;
    return {
      ok: false,
      reason: `expected a sound file in "${path}"; ffmpeg says: ${said ?? String(error)}`,
    };
  }
}
