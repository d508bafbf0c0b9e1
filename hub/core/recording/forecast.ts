/**
 * When a disk will be full, from how its free space changed lately.
 *
 * A line of least squares over the last days, so that one deletion or one busy evening changes
 * little. "Full" means that recordings stop, which is long before nothing fits any more.
 */
import { RECORDING_LEAST_BYTES } from "./retention.ts";

const DAY_MS = 86_400_000;
const WINDOW_MS = 7 * DAY_MS;
export const SAMPLE_EVERY_MS = 600_000;
/** A window of samples, and one for its edge. */
export const MAX_SAMPLES = WINDOW_MS / SAMPLE_EVERY_MS + 1;
/** With less than this no forecast is made. */
const LEAST_SPAN_MS = 3_600_000;
/** More than ten years are not a forecast. */
const MOST_DAYS = 3650;

export interface Sample {
  /** Unix ms. */
  readonly at: number;
  readonly freeBytes: number;
}

/**
 * Keeps a window, oldest first. Samples that a clock
 * that was set has left in the future are dropped.
 */
export function withSample(samples: readonly Sample[], sample: Sample): readonly Sample[] {
  const kept = samples.filter(({ at }) => at < sample.at && sample.at - at <= WINDOW_MS);
  const last = kept.at(-1);
  if (last && sample.at - last.at < SAMPLE_EVERY_MS) return kept;
  return [...kept, sample].slice(-MAX_SAMPLES);
}

/**
 * Days until recordings stop for want of room; null when
 * the disk does not fill, or too little is known.
 */
export function fullInDays(samples: readonly Sample[], freeBytes: number): number | null {
  const [first] = samples;
  const last = samples.at(-1);
  if (!first || !last || last.at - first.at < LEAST_SPAN_MS) return null;
  const growth = -slopeOf(samples);
  if (!(growth > 0)) return null;
  const days = Math.max(0, freeBytes - RECORDING_LEAST_BYTES) / growth;
  return days > MOST_DAYS ? null : days;
}

/** Bytes a day. */
function slopeOf(samples: readonly Sample[]): number {
  const days = samples.map(({ at }) => (at - (samples[0]?.at ?? 0)) / DAY_MS);
  const mean = (values: readonly number[]): number =>
    values.reduce((sum, value) => sum + value, 0) / values.length;
  const meanDay = mean(days);
  const meanFree = mean(samples.map(({ freeBytes }) => freeBytes));
  let above = 0;
  let below = 0;
  for (const [n, { freeBytes }] of samples.entries()) {
    const distance = (days[n] ?? 0) - meanDay;
    above += distance * (freeBytes - meanFree);
    below += distance * distance;
  }
  return below > 0 ? above / below : 0;
}
