/**
 * Reads a prompt: a RIFF WAVE file of PCM, 16 bit, mono, 48 kHz.
 *
 * Other kinds are refused and not converted: whoever makes a prompt has the tools for that.
 */
import { PCM_RATE } from "./pcm.ts";

export type Wav =
  | { readonly ok: true; readonly pcm: Uint8Array }
  | { readonly ok: false; readonly reason: string };

const RIFF_HEADER_BYTES = 12;
const CHUNK_HEADER_BYTES = 8;
const FORMAT_BYTES = 16;
const WANTED = `PCM, 1 channel, ${PCM_RATE} Hz, 16 bit`;

const refused = (found: string): Wav => ({ ok: false, reason: `expected ${WANTED}; ${found}` });

/** Total: any bytes give sound or a reason. */
export function parseWav(bytes: Uint8Array): Wav {
  if (textAt(bytes, 0) !== "RIFF" || textAt(bytes, 8) !== "WAVE") {
    return refused("found no RIFF WAVE file");
  }
  const format = chunk(bytes, "fmt ");
  if (format === undefined || format.length < FORMAT_BYTES) return refused("found no format");
  const view = new DataView(format.buffer, format.byteOffset, format.byteLength);
  const kind = view.getUint16(0, true) === 1 ? "PCM" : "not PCM";
  const channels = view.getUint16(2, true);
  const rate = view.getUint32(4, true);
  const bits = view.getUint16(14, true);
  const found = `${kind}, ${channels} channel${channels === 1 ? "" : "s"}, ${rate} Hz, ${bits} bit`;
  if (found !== WANTED) return refused(`found ${found}`);
  const pcm = chunk(bytes, "data");
  if (pcm === undefined || pcm.length < 2) return refused("found no sound");
  return { ok: true, pcm: pcm.subarray(0, pcm.length & ~1) };
}

/** The first chunk of that name, cut at the end of the file when its size says more. */
function chunk(bytes: Uint8Array, name: string): Uint8Array | undefined {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let offset = RIFF_HEADER_BYTES;
  while (offset + CHUNK_HEADER_BYTES <= bytes.length) {
    const start = offset + CHUNK_HEADER_BYTES;
    const end = start + view.getUint32(offset + 4, true);
    if (textAt(bytes, offset) === name) return bytes.subarray(start, Math.min(end, bytes.length));
    // Chunks begin at even offsets.
    offset = end + (end & 1);
  }
  return undefined;
}

function textAt(bytes: Uint8Array, offset: number): string {
  return String.fromCharCode(...bytes.subarray(offset, offset + 4));
}
