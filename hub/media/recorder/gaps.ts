/**
 * The holes of a recording: spans of its time in which nothing came of a picture or a voice.
 *
 * The pictures and sounds in the file cannot tell: a lost voice is silence in it and a lost picture
 * stands still. The list is told with the recording's end, bounded, with the whole sum beside it.
 * Until then each fragment carries what is known so far, so that it outlives the process
 * (`mp4-fragment.ts`, `recover.ts`).
 */
import { z } from "zod";
import { Gap, Gaps, MAX_GAPS, NO_GAPS } from "../../../shared/api/recording-gap.ts";

export interface GapTrack {
  /** Something was there from then on, for so long (milliseconds of the recording). */
  seen(atMs: number, lengthMs: number): void;
  /** What follows is another stream, and the time before it belongs to none. */
  begin(atMs: number): void;
}

export interface GapBook {
  track(name: Gap["track"], limits: GapLimits): GapTrack;
  soFar(): GapsSoFar;
}

export interface GapLimits {
  /** A shorter pause is the rhythm of the stream. */
  readonly leastMs: number;
  /**
   * The same at the beginning, before the pillar has learnt that it is called; undefined: nothing
   * is expected of this track by itself.
   */
  readonly leadMs: number | undefined;
}

const ms = z.number().int().nonnegative();

/** What is known in the middle of a recording. */
export const GapsSoFar = Gaps.extend({
  /**
   * Tracks of which something is expected, since when nothing came, and how long that is no gap.
   */
  waiting: z
    .array(z.object({ track: Gap.shape.track, sinceMs: ms, leastMs: ms }))
    .max(Gap.shape.track.options.length),
});
export type GapsSoFar = z.infer<typeof GapsSoFar>;

export function newGapBook(): GapBook {
  const spans: Gap[] = [];
  const missingMs = { ...NO_GAPS.missingMs };
  let count = 0;
  const add = (gap: Gap): void => {
    count += 1;
    missingMs[gap.track] += gap.toMs - gap.fromMs;
    if (spans.length < MAX_GAPS) spans.push(gap);
  };
  const expected: (() => GapsSoFar["waiting"][number])[] = [];
  return {
    soFar: () => ({
      spans: [...spans],
      count,
      missingMs: { ...missingMs },
      waiting: expected.map((track) => track()),
    }),
    track(name, { leastMs, leadMs }) {
      /** Undefined: nothing is expected now. */
      let until: number | undefined = leadMs === undefined ? undefined : 0;
      let least = leadMs ?? leastMs;
      if (leadMs !== undefined) {
        expected.push(() => ({ track: name, sinceMs: Math.round(until ?? 0), leastMs: least }));
      }
      return {
        seen(atMs, lengthMs) {
          if (until !== undefined && atMs - until >= least) {
            add({ track: name, fromMs: Math.round(until), toMs: Math.round(atMs) });
          }
          until = Math.max(until ?? 0, atMs + lengthMs);
          least = leastMs;
        },
        begin(atMs) {
          until = Math.max(until ?? 0, atMs);
        },
      };
    },
  };
}

/** All gaps of a recording that ends here: what is known beyond its end is left out. */
export function gapsUntil({ waiting, ...known }: GapsSoFar, endMs: number): Gaps {
  const missingMs = { ...known.missingMs };
  let { count } = known;
  const spans: Gap[] = [];
  for (const span of known.spans) {
    const toMs = Math.min(span.toMs, endMs);
    const beyond = span.toMs - Math.max(toMs, span.fromMs);
    missingMs[span.track] = Math.max(0, missingMs[span.track] - beyond);
    if (toMs > span.fromMs) spans.push({ ...span, toMs });
    else count = Math.max(0, count - 1);
  }
  for (const { track, sinceMs, leastMs } of waiting) {
    const missing = endMs - sinceMs;
    if (missing < leastMs || missing <= 0) continue;
    count += 1;
    missingMs[track] += missing;
    if (spans.length < MAX_GAPS) spans.push({ track, fromMs: sinceMs, toMs: endMs });
  }
  return { spans: spans.toSorted((a, b) => a.fromMs - b.fromMs), count, missingMs };
}
