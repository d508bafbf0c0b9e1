/**
 * Loudness in words and bars: decibels below full scale,
 * and the two warnings a desk gives about silence.
 */

/**
 * A street at night, and a room with noise suppression, are quiet but never this quiet: below is a
 * cable that is not plugged in, a switch that is off, or a line that carries nothing.
 */
export const SILENT_BELOW_DB = -85;
/** What "first sound" means: something was played that a decoder did not make up. */
export const SOUND_ABOVE_DB = -68;
export const SILENCE_WARNING_MS = 5000;
/** The bar begins here, so that noise does not move it. */
const FLOOR_DB = -70;
const NOTHING_DB = -120;

/** `samples`: -1 to 1. */
export function decibels(samples: Float32Array): number {
  let sum = 0;
  for (const sample of samples) sum += sample * sample;
  const rms = Math.sqrt(sum / Math.max(1, samples.length));
  return rms > 0 ? Math.max(NOTHING_DB, 20 * Math.log10(rms)) : NOTHING_DB;
}

/** 0 to 1 for a bar. */
export function barLength(db: number): number {
  return Math.min(1, Math.max(0, (db - FLOOR_DB) / -FLOOR_DB));
}

export interface Silence {
  /** When it was last not silent, or when listening began. */
  readonly heardAt: number;
}

export function stepSilence(silence: Silence, db: number, at: number): Silence {
  return db > SILENT_BELOW_DB ? { heardAt: at } : silence;
}

export function isSilent(silence: Silence, at: number): boolean {
  return at - silence.heardAt >= SILENCE_WARNING_MS;
}
