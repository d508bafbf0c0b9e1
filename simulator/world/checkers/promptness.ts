/**
 * I4 in the middle of the day: under a quiet sky an alarm has its receipt within 15 s; a pillar
 * that has only the HTTPS fallback asks one hub after the other, and has it within 60 s.
 *
 * Quiet is when nothing that may touch this pillar was wrong for a while before, and nothing goes
 * wrong until then.
 * What happens to one pillar alone touches no other.
 */
import { PROMISED_MS } from "../../../shared/promises.ts";
import type { Happening } from "../run/happening.ts";
import type { History, Violation } from "../run/history.ts";

const BY_HTTPS_WITHIN_MS = 60_000;
/** Longer than a file is opened again, a commit hangs, or a link is tried again. */
const QUIET_BEFORE_MS = 90_000;

type Span = readonly [from: number, until: number];

interface Troubles {
  readonly ofAll: readonly Span[];
  readonly ofOne: ReadonlyMap<string, readonly Span[]>;
}

export function checkPromptness(history: History): Violation[] {
  const { happenings, hub } = history;
  const acceptedAt = receipts(happenings);
  const expiring = new Set(hub.pillars.flatMap((one) => (one.expiresAt ? [one.pillar] : [])));
  return quietPresses(history).flatMap((one): Violation[] => {
    const { at, pillar, eventId } = one;
    const withinMs = expiring.has(pillar) ? BY_HTTPS_WITHIN_MS : PROMISED_MS.accepted;
    const heardAt = acceptedAt.get(eventId) ?? Number.POSITIVE_INFINITY;
    if (heardAt - at <= withinMs) return [];
    const detail = `nothing was wrong, and alarm ${eventId} had no receipt in ${withinMs / 1000} s`;
    return [{ invariant: "I4", at: at + withinMs, detail, about: [pillar, eventId] }];
  });
}

type Quiet = Extract<Happening, { type: "pressed" }> & { readonly eventId: string };

/** Alarms born under a quiet sky: how many of them there were says what this checker has seen. */
export function quietPresses({ happenings, endedAt }: History): Quiet[] {
  const { ofAll, ofOne } = troubles(happenings);
  const isQuiet = quietIn(ofAll);
  const isQuietAt = new Map([...ofOne].map(([pillar, spans]) => [pillar, quietIn(spans)]));
  return happenings.filter(
    (one): one is Quiet =>
      one.type === "pressed" &&
      one.eventId !== undefined &&
      one.at + BY_HTTPS_WITHIN_MS < endedAt &&
      [isQuiet, isQuietAt.get(one.pillar)].every(
        (isCalm) => isCalm?.(one.at - QUIET_BEFORE_MS, one.at + BY_HTTPS_WITHIN_MS) ?? true,
      ),
  );
}

function troubles(happenings: readonly Happening[]): Troubles {
  const ofAll: Span[] = [];
  const ofOne = new Map<string, Span[]>();
  const touches = (pillar: string | undefined, span: Span): void => {
    const known = pillar === undefined ? ofAll : (ofOne.get(pillar) ?? []);
    known.push(span);
    if (pillar !== undefined) ofOne.set(pillar, known);
  };
  let hubDownAt: number | undefined = 0;
  for (const one of happenings) {
    const { type, at } = one;
    if (type === "trouble") touches(one.pillar, [at, one.until]);
    if (type === "pillar-up" || type === "pillar-down") touches(one.pillar, [at, at]);
    if (type === "hub-down" || (type === "hub-up" && !one.isLive)) hubDownAt ??= at;
    if (type === "hub-up" && one.isLive) {
      touches(undefined, [hubDownAt ?? at, at]);
      hubDownAt = undefined;
    }
  }
  if (hubDownAt !== undefined) touches(undefined, [hubDownAt, Number.POSITIVE_INFINITY]);
  return { ofAll, ofOne };
}

/** Spans are melted into one another first, so that a search finds the only one that may touch. */
function quietIn(spans: readonly Span[]): (from: number, until: number) => boolean {
  const melted: [number, number][] = [];
  for (const [from, until] of spans.toSorted((a, b) => a[0] - b[0])) {
    const last = melted.at(-1);
    if (last && from <= last[1]) last[1] = Math.max(last[1], until);
    else melted.push([from, until]);
  }
  return (from, until) => {
    let low = 0;
    let high = melted.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((melted[middle] as [number, number])[1] < from) low = middle + 1;
      else high = middle;
    }
    const next = melted[low];
    return next === undefined || next[0] > until;
  };
}

function receipts(happenings: readonly Happening[]): Map<string, number> {
  const acceptedAt = new Map<string, number>();
  for (const one of happenings) {
    if (one.type === "accepted" && !acceptedAt.has(one.eventId)) {
      acceptedAt.set(one.eventId, one.at);
    }
  }
  return acceptedAt;
}
