/**
 * What the speaker plays: the operator's voice, or a prompt while nobody speaks.
 *
 * Lateness is bounded. Sound that waits here and sound that waits in the player count together, and
 * what exceeds `maxPlaybackMs` is dropped, oldest first, so that the conversation stays in step. A
 * prompt ends for good as soon as a voice comes.
 */
import { FRAME_BYTES, durationMs, faded } from "./pcm.ts";
import { newReorder, type Ordered } from "./reorder.ts";

/** Where sound goes. */
export interface Sink {
  /** Handed over and not yet heard. */
  outstandingMs(): number;
  /** `false`: the player is stuck and took nothing. */
  write(pcm: Uint8Array): boolean;
}

export interface PlaybackOptions {
  readonly maxPlaybackMs: number;
  readonly sink: Sink;
  /** One Opus packet to PCM; throws on a malformed one. */
  readonly decode: (payload: Uint8Array) => Uint8Array;
  readonly onPlayed: () => void;
  readonly onTrouble: (text: string) => void;
}

export interface Playback {
  voice(sequenceNumber: number, payload: Uint8Array): void;
  prompt(pcm: Uint8Array): void;
  /** Moves sound on; to be called every 10 ms while `isBusy`. */
  tick(): void;
  isBusy(): boolean;
  /** Forgets the voice that still waits, as when the gate is shut. */
  hush(): void;
}

/** Ticks to wait for a missing packet: 40 ms. */
const MAX_TICKS_WAITING = 4;

export function newPlayback(options: PlaybackOptions): Playback {
  const { maxPlaybackMs, sink } = options;
  let reorder = newReorder();
  let ticksWaiting = 0;
  let queue: Uint8Array[] = [];
  let latest: Uint8Array | undefined;
  let prompt: Uint8Array | undefined;

  const write = (pcm: Uint8Array): void => {
    if (sink.write(pcm)) options.onPlayed();
  };

  const hasRoomFor = (pcm: Uint8Array): boolean =>
    sink.outstandingMs() + durationMs(pcm) <= maxPlaybackMs;

  const pump = (): void => {
    for (let pcm = queue[0]; pcm !== undefined && hasRoomFor(pcm); pcm = queue[0]) {
      queue.shift();
      write(pcm);
    }
    while (prompt !== undefined) {
      const frame = prompt.subarray(0, FRAME_BYTES);
      if (!hasRoomFor(frame)) return;
      prompt = prompt.length > frame.length ? prompt.subarray(frame.length) : undefined;
      write(frame);
    }
  };

  const decoded = (ordered: Ordered): Uint8Array | undefined => {
    if (ordered === "lost") {
      latest = latest && faded(latest);
      return latest;
    }
    try {
      latest = options.decode(ordered);
    } catch (error) {
      options.onTrouble(`a sound packet of the hub cannot be decoded (${String(error)})`);
      latest = latest && faded(latest);
    }
    return latest;
  };

  const enqueue = (arrived: readonly Ordered[]): void => {
    for (const ordered of arrived) {
      const pcm = decoded(ordered);
      if (pcm !== undefined) queue.push(pcm);
    }
    const waitingMs = (): number => queue.reduce((sum, pcm) => sum + durationMs(pcm), 0);
    while (queue.length > 0 && sink.outstandingMs() + waitingMs() > maxPlaybackMs) queue.shift();
    pump();
  };

  return {
    voice(sequenceNumber, payload) {
      prompt = undefined;
      if (!reorder.isWaiting()) ticksWaiting = 0;
      enqueue(reorder.push(sequenceNumber, payload));
    },
    prompt(pcm) {
      prompt = pcm;
      pump();
    },
    tick() {
      ticksWaiting = reorder.isWaiting() ? ticksWaiting + 1 : 0;
      if (ticksWaiting > MAX_TICKS_WAITING) enqueue(reorder.giveUp());
      else pump();
    },
    isBusy: () => prompt !== undefined || queue.length > 0 || reorder.isWaiting(),
    hush() {
      queue = [];
      latest = undefined;
      reorder = newReorder();
    },
  };
}
