/**
 * Text that people or machines outside wrote: what may enter as a name, and how any of it is shown.
 *
 * A control character can end a log line or colour a terminal; a bidirectional control (U+202E)
 * makes the rest of a line read backwards. Names refuse both where they enter. Everything else is
 * shown with such characters made visible, so that nothing from outside changes how the text around
 * it reads.
 */
import { z } from "zod";

/**
 * Control, format and separator characters, and halves of
 * a character: invisible, or they steer the text around.
 */
const UNSEEN = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}\u115F\u1160\u3164\uFFA0]/u;
const EACH_UNSEEN = new RegExp(UNSEEN.source, "gu");
/**
 * Joiners belong to words of several scripts and to pictograms. They change nothing around them.
 */
const HARMLESS = new Set(["\u200C", "\u200D"]);
const RIGHT_TO_LEFT =
  /[\u0590-\u08FF\uFB1D-\uFDFF\uFE70-\uFEFC\u{10800}-\u{10FFF}\u{1E800}-\u{1EFFF}]/u;

/** U+2068 FIRST STRONG ISOLATE, U+2069 POP DIRECTIONAL ISOLATE (Unicode Standard Annex 9). */
const ISOLATE = "\u2068";
const END_ISOLATE = "\u2069";

export const MAX_NAME = 60;

/** A name on one line: 1 to 60 characters, none that is invisible or steers the text around it. */
export const PlainName = z
  .string()
  .max(4 * MAX_NAME, `expected at most ${MAX_NAME} characters`)
  .trim()
  .min(1, "expected a name, found nothing")
  .max(MAX_NAME, `expected at most ${MAX_NAME} characters`)
  .refine((text) => !UNSEEN.test(text), "expected no control or direction characters");

/**
 * The same text with every invisible character as a visible one. Line breaks stay when
 * `isMultiline`, otherwise they are shown as well. Linear in the length of the text.
 */
export function visible(text: string, isMultiline = false): string {
  if (!UNSEEN.test(text)) return text;
  return text.replace(EACH_UNSEEN, (found) => {
    if (HARMLESS.has(found) || (isMultiline && found === "\n")) return found;
    return PICTURES[found] ?? picture(found.codePointAt(0) ?? 0);
  });
}

/**
 * For one line made of several texts, where no element can
 * isolate them: attributes, sentences, notifications.
 */
export function isolated(text: string): string {
  const shown = visible(text);
  return RIGHT_TO_LEFT.test(shown) ? ISOLATE + shown + END_ISOLATE : shown;
}

/**
 * U+2400 to U+2421 are pictures of the ASCII control
 * characters; the others are named by their number.
 */
function picture(code: number): string {
  if (code < 0x20) return String.fromCodePoint(0x2400 + code);
  if (code === 0x7f) return "\u2421";
  return `‹U+${code.toString(16).toUpperCase().padStart(4, "0")}›`;
}

const UNSEEN_IN_LINE = /[\u007F-\u009F\p{Cf}\p{Zl}\p{Zp}]/u;
const EACH_UNSEEN_IN_LINE = new RegExp(UNSEEN_IN_LINE.source, "gu");

/**
 * A line of JSON for a log, with the invisible characters that JSON allows written as escapes: the
 * same value to a program, and plain to a person's terminal. JSON itself escapes line breaks and
 * ESC.
 */
export function plainJsonLine(line: string): string {
  if (!UNSEEN_IN_LINE.test(line)) return line;
  return line.replace(EACH_UNSEEN_IN_LINE, (found) => {
    let escaped = "";
    for (let unit = 0; unit < found.length; unit++) {
      escaped += `\\u${found.charCodeAt(unit).toString(16).padStart(4, "0")}`;
    }
    return escaped;
  });
}

/** Made once for the ones that come in numbers. */
const PICTURES: Readonly<Record<string, string>> = Object.fromEntries(
  Array.from({ length: 0x70 }, (_, n) => 0x2000 + n).map((code) => [
    String.fromCodePoint(code),
    picture(code),
  ]),
);
