/**
 * How many samples a sound card has to have delivered by now.
 *
 * The one idea: the count follows from the start, never from the previous block, so late timers do
 * not add up: after an hour the stream is as exact as the clock.
 */
import { SAMPLES_PER_MS } from "./sound.ts";

export interface SampleClock {
  readonly startedAt: number;
  /** Samples delivered, or given up, since the start. */
  readonly position: number;
}

/** A pause of the whole process longer than this is lost, as in a card whose buffer ran over. */
export const MAX_CATCH_UP_MS = 200;

export interface SamplesDue {
  readonly clock: SampleClock;
  /** Number of the first sample to send, and how many. */
  readonly from: number;
  readonly count: number;
}

/** What is due at a monotonic time, in whole blocks of `blockSamples`. */
export function samplesDue(clock: SampleClock, now: number, blockSamples: number): SamplesDue {
  const target = Math.floor((now - clock.startedAt) * SAMPLES_PER_MS);
  const blocks = Math.max(0, Math.floor((target - clock.position) / blockSamples));
  const most = Math.floor((MAX_CATCH_UP_MS * SAMPLES_PER_MS) / blockSamples);
  const lost = Math.max(0, blocks - most) * blockSamples;
  const from = clock.position + lost;
  const count = Math.min(blocks, most) * blockSamples;
  return { clock: { ...clock, position: from + count }, from, count };
}
