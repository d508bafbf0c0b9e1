/**
 * What happened, as a hash of everything and the words of the latest.
 *
 * Two runs of one seed must give one hash: a world that cannot be repeated proves nothing. Words
 * are kept for the newest `MAX_LINES` entries of the asked time only, and only for what is worth a
 * line.
 */
import { hashText } from "../chance.ts";

export interface TraceLine {
  readonly at: number;
  readonly actor: string;
  readonly what: string;
  readonly detail: string;
}

export interface Trace {
  /** Goes into the hash only: heartbeats, ticks, timers. */
  count(at: number, actor: string, what: string): void;
  /** Goes into the hash and the story. */
  note(at: number, actor: string, line: { readonly what: string; readonly detail: string }): void;
  hash(): string;
  /** Oldest first. */
  lines(): TraceLine[];
}

const MAX_LINES = 100_000;

/** Times in ms. */
export type Span = readonly [from: number, until: number];

/** `[from, until]`: the time whose words are kept; the hash is always of everything. */
export function newTrace([from, until]: Span = [0, Number.POSITIVE_INFINITY]): Trace {
  const ring: TraceLine[] = [];
  const codes = new Map<string, number>();
  let a = 0x9e3779b9;
  let b = 0x243f6a88;
  let size = 0;
  const mix = (value: number): void => {
    a = Math.imul(a ^ value, 0x85ebca6b);
    a ^= a >>> 13;
    b = Math.imul((b ^ a) + value, 0xc2b2ae35);
    b ^= b >>> 16;
  };
  const codeOf = (text: string): number => {
    let code = codes.get(text);
    if (code === undefined) codes.set(text, (code = hashText(text)));
    return code;
  };
  const count = (at: number, actor: string, what: string): void => {
    mix(Math.floor(at * 16) | 0);
    mix(codeOf(actor) ^ codeOf(what));
  };
  return {
    count,
    note: (at, actor, { what, detail }) => {
      count(at, actor, what);
      mix(hashText(detail));
      if (at < from || at > until) return;
      ring[size % MAX_LINES] = { at, actor, what, detail };
      size += 1;
    },
    hash: () => hexOf(a) + hexOf(b),
    lines: () => {
      const oldest = size % MAX_LINES;
      return size <= MAX_LINES ? [...ring] : [...ring.slice(oldest), ...ring.slice(0, oldest)];
    },
  };
}

const hexOf = (value: number): string => (value >>> 0).toString(16).padStart(8, "0");
