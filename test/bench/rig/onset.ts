/** When a pure tone begins in what a pillar's loudspeaker played. */
import { loudness, toneShare } from "../../kit/media/tone.ts";

/** Samples in 5 ms: five waves of 1 kHz. */
const BLOCK = 240;
const LOUD = 300;

/**
 * Epoch ms of each change from anything else to the tone; `endAt` is the time of the last sample.
 */
export function toneOnsets(sound: Int16Array, hz: number, endAt: number): number[] {
  const found: number[] = [];
  let wasTone = true;
  for (let at = 0; at + BLOCK <= sound.length; at += BLOCK) {
    const piece = sound.subarray(at, at + BLOCK);
    const isTone = loudness(piece) > LOUD && toneShare(piece, hz) > 0.7;
    if (isTone && !wasTone) found.push(endAt - (sound.length - at) / 48);
    wasTone = isTone;
  }
  return found;
}
