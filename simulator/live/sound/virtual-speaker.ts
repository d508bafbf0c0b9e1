/**
 * A loudspeaker made of software: takes raw s16le mono 48 kHz from a Unix socket and keeps it.
 *
 * The one idea: like a card, it plays at the speed of time and makes a writer that is ahead wait.
 */
import type { Socket } from "node:net";
import { newPlaybackBuffer } from "./playback-buffer.ts";
import type { PlaybackBuffer } from "./playback-buffer.ts";
import { newPromptDetector, ownSignatures } from "./prompt-detector.ts";
import { BYTES_PER_SAMPLE } from "./sound.ts";
import { newSoundSocket } from "./sound-socket.ts";
import type { SoundSocket } from "./sound-socket.ts";

/** The card's own buffer: with more than this, the writer waits. */
const MAX_QUEUED_MS = 100;

export interface VirtualSpeaker {
  readonly socket: SoundSocket;
  /** What was played in the last seconds, up to now. */
  last(seconds: number): Int16Array;
  /** The latest prompt it played; null before the first. */
  prompt(): string | null;
}

export async function openSpeaker(path: string): Promise<VirtualSpeaker> {
  const buffer = newPlaybackBuffer(performance.now());
  const detector = newPromptDetector(await ownSignatures());
  const socket = newSoundSocket(path, (writer) => {
    writer.on("data", (bytes: Buffer) => detector.listen(bytes));
    consume(writer, buffer);
  });
  await socket.open();
  return {
    socket,
    last: (seconds) => buffer.last(seconds, performance.now()),
    prompt: () => detector.latest(),
  };
}

function consume(writer: Socket, buffer: PlaybackBuffer): void {
  let rest = Buffer.alloc(0);
  let timer: NodeJS.Timeout | undefined;
  writer.on("data", (chunk: Buffer) => {
    const bytes = Buffer.concat([rest, chunk]);
    const count = Math.floor(bytes.length / BYTES_PER_SAMPLE);
    rest = bytes.subarray(count * BYTES_PER_SAMPLE);
    const samples = Int16Array.from({ length: count }, (_, i) =>
      bytes.readInt16LE(i * BYTES_PER_SAMPLE),
    );
    buffer.play(samples, performance.now());
    const queuedMs = buffer.queuedMs(performance.now());
    if (queuedMs <= MAX_QUEUED_MS) return;
    writer.pause();
    timer = setTimeout(() => writer.resume(), queuedMs - MAX_QUEUED_MS / 2);
  });
  writer.once("close", () => clearTimeout(timer));
}
