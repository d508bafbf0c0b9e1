/**
 * The simulator's sound: signed 16 bit, mono, 48 kHz, and the signals a microphone can hear.
 *
 * The one idea: a signal is a function of the sample's number since the microphone started, so it
 * has no phase jump at a block's edge, and tests can ask for any moment of it.
 */
export const SAMPLE_RATE = 48_000;
export const SAMPLES_PER_MS = SAMPLE_RATE / 1000;
export const BYTES_PER_SAMPLE = 2;

/** Sample number `index` since the start, -32,768 to 32,767. */
export type Signal = (index: number) => number;

export const tone =
  (hz: number, level = 0.3): Signal =>
  (index) =>
    Math.round(32_767 * level * Math.sin((2 * Math.PI * hz * index) / SAMPLE_RATE));

/** A clip for ever, from its beginning. */
export function loop(samples: Int16Array): Signal {
  const { length } = samples;
  return length === 0 ? () => 0 : (index) => samples[index % length] ?? 0;
}

const STREET_SECONDS = 12;
let street: Int16Array | undefined;

/** A quiet street at night, about -50 dBFS: silence with a room in it, and now and then a car. */
export const streetNoise: Signal = (index) => {
  street ??= paintStreetNoise();
  return street[index % street.length] ?? 0;
};

function paintStreetNoise(): Int16Array {
  const samples = new Int16Array(STREET_SECONDS * SAMPLE_RATE);
  let seed = 0x5eed;
  let rumble = 0;
  for (let i = 0; i < samples.length; i += 1) {
    seed = (Math.imul(seed, 1_664_525) + 1_013_904_223) >>> 0;
    const white = seed / 0x8000_0000 - 1;
    rumble = rumble * 0.985 + white * 0.015;
    // The passing car swells and fades to the same level, so the loop has no seam.
    const passing = Math.sin((Math.PI * i) / samples.length) ** 8;
    samples[i] = Math.round((rumble * (900 + 2600 * passing) + white * 12) | 0);
  }
  return samples;
}

/** Samples `from` up to `from + count` as little-endian bytes. */
export function render(signal: Signal, from: number, count: number): Buffer {
  const bytes = Buffer.allocUnsafe(count * BYTES_PER_SAMPLE);
  for (let i = 0; i < count; i += 1) bytes.writeInt16LE(signal(from + i), i * BYTES_PER_SAMPLE);
  return bytes;
}

/** A RIFF/WAVE file of these samples (PCM, mono, 48 kHz). */
export function wavFile(samples: Int16Array): Buffer {
  const bytes = samples.length * BYTES_PER_SAMPLE;
  const pcm = Buffer.from(samples.buffer, samples.byteOffset, bytes);
  return Buffer.concat([wavHeader(bytes), pcm]);
}

/** The head of a WAVE that never ends: its sizes are the largest there are. */
export const endlessWavHeader = (): Buffer => wavHeader(0xffff_ffff - 36);

function wavHeader(bytes: number): Buffer {
  const header = Buffer.alloc(44);
  header.write("RIFF", 0);
  header.writeUInt32LE(36 + bytes, 4);
  header.write("WAVEfmt ", 8);
  header.writeUInt32LE(16, 16);
  header.writeUInt16LE(1, 20);
  header.writeUInt16LE(1, 22);
  header.writeUInt32LE(SAMPLE_RATE, 24);
  header.writeUInt32LE(SAMPLE_RATE * BYTES_PER_SAMPLE, 28);
  header.writeUInt16LE(BYTES_PER_SAMPLE, 32);
  header.writeUInt16LE(16, 34);
  header.write("data", 36);
  header.writeUInt32LE(bytes, 40);
  return header;
}
