/**
 * What a recording's header must say of H.264: the decoder configuration and the picture's size
 * (ITU-T H.264 section 7.3.2.1.1, ISO/IEC 14496-15 section 5.3.3.1).
 *
 * Total: what cannot be read never costs the track. The size is only a hint for players that lay
 * out a page; decoders read the parameter set themselves.
 */

export interface VideoFormat {
  readonly width: number;
  readonly height: number;
  readonly sps: Uint8Array;
  readonly pps: Uint8Array;
}

const SPS = 7;
const PPS = 8;
/** Together they must fit in the file's reserved head. */
export const MAX_PARAMETER_SET_BYTES = 512;

export function videoFormat(units: readonly Uint8Array[]): VideoFormat | undefined {
  const sps = units.find((unit) => ((unit[0] ?? 0) & 0x1f) === SPS);
  const pps = units.find((unit) => ((unit[0] ?? 0) & 0x1f) === PPS);
  if (sps === undefined || pps === undefined) return undefined;
  if (sps.length < 4 || sps.length + pps.length > MAX_PARAMETER_SET_BYTES) return undefined;
  return { ...(pictureSize(sps) ?? USUAL_SIZE), sps, pps };
}

const USUAL_SIZE = { width: 1280, height: 720 };

/** Profiles whose parameter set carries a chroma format. */
const HIGH_PROFILES = new Set([100, 110, 122, 244, 44, 83, 86, 118, 128, 138]);

function pictureSize(sps: Uint8Array): { width: number; height: number } | undefined {
  const bits = newBitReader(withoutEmulation(sps.subarray(1)));
  const profile = bits.read(8);
  bits.read(16);
  bits.exp();
  let chroma = 1;
  if (HIGH_PROFILES.has(profile)) {
    chroma = bits.exp();
    if (chroma === 3) bits.read(1);
    bits.exp();
    bits.exp();
    bits.read(1);
    if (bits.read(1) === 1) skipScalingLists(bits, chroma === 3 ? 12 : 8);
  }
  bits.exp();
  skipOrderCount(bits);
  bits.exp();
  bits.read(1);
  const widthInBlocks = bits.exp() + 1;
  const heightInMaps = bits.exp() + 1;
  const isFrameOnly = bits.read(1);
  if (isFrameOnly === 0) bits.read(1);
  bits.read(1);
  const crop = bits.read(1) === 1 ? [bits.exp(), bits.exp(), bits.exp(), bits.exp()] : [0, 0, 0, 0];
  const [left = 0, right = 0, top = 0, bottom = 0] = crop;
  const unitX = chroma === 1 || chroma === 2 ? 2 : 1;
  const unitY = (chroma === 1 ? 2 : 1) * (2 - isFrameOnly);
  const width = widthInBlocks * 16 - (left + right) * unitX;
  const height = heightInMaps * 16 * (2 - isFrameOnly) - (top + bottom) * unitY;
  const isSane = bits.isWhole() && width > 0 && height > 0 && width <= 8192 && height <= 8192;
  return isSane ? { width, height } : undefined;
}

/** Section 7.3.2.1.1.1: the lists' lengths depend on their values. */
function skipScalingLists(bits: BitReader, count: number): void {
  for (let list = 0; list < count; list += 1) {
    if (bits.read(1) === 0) continue;
    const size = list < 6 ? 16 : 64;
    let last = 8;
    let next = 8;
    for (let index = 0; index < size && next !== 0; index += 1) {
      next = (last + signed(bits.exp()) + 256) % 256;
      last = next === 0 ? last : next;
    }
  }
}

/** Section 9.1.1: 1, -1, 2, -2 ... */
const signed = (code: number): number => (code % 2 === 1 ? (code + 1) / 2 : -code / 2);

function skipOrderCount(bits: BitReader): void {
  const type = bits.exp();
  if (type === 0) bits.exp();
  if (type !== 1) return;
  bits.read(1);
  bits.exp();
  bits.exp();
  const cycle = Math.min(bits.exp(), 255);
  for (let index = 0; index < cycle; index += 1) bits.exp();
}

interface BitReader {
  read(count: number): number;
  /** Exp-Golomb; signed values are only skipped, so one reading serves both. */
  exp(): number;
  /** False once more was asked than there was. */
  isWhole(): boolean;
}

function newBitReader(bytes: Uint8Array): BitReader {
  let position = 0;
  const read = (count: number): number => {
    let value = 0;
    for (let index = 0; index < count; index += 1) {
      const bit = ((bytes[position >> 3] ?? 0) >> (7 - (position & 7))) & 1;
      value = value * 2 + bit;
      position += 1;
    }
    return value;
  };
  return {
    read,
    exp() {
      let zeros = 0;
      while (zeros < 32 && read(1) === 0) zeros += 1;
      return 2 ** zeros - 1 + read(zeros);
    },
    isWhole: () => position <= bytes.length * 8,
  };
}

/** Removes the 03 of 00 00 03 (section 7.4.1). */
function withoutEmulation(bytes: Uint8Array): Uint8Array {
  return bytes.filter(
    (byte, index) => !(byte === 3 && bytes[index - 1] === 0 && bytes[index - 2] === 0),
  );
}
