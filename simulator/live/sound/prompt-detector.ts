/**
 * Hears which prompt a loudspeaker plays, from the sound alone.
 *
 * The one idea: the agent passes a prompt on sample by sample, so a few samples that occur in one
 * prompt only are as good as its name, and prove that it really reached the speaker.
 * The one limit: it knows the prompts that come with the agent.
 */
import { readdirSync } from "node:fs";
import { basename } from "node:path";
import { OWN_PROMPTS, readPrompt } from "../../../device/media/play/prompt.ts";

/** A signature: 64 samples of PCM, 1.3 ms. */
const SIGNATURE_BYTES = 128;
/** Where signatures are looked for: every 10 ms from the beginning. */
const STEP_BYTES = 960;

export interface PromptDetector {
  listen(bytes: Buffer): void;
  /** The latest prompt whose beginning was played; null before the first. */
  latest(): string | null;
}

export type Signatures = ReadonlyMap<string, Buffer>;

let own: Promise<Signatures> | undefined;

/** Signatures of the agent's own prompts, worked out once. */
export function ownSignatures(): Promise<Signatures> {
  own ??= readOwn();
  return own;
}

async function readOwn(): Promise<Signatures> {
  const sounds = new Map<string, Buffer>();
  for (const file of readdirSync(OWN_PROMPTS)) {
    if (!file.endsWith(".wav")) continue;
    const name = basename(file, ".wav");
    const wav = await readPrompt("", name);
    if (wav.ok) sounds.set(name, Buffer.from(wav.pcm));
  }
  return signaturesOf(sounds);
}

/** For each sound, its earliest piece that is loud enough to tell and occurs in no other. */
export function signaturesOf(sounds: ReadonlyMap<string, Buffer>): Signatures {
  const signatures = new Map<string, Buffer>();
  for (const [name, sound] of sounds) {
    for (let at = 0; at + SIGNATURE_BYTES <= sound.length; at += STEP_BYTES) {
      const piece = sound.subarray(at, at + SIGNATURE_BYTES);
      const isElsewhere = [...sounds].some(([other, s]) => other !== name && s.includes(piece));
      if (new Set(piece).size < 16 || isElsewhere) continue;
      signatures.set(name, piece);
      break;
    }
  }
  return signatures;
}

export function newPromptDetector(signatures: Signatures): PromptDetector {
  let latest: string | null = null;
  let tail = Buffer.alloc(0);
  return {
    latest: () => latest,
    listen(bytes) {
      const heard = Buffer.concat([tail, bytes]);
      let latestAt = -1;
      for (const [name, signature] of signatures) {
        const at = heard.lastIndexOf(signature);
        if (at > latestAt) [latestAt, latest] = [at, name];
      }
      tail = Buffer.from(heard.subarray(-(SIGNATURE_BYTES - 1)));
    },
  };
}
