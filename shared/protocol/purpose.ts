/** Why picture and sound flow, and what each reason opens at a pillar. */
import { z } from "zod";

/**
 * `call`: somebody pressed. `listen`: a look around, with sound. `shout`: a voice for the street.
 * `check`: whether the camera shows what it should, without sound. `footage`: pictures that the
 * pillar has kept.
 */
export const Purpose = z.enum(["call", "listen", "shout", "check", "footage"]);
export type Purpose = z.infer<typeof Purpose>;

/** Those for which nobody at the pillar has asked: each needs a grant of the hub. */
export const GrantedPurpose = Purpose.exclude(["call"]);
export type GrantedPurpose = z.infer<typeof GrantedPurpose>;

/** Those for which somebody at a console looks at a pillar that nobody calls from. */
export const LookPurpose = Purpose.extract(["listen", "check"]);
export type LookPurpose = z.infer<typeof LookPurpose>;

/** How long somebody looks at most; then they may ask again, and are named again. */
export const LOOK_AT_MOST_MS: Readonly<Record<LookPurpose, number>> = {
  check: 120_000,
  listen: 600_000,
};

/** Characters of the reason for a look. */
export const MAX_LOOK_REASON = 200;

/** What is open. */
export interface Opening {
  readonly camera: boolean;
  readonly microphone: boolean;
  readonly speaker: boolean;
}

export const SHUT: Opening = { camera: false, microphone: false, speaker: false };

export const OPENED_FOR: Readonly<Record<Purpose, Opening>> = {
  call: { camera: true, microphone: true, speaker: true },
  listen: { ...SHUT, camera: true, microphone: true },
  shout: { ...SHUT, speaker: true },
  check: { ...SHUT, camera: true },
  footage: { ...SHUT, camera: true },
};

export const isAnyOpen = (opening: Opening): boolean =>
  opening.camera || opening.microphone || opening.speaker;
