/**
 * Which tone sounds, where, and its notes.
 *
 * Three fill the room, each 1.5 s at most and repeated every 3 s: more than three are hard to tell
 * apart at night. A silent alarm sounds in the headset alone, until it has been left so long that all
 * desks are called. A tone stops as soon as any desk has seen the incident. During a conversation
 * nothing rings: whatever begins to ring is one short tick in the headset.
 */
import type { Incident } from "../../../../shared/api/incident.ts";
import { isOffered, isSilent } from "./queue.ts";

export type Tone = "emergency" | "normal" | "system" | "silent" | "tick";
/** What is heard by whoever wears the headset, and by nobody else in the room. */
export const isForHeadset = (tone: Tone): boolean => tone === "silent" || tone === "tick";

export const REPEAT_MS = 3000;
/** A quieter ring could be missed. */
export const MIN_VOLUME = 0.3;

export interface Note {
  readonly hz: number;
  readonly startMs: number;
  readonly lengthMs: number;
}

export const NOTES: Readonly<Record<Tone, readonly Note[]>> = {
  emergency: [
    { hz: 880, startMs: 0, lengthMs: 180 },
    { hz: 1175, startMs: 200, lengthMs: 180 },
    { hz: 880, startMs: 400, lengthMs: 180 },
    { hz: 1175, startMs: 600, lengthMs: 180 },
    { hz: 880, startMs: 800, lengthMs: 180 },
    { hz: 1175, startMs: 1000, lengthMs: 320 },
  ],
  normal: [
    { hz: 660, startMs: 0, lengthMs: 320 },
    { hz: 830, startMs: 380, lengthMs: 420 },
  ],
  silent: [
    { hz: 330, startMs: 0, lengthMs: 140 },
    { hz: 330, startMs: 220, lengthMs: 140 },
    { hz: 330, startMs: 440, lengthMs: 140 },
  ],
  tick: [{ hz: 1000, startMs: 0, lengthMs: 60 }],
  system: [
    { hz: 520, startMs: 0, lengthMs: 220 },
    { hz: 390, startMs: 260, lengthMs: 420 },
  ],
};

/**
 * An incident rings until somebody has seen it; a technician's
 * test never rings at an operator's desk.
 */
export function isRinging(incident: Incident, me: string): boolean {
  return incident.state === "open" && incident.kind !== "test" && isOffered(incident, me);
}

export interface Surroundings {
  readonly isTalking: boolean;
  readonly isLinkLost: boolean;
}

/** What is repeated; null: nothing rings. */
export function chooseTone(
  ringing: readonly Incident[],
  { isTalking, isLinkLost }: Surroundings,
): Tone | null {
  if (isTalking) return null;
  const aloud = ringing.filter((one) => !isSilent(one) || one.escalation !== "none");
  if (aloud.some((incident) => incident.priority === 1)) return "emergency";
  if (aloud.length > 0) return "normal";
  if (ringing.length > 0) return "silent";
  return isLinkLost ? "system" : null;
}

/** Whether something rings that did not a moment ago. */
export const hasBegun = (now: readonly string[], before: readonly string[]): boolean =>
  now.some((id) => !before.includes(id));

export function ringVolume(chosen: number): number {
  return Math.min(1, Math.max(MIN_VOLUME, chosen));
}
