/**
 * The prompts: short spoken sentences for the person at the pillar, one WAV file each.
 *
 * The pillar plays them by itself: they are needed most when the network is down.
 */
import { open } from "node:fs/promises";
import { join } from "node:path";
import { parseWav, type Wav } from "./wav.ts";

export const OWN_PROMPTS = join(import.meta.dirname, "../..", "prompts");

/** 20 s at 48 kHz: longer prompts are refused. */
const MAX_PROMPT_BYTES = 2 * 1024 * 1024;
const PROMPT_NAME = /^[a-z0-9][a-z0-9-]{0,63}$/;

/** `folder` empty: the prompts that come with the agent. Never throws. */
export async function readPrompt(folder: string, name: string): Promise<Wav> {
  if (!PROMPT_NAME.test(name)) {
    return {
      ok: false,
      reason: `prompt names are lower-case words, found ${JSON.stringify(name)}`,
    };
  }
  const path = join(folder === "" ? OWN_PROMPTS : folder, `${name}.wav`);
  try {
    const wav = parseWav(await readBounded(path));
    return wav.ok ? wav : { ok: false, reason: `${path}: ${wav.reason}` };
  } catch (error) {
    return { ok: false, reason: `prompt ${name}: ${String(error)}` };
  }
}

async function readBounded(path: string): Promise<Uint8Array> {
  await using file = await open(path);
  const { size } = await file.stat();
  if (size > MAX_PROMPT_BYTES) {
    throw new Error(`${path} is ${size} bytes; a prompt has at most ${MAX_PROMPT_BYTES}`);
  }
  return file.readFile();
}
