/** The one form of sound inside the media process: signed 16 bit, little-endian, mono, 48 kHz. */

export const PCM_RATE = 48_000;
const BYTES_PER_MS = (PCM_RATE * 2) / 1000;
export const FRAME_MS = 20;
export const FRAME_BYTES = FRAME_MS * BYTES_PER_MS;

export const durationMs = (pcm: Uint8Array): number => pcm.length / BYTES_PER_MS;

/** The frame again, fading by half along its length: less noticeable than a gap. */
export function faded(pcm: Uint8Array): Uint8Array {
  const out = new Uint8Array(pcm.length & ~1);
  const from = new DataView(pcm.buffer, pcm.byteOffset, pcm.byteLength);
  const to = new DataView(out.buffer);
  for (let i = 0; i < out.length; i += 2) {
    const gain = 1 - (0.5 * i) / out.length;
    to.setInt16(i, Math.round(from.getInt16(i, true) * gain), true);
  }
  return out;
}
