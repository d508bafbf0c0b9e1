/**
 * Makes tones and measures them (Goertzel, 1958): how much of one frequency is in a sound.
 *
 * Sound is s16le mono 48 kHz throughout.
 */

const RATE = 48_000;

/** A sine at 30 % of full scale; `from` continues an earlier piece without a click. */
export function sine(hz: number, options: { samples: number; from?: number }): Int16Array {
  const { samples, from = 0 } = options;
  return Int16Array.from({ length: samples }, (_, i) =>
    Math.round(9830 * Math.sin((2 * Math.PI * hz * (from + i)) / RATE)),
  );
}

/** Reads bytes as samples; a trailing half sample is left out. */
export function samplesOf(pcm: Uint8Array): Int16Array {
  const view = new DataView(pcm.buffer, pcm.byteOffset, pcm.byteLength);
  return Int16Array.from({ length: Math.floor(pcm.length / 2) }, (_, i) =>
    view.getInt16(2 * i, true),
  );
}

/**
 * Share of the sound's energy at `hz`: near 1 for a pure tone, near 0 without it, 0 for silence.
 */
export function toneShare(samples: Int16Array, hz: number): number {
  const coefficient = 2 * Math.cos((2 * Math.PI * hz) / RATE);
  let [before, beforeThat, energy] = [0, 0, 0];
  for (const sample of samples) {
    const now = sample + coefficient * before - beforeThat;
    beforeThat = before;
    before = now;
    energy += sample * sample;
  }
  if (energy === 0) return 0;
  const power = before ** 2 + beforeThat ** 2 - coefficient * before * beforeThat;
  return (2 * power) / (samples.length * energy);
}

/** The root mean square, of 32768. */
export function loudness(samples: Int16Array): number {
  const energy = samples.reduce((sum, sample) => sum + sample * sample, 0);
  return samples.length === 0 ? 0 : Math.sqrt(energy / samples.length);
}

/** 50 ms: long enough to tell 440 from 620 Hz, short enough to lie between two drop-outs. */
const WINDOW = RATE / 20;

/**
 * The median of `toneShare` over windows of 50 ms that are not silent: a busy machine drops frames,
 * and a jump of phase ruins the measure of one window only. 0 when all is silent.
 */
export function medianToneShare(samples: Int16Array, hz: number): number {
  const windows = Array.from({ length: Math.floor(samples.length / WINDOW) }, (_, i) =>
    samples.subarray(i * WINDOW, (i + 1) * WINDOW),
  );
  const shares = windows
    .filter((window) => loudness(window) > 100)
    .map((window) => toneShare(window, hz))
    .sort((a, b) => a - b);
  return shares[Math.floor(shares.length / 2)] ?? 0;
}
