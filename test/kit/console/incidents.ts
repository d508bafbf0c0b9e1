/** Incidents and pillars for the console's tests, each with only what the test is about. */
import { Incident } from "../../../shared/api/incident.ts";
import type { TimelineEntry } from "../../../shared/api/timeline.ts";
import { Pillar } from "../../../shared/api/pillar.ts";

const START = Date.parse("2026-11-23T12:00:00.000Z");
export const at = (ms: number): string => new Date(START + ms).toISOString();
export const START_MS = START;

export const idOf = (n: number): string => n.toString(16).padStart(32, "0");

export function incident(n: number, change: Record<string, unknown> = {}): Incident {
  return Incident.parse({
    id: idOf(n),
    pillarId: `pillar-${n}`,
    pillarName: `Pillar ${n}`,
    kind: "voice",
    state: "open",
    priority: 1,
    priorityReason: { kind: "rule", rule: "night" },
    pressedAt: at(n * 1000),
    openedAt: at(n * 1000),
    acknowledgedAt: null,
    answeredAt: null,
    closedAt: null,
    owner: null,
    ownerName: null,
    isHeld: false,
    presses: 1,
    isVerified: true,
    escalation: "none",
    deadlineAt: null,
    disposition: null,
    note: null,
    text: null,
    lock: null,
    ...change,
  });
}

export function pillar(n: number, change: Record<string, unknown> = {}): Pillar {
  return Pillar.parse({
    id: `pillar-${n}`,
    name: `Pillar ${n}`,
    grid: "Grid 1",
    address: "",
    position: null,
    presence: "online",
    lastSeenAt: at(0),
    isEnrolled: true,
    certificate: { serial: "4a", issuedAt: at(0), validUntil: at(0), isExpired: false },
    revocation: null,
    faults: [],
    release: "1.0.0",
    ...change,
  });
}

export function entry(type: string, ms: number): TimelineEntry {
  return { index: 1, at: at(ms), type, by: null, byName: null, detail: null, eventId: null };
}
