/** The sound in a WAVE file that a pillar's loudspeaker was asked for. */

/** The bytes after the `data` chunk's head. */
export function pcmOf(wav: Buffer): Buffer {
  const at = wav.indexOf("data");
  if (at < 0)
    throw new Error(`expected a WAV file, found ${wav.subarray(0, 12).toString("latin1")}`);
  return wav.subarray(at + 8);
}
