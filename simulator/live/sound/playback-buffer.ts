/**
 * What a loudspeaker really played in the last two minutes, on one timeline with the clock.
 *
 * The one idea: a sample's place follows from the time it sounds. Where nothing came there is
 * silence, so a gap in the call is a gap of the same length in the file. The one limit: what is
 * older than `BUFFER_SECONDS` is forgotten.
 */
import { SAMPLE_RATE, SAMPLES_PER_MS } from "./sound.ts";

export const BUFFER_SECONDS = 120;

/**
 * A card starts to play this long after the first sample: frames that come a little late still fit.
 */
export const START_LATENCY_MS = 20;

const BUFFER_SAMPLES = BUFFER_SECONDS * SAMPLE_RATE;

export interface PlaybackBuffer {
  /** Places samples after those before, or a start latency from now when those have run out. */
  play(samples: Int16Array, now: number): void;
  /** How much is waiting to be played. */
  queuedMs(now: number): number;
  /** The last `seconds` up to now; silence before the start. */
  last(seconds: number, now: number): Int16Array;
}

/** All times are monotonic ms. */
export function newPlaybackBuffer(startedAt: number): PlaybackBuffer {
  const ring = new Int16Array(BUFFER_SAMPLES);
  /** Timeline number of the next sample to be placed. */
  let cursor = 0;
  const numberAt = (at: number): number => Math.floor((at - startedAt) * SAMPLES_PER_MS);
  const silenceUntil = (number: number): void => {
    const from = Math.max(cursor, number - BUFFER_SAMPLES);
    for (let n = from; n < number; n += 1) ring[n % BUFFER_SAMPLES] = 0;
    cursor = number;
  };
  return {
    play(samples, now) {
      if (cursor < numberAt(now)) silenceUntil(numberAt(now + START_LATENCY_MS));
      for (const sample of samples) {
        ring[cursor % BUFFER_SAMPLES] = sample;
        cursor += 1;
      }
    },
    queuedMs: (now) => Math.max(0, cursor - numberAt(now)) / SAMPLES_PER_MS,
    last(seconds, now) {
      const count = Math.round(Math.min(seconds, BUFFER_SECONDS) * SAMPLE_RATE);
      const first = numberAt(now) - count;
      const oldest = Math.max(0, cursor - BUFFER_SAMPLES);
      return Int16Array.from({ length: count }, (_, i) => {
        const number = first + i;
        const isKnown = number >= oldest && number < cursor;
        return isKnown ? (ring[number % BUFFER_SAMPLES] ?? 0) : 0;
      });
    },
  };
}
