/**
 * A microphone made of software: an endless WAVE, mono
 * 48 kHz, on a Unix socket, at the speed of time.
 *
 * The one idea: what it hears can be changed at any moment, and the stream goes on without a jump.
 */
import type { Socket } from "node:net";
import { samplesDue } from "./sample-clock.ts";
import type { SampleClock } from "./sample-clock.ts";
import {
  BYTES_PER_SAMPLE,
  endlessWavHeader,
  render,
  SAMPLES_PER_MS,
  streetNoise,
} from "./sound.ts";
import type { Signal } from "./sound.ts";
import { newSoundSocket } from "./sound-socket.ts";
import type { SoundSocket } from "./sound-socket.ts";

const BLOCK_MS = 10;

/** A reader this far behind loses sound, as with a card. */
const MAX_UNREAD_BYTES = 200 * SAMPLES_PER_MS * BYTES_PER_SAMPLE;

export interface VirtualMicrophone {
  readonly socket: SoundSocket;
  hear(signal: Signal): void;
}

export async function openMicrophone(path: string): Promise<VirtualMicrophone> {
  let signal = streetNoise;
  const socket = newSoundSocket(path, (reader) => feed(reader, (index) => signal(index)));
  await socket.open();
  return { socket, hear: (next) => void (signal = next) };
}

function feed(reader: Socket, signal: Signal): void {
  reader.write(endlessWavHeader());
  let clock: SampleClock = { startedAt: performance.now(), position: 0 };
  const timer = setInterval(() => {
    const due = samplesDue(clock, performance.now(), BLOCK_MS * SAMPLES_PER_MS);
    clock = due.clock;
    if (due.count === 0 || reader.writableLength > MAX_UNREAD_BYTES) return;
    reader.write(render(signal, due.from, due.count));
  }, BLOCK_MS);
  reader.resume();
  reader.once("close", () => clearInterval(timer));
}
