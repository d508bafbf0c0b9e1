import { BoundedMap } from "../../../shared/bounded-map.ts";
/**
 * Refuses RTP packets that were already seen (RFC 3711 section 3.3.2).
 *
 * werift 0.25.2 also decrypts a repeated packet, so somebody who can copy packets on the wire could
 * repeat a voice. One window per SSRC, on the 16-bit sequence number; older than the window counts
 * as seen. A packet that is late but new passes: retransmissions arrive that way.
 */

/** Ten seconds of our video at worst; far more than any retransmission is late. */
export const REPLAY_WINDOW_PACKETS = 1024;
/** Two streams and their retransmissions per peer, with room for a sender that restarts. */
export const MAX_REPLAY_STREAMS = 16;

export interface ReplayWindow {
  /** True the first time a sequence number is met, false ever after. */
  accept(sequence: number): boolean;
}

export function newReplayWindow(size: number = REPLAY_WINDOW_PACKETS): ReplayWindow {
  const seen = new Uint8Array(size);
  let highest: number | undefined;
  let cursor = 0;
  const slot = (delta: number): number => (((cursor + delta) % size) + size) % size;

  return {
    accept(sequence) {
      if (highest === undefined) {
        highest = sequence & 0xffff;
        seen[cursor] = 1;
        return true;
      }
      const delta = ((sequence - highest) << 16) >> 16;
      if (delta <= -size) return false;
      if (delta > 0) {
        if (delta >= size) seen.fill(0);
        else for (let step = 1; step <= delta; step += 1) seen[slot(step)] = 0;
        cursor = slot(delta);
        highest = sequence & 0xffff;
        seen[cursor] = 1;
        return true;
      }
      if (seen[slot(delta)] === 1) return false;
      seen[slot(delta)] = 1;
      return true;
    },
  };
}

/** One window per stream; when there are too many streams the oldest is forgotten. */
export function newReplayGuard(): (ssrc: number, sequence: number) => boolean {
  const windowBySsrc = new BoundedMap<number, ReplayWindow>(MAX_REPLAY_STREAMS);
  return (ssrc, sequence) => {
    let window = windowBySsrc.get(ssrc);
    if (window === undefined) {
      window = newReplayWindow();
      windowBySsrc.set(ssrc, window);
    }
    return window.accept(sequence);
  };
}
