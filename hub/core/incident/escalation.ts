/**
 * Who is called while nobody takes an incident: the own desk at once, then all desks, the
 * supervisor, and somebody outside.
 *
 * Each level comes once in each ring. Tests stay at the first level: they try the path and are
 * nobody's emergency. Without an address outside there is no last level, because a screen must not
 * say that somebody was called who was not.
 */
import type { Escalation } from "../../../shared/api/incident.ts";
import type { EscalationLevel } from "./kinds.ts";
import type { IncidentRecord } from "../state/incident-record.ts";

export interface EscalationSettings {
  /** From the first ring, ascending. */
  readonly desksAfterMs: number;
  readonly supervisorAfterMs: number;
  readonly externalAfterMs: number;
  /** Addresses outside, the first to be tried first. */
  readonly targets: readonly string[];
}

export const DEFAULT_ESCALATION: EscalationSettings = {
  desksAfterMs: 10_000,
  supervisorAfterMs: 20_000,
  externalAfterMs: 40_000,
  targets: [],
};

/** Everybody has been called: from here on the news repeats. */
export const REPEAT_MS = 60_000;

const NEXT: Readonly<Record<Escalation, EscalationLevel | undefined>> = {
  none: "desks",
  desks: "supervisor",
  supervisor: "external",
  external: undefined,
};

export function nextLevel(
  settings: EscalationSettings,
  { kind, escalation }: Pick<IncidentRecord, "kind" | "escalation">,
): EscalationLevel | undefined {
  if (kind === "test") return undefined;
  const level = NEXT[escalation];
  return level === "external" && settings.targets.length === 0 ? undefined : level;
}

/** How long an incident rings at its level before the next step; `undefined`: there is none. */
export function waitAt(
  settings: EscalationSettings,
  incident: Pick<IncidentRecord, "kind" | "escalation">,
): number | undefined {
  const level = nextLevel(settings, incident);
  return level && afterMs(settings, level) - afterMs(settings, incident.escalation);
}

function afterMs(settings: EscalationSettings, level: Escalation): number {
  switch (level) {
    case "none":
      return 0;
    case "desks":
      return settings.desksAfterMs;
    case "supervisor":
      return settings.supervisorAfterMs;
    case "external":
      return settings.externalAfterMs;
  }
}
