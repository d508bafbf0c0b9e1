/** `Range: bytes=…` of one range (RFC 9110, section 14), which is all that players ask for. */

export type ByteRange =
  | { readonly type: "whole" }
  /** Both ends included. */
  | { readonly type: "part"; readonly first: number; readonly last: number }
  | { readonly type: "unsatisfiable" };

const WHOLE: ByteRange = { type: "whole" };
const UNSATISFIABLE: ByteRange = { type: "unsatisfiable" };

/** A header that is no single byte range is ignored, as the RFC allows. */
export function parseByteRange(header: string | undefined, size: number): ByteRange {
  const found = /^bytes=(\d{0,15})-(\d{0,15})$/.exec((header ?? "").trim());
  if (!found) return WHOLE;
  const [, from = "", to = ""] = found;
  if (from === "" && to === "") return WHOLE;
  if (from === "") return suffix(Number(to), size);
  const first = Number(from);
  if (first >= size) return UNSATISFIABLE;
  const last = to === "" ? size - 1 : Math.min(Number(to), size - 1);
  return last < first ? WHOLE : { type: "part", first, last };
}

function suffix(length: number, size: number): ByteRange {
  if (length === 0 || size === 0) return UNSATISFIABLE;
  return { type: "part", first: Math.max(0, size - length), last: size - 1 };
}
