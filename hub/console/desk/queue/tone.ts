/**
 * Which of the three tones sounds, and its notes.
 *
 * Three only, each 1.5 s at most and repeated every 3 s: more than three are hard to tell apart at
 * night. A tone stops as soon as any desk has seen the incident.
 */
import type { Incident } from "../../../../shared/api/incident.ts";
import { isOffered } from "./queue.ts";

export type Tone = "emergency" | "normal" | "system";

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

export function chooseTone(ringing: readonly Incident[], isLinkLost: boolean): Tone | null {
  if (ringing.some((incident) => incident.priority === 1)) return "emergency";
  if (ringing.length > 0) return "normal";
  return isLinkLost ? "system" : null;
}

export function ringVolume(chosen: number): number {
  return Math.min(1, Math.max(MIN_VOLUME, chosen));
}
