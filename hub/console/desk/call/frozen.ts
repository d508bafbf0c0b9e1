/**
 * Whether a picture still moves.
 *
 * A browser shows the last frame of a dead stream for ever. Only counting decoded frames
 * shows this: a track can be "live" and a connection "connected" while nothing arrives.
 */
export const FROZEN_AFTER_MS = 2000;

export type Picture =
  | { readonly phase: "waiting"; readonly since: number }
  | { readonly phase: "moving"; readonly frames: number; readonly at: number }
  | { readonly phase: "frozen"; readonly frames: number; readonly at: number };

export const newPicture = (at: number): Picture => ({ phase: "waiting", since: at });

/** `frames`: decoded since the connection began. A smaller count means a new connection. */
export function stepPicture(picture: Picture, frames: number, at: number): Picture {
  if (picture.phase === "waiting") {
    return frames > 0 ? { phase: "moving", frames, at } : picture;
  }
  if (frames > picture.frames) return { phase: "moving", frames, at };
  // A new connection counts from zero: the age of the old picture goes on.
  const seen = Math.min(picture.frames, frames);
  const phase = at - picture.at >= FROZEN_AFTER_MS ? "frozen" : picture.phase;
  return { phase, frames: seen, at: picture.at };
}
