/** WAV files of s16le sound: written for a browser's microphone, read from a pillar's speaker. */

const HEADER_BYTES = 44;

export function wavFile(samples: Int16Array, rate = 48_000): Buffer {
  const header = Buffer.alloc(HEADER_BYTES);
  header.write("RIFF", 0);
  header.writeUInt32LE(HEADER_BYTES - 8 + samples.byteLength, 4);
  header.write("WAVEfmt ", 8);
  header.writeUInt32LE(16, 16);
  header.writeUInt16LE(1, 20);
  header.writeUInt16LE(1, 22);
  header.writeUInt32LE(rate, 24);
  header.writeUInt32LE(rate * 2, 28);
  header.writeUInt16LE(2, 32);
  header.writeUInt16LE(16, 34);
  header.write("data", 36);
  header.writeUInt32LE(samples.byteLength, 40);
  return Buffer.concat([
    header,
    Buffer.from(samples.buffer, samples.byteOffset, samples.byteLength),
  ]);
}

/** The bytes after the `data` chunk's head. */
export function pcmOf(wav: Buffer): Buffer {
  const at = wav.indexOf("data");
  if (at < 0)
    throw new Error(`expected a WAV file, found ${wav.subarray(0, 12).toString("latin1")}`);
  return wav.subarray(at + 8);
}
