/** A recording as an investigator opens it: fetched over the API, decoded to its end by ffmpeg. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { findFfmpeg } from "../../../../device/media/ffmpeg.ts";
import { inspectRecording } from "../../../../hub/media/recorder/recover.ts";
import type { Street } from "../programs/street.ts";

export interface Playback {
  readonly durationMs: number;
  /** What ffmpeg complained of; empty when every packet decodes. */
  readonly complaints: string;
}

export async function play({ dir, hub }: Street, recordingId: string): Promise<Playback> {
  const file = join(dir, `${recordingId}.mp4`);
  const answer = await hub.operator.request(`/recordings/${recordingId}/media`);
  if (!answer.ok) throw new Error(`recording ${recordingId}: ${await answer.text()}`);
  writeFileSync(file, Buffer.from(await answer.arrayBuffer()));
  const inspected = await inspectRecording(file);
  if ("failed" in inspected) throw new Error(`recording ${recordingId}: ${inspected.reason}`);
  return { durationMs: inspected.durationMs, complaints: await decode(file) };
}

/** Bytes the recording has now. */
export async function recordedBytes({ hub }: Street, recordingId: string): Promise<number> {
  const headers = { range: "bytes=0-0" };
  const answer = await hub.operator.request(`/recordings/${recordingId}/media`, { headers });
  await answer.arrayBuffer();
  return Number(/\/(\d+)$/.exec(answer.headers.get("content-range") ?? "")?.[1] ?? 0);
}

async function decode(file: string): Promise<string> {
  const found = await findFfmpeg();
  if (!found.ok) throw new Error(found.reason);
  const args = ["-v", "error", "-i", file, "-fps_mode", "vfr", "-f", "null", "-"];
  const child = spawn(found.path, args, { stdio: ["ignore", "ignore", "pipe"] });
  let said = "";
  child.stderr.on("data", (text: Buffer) => (said += String(text)));
  const [code] = (await once(child, "close")) as [number | null];
  return code === 0 ? said : `ffmpeg ended with ${code}: ${said}`;
}
