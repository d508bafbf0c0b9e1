/**
 * Conditional requests for one file (RFC 9110, section 13):
 * whether it is sent, and whether a part of it may be.
 *
 * A recording that still runs has a weak validator, because its head is rewritten in place: nobody
 * may join parts of two of its states. A closed one never changes again, so its validator is
 * strong.
 */
import type { IncomingHttpHeaders } from "node:http";

export interface Validators {
  /** With its quotes, and with `W/` when it is weak. */
  readonly etag: string;
  /** Milliseconds since 1970; sent in whole seconds. */
  readonly lastModifiedMs: number;
}

export type Verdict = "send" | "not-modified" | "failed";

/**
 * A date is a strong validator only when the file cannot
 * have changed again within its second (8.8.2.2).
 */
const DATE_IS_STRONG_AFTER_MS = 60_000;
/** More tags than this in one header are not looked at. */
const MAX_TAGS = 50;

export function validatorsOf(
  file: { readonly size: number; readonly mtimeMs: number },
  isGrowing: boolean,
): Validators {
  const tag = `"${file.size.toString(16)}-${Math.floor(file.mtimeMs).toString(16)}"`;
  return { etag: isGrowing ? `W/${tag}` : tag, lastModifiedMs: file.mtimeMs };
}

/** In the order of section 13.2.2; for GET and HEAD. */
export function judge(headers: IncomingHttpHeaders, validators: Validators): Verdict {
  const { etag } = validators;
  const changedAt = wholeSeconds(validators.lastModifiedMs);
  const match = headers["if-match"];
  const noneMatch = headers["if-none-match"];
  if (match !== undefined) {
    if (!isListed(match, (tag) => isStrong(etag) && tag === etag)) return "failed";
  } else {
    const since = dateOf(headers["if-unmodified-since"]);
    if (since !== undefined && changedAt > since) return "failed";
  }
  if (noneMatch !== undefined) {
    return isListed(noneMatch, (tag) => opaque(tag) === opaque(etag)) ? "not-modified" : "send";
  }
  const since = dateOf(headers["if-modified-since"]);
  return since !== undefined && changedAt <= since ? "not-modified" : "send";
}

/** Whether `Range` counts: without `If-Range`, or when it names exactly this state (13.1.5). */
export function isRangeWanted(
  ifRange: string | readonly string[] | undefined,
  validators: Validators,
  now: number,
): boolean {
  if (ifRange === undefined) return true;
  if (typeof ifRange !== "string") return false;
  const given = ifRange.trim();
  const { etag, lastModifiedMs } = validators;
  if (given.endsWith('"')) return isStrong(etag) && given === etag;
  const isOld = now - lastModifiedMs >= DATE_IS_STRONG_AFTER_MS;
  return isStrong(etag) && isOld && dateOf(given) === wholeSeconds(lastModifiedMs);
}

const isStrong = (etag: string): boolean => !etag.startsWith("W/");
const opaque = (etag: string): string => (isStrong(etag) ? etag : etag.slice(2));
const wholeSeconds = (ms: number): number => Math.floor(ms / 1000) * 1000;

function isListed(header: string, test: (tag: string) => boolean): boolean {
  if (header.trim() === "*") return true;
  const tags = header.match(/(?:W\/)?"[^"]*"/g) ?? [];
  return tags.slice(0, MAX_TAGS).some(test);
}

/** A date that cannot be read is ignored, as the RFC asks. */
function dateOf(header: string | undefined): number | undefined {
  const at = Date.parse(header ?? "");
  return Number.isNaN(at) ? undefined : at;
}
