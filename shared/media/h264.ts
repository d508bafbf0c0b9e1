/**
 * What one RTP payload of H.264 carries, read from its first bytes (RFC 6184).
 *
 * A receiver can start decoding only at a keyframe, so relay and gate ask one question: does one
 * begin here? Only the headers are read: the picture itself is never parsed, and no bytes can make
 * this throw.
 */

const NAL_IDR = 5;
const NAL_SPS = 7;
const STAP_A = 24;
const FU_A = 28;

const typeOf = (byte: number): number => byte & 0x1f;
const startsKeyframe = (nalType: number): boolean => nalType === NAL_IDR || nalType === NAL_SPS;

/**
 * True when the payload holds the beginning of an IDR slice, or a sequence parameter set.
 *
 * The later fragments of an IDR slice are false: without its beginning the slice is worthless.
 */
export function carriesKeyframe(payload: Uint8Array): boolean {
  const first = payload[0];
  if (first === undefined) return false;
  const type = typeOf(first);
  if (type === STAP_A) return aggregatesKeyframe(payload);
  if (type === FU_A) return fragmentStartsKeyframe(payload);
  return startsKeyframe(type);
}

/** RFC 6184 section 5.7.1: a 16-bit size before each unit. */
function aggregatesKeyframe(payload: Uint8Array): boolean {
  let offset = 1;
  while (offset + 2 < payload.length) {
    const size = ((payload[offset] ?? 0) << 8) | (payload[offset + 1] ?? 0);
    const header = payload[offset + 2] ?? 0;
    if (size > 0 && startsKeyframe(typeOf(header))) return true;
    offset += 2 + size;
  }
  return false;
}

/** RFC 6184 section 5.8: the FU header's top bit marks the first fragment. */
function fragmentStartsKeyframe(payload: Uint8Array): boolean {
  const header = payload[1];
  if (header === undefined) return false;
  return (header & 0x80) !== 0 && startsKeyframe(typeOf(header));
}
