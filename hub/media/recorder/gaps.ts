/**
 * The holes of a recording: spans of its time in which nothing came of a picture or a voice.
 *
 * The file itself cannot tell: a lost voice is silence in it and a lost picture stands still. The
 * list is kept with the recording's end, bounded, with the whole sum beside it.
 */
import { MAX_GAPS, type Gap, type Gaps } from "../../../shared/api/recording-gap.ts";

export interface GapTrack {
  /** Something was there from then on, for so long (milliseconds of the recording). */
  seen(atMs: number, lengthMs: number): void;
  /** What follows is another stream, and the time before it belongs to none. */
  begin(atMs: number): void;
  /** The recording ends. */
  end(atMs: number): void;
}

export interface GapBook {
  track(name: Gap["track"], limits: GapLimits): GapTrack;
  all(): Gaps;
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

export function newGapBook(): GapBook {
  const spans: Gap[] = [];
  const missingMs = { picture: 0, citizen: 0, operator: 0, everything: 0 };
  let count = 0;
  const add = (gap: Gap): void => {
    count += 1;
    missingMs[gap.track] += gap.toMs - gap.fromMs;
    if (spans.length < MAX_GAPS) spans.push(gap);
  };
  return {
    all: () => ({ spans: spans.toSorted((a, b) => a.fromMs - b.fromMs), count, missingMs }),
    track(name, { leastMs, leadMs }) {
      /** Undefined: nothing is expected now. */
      let until: number | undefined = leadMs === undefined ? undefined : 0;
      let least = leadMs ?? leastMs;
      const close = (atMs: number): void => {
        if (until === undefined || atMs - until < least) return;
        add({ track: name, fromMs: Math.round(until), toMs: Math.round(atMs) });
      };
      return {
        seen(atMs, lengthMs) {
          close(atMs);
          until = Math.max(until ?? 0, atMs + lengthMs);
          least = leastMs;
        },
        begin(atMs) {
          until = Math.max(until ?? 0, atMs);
        },
        end(atMs) {
          if (leadMs !== undefined) close(atMs);
        },
      };
    },
  };
}
