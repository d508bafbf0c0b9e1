/** One line per change of an incident: its id follows a press through every log. */
import type { Logger } from "pino";
import type { Fact, FactOf, IncidentFact } from "../core/facts.ts";

export function logFacts(log: Logger, facts: readonly Fact[]): void {
  for (const fact of facts) {
    if ("incidentId" in fact) {
      const words = wordsOf(fact);
      if (words) log.info({ traceId: fact.incidentId, fact: fact.type }, line(fact, words));
    } else if (fact.type === "presence-changed") {
      log.info({ pillarId: fact.pillarId }, `pillar ${fact.pillarId} is ${fact.presence}`);
    } else if (fact.type === "pillar-cloned") {
      log.error({ pillarId: fact.pillarId }, `pillar ${fact.pillarId} may be two: ${fact.detail}`);
    } else if (fact.type === "pillar-revoked") {
      const words = `pillar ${fact.pillarId} was revoked by ${fact.by}: ${fact.reason}`;
      log.warn({ pillarId: fact.pillarId }, words);
    } else if (fact.type === "grid-lost") {
      log.error({ grid: fact.grid }, `grid ${fact.grid}: all ${fact.count} pillars are lost`);
    } else if (fact.type === "hub-fault") {
      const verb = fact.isActive ? "has" : "is free of";
      log.warn({ fault: fact.code }, `the hub ${verb} ${fact.code}: ${fact.detail}`);
    } else if (fact.type === "pillar-fault") {
      const verb = fact.isActive ? "has" : "is free of";
      log.warn({ pillarId: fact.pillarId }, `pillar ${fact.pillarId} ${verb} ${fact.code}`);
    }
  }
}

const line = (fact: IncidentFact, words: string): string =>
  `incident ${fact.incidentId.slice(0, 8)} ${words}`;

type Words = {
  readonly [T in IncidentFact["type"]]?: (fact: FactOf<T>) => string | undefined;
};

const WORDS: Words = {
  "alarm-recorded": (f) =>
    f.doubt && `holds an alarm whose ${f.doubt} cannot be right: counted as pressed when it came`,
  "incident-opened": (f) => `→ open ${f.kind} at ${f.pillarId}, ${since(f)} after the press`,
  "incident-joined": () => "pressed again",
  "alarm-equivocation": (f) => `holds two alarms under number ${f.seq} of ${f.pillarId}`,
  "deadline-passed": (f) => `nobody took it in time (${f.reason})`,
  "incident-escalated": (f) => `rings ${f.level}`,
  "incident-released": (f) => `→ open, ${f.fromName} has no console any more`,
  "external-delivered": (f) => `told to the outside (attempt ${f.attempt})`,
  "external-failed": (f) => `not told to the outside (attempt ${f.attempt}): ${f.detail}`,
  "external-gone": () => "not told to the outside: the receiver wants no more calls",
  "incident-pillar-revoked": (f) => `goes on without its pillar, revoked by ${f.byName}`,
  "incident-acknowledged": (f) => `→ acknowledged by ${f.byName}`,
  "incident-answered": (f) =>
    `→ answered by ${f.byName}${f.fromName === null ? "" : `, taken from ${f.fromName}`}`,
  "incident-held": (f) => `${f.held ? "held" : "resumed"} by ${f.byName}`,
  "incident-transferred": (f) => `→ open, handed by ${f.byName} to ${f.toName}`,
  "unit-dispatched": (f) => `${f.unit} sent by ${f.byName}`,
  "incident-closed": (f) => `→ closed by ${f.byName}: ${f.disposition}`,
  "incident-reopened": (f) => `→ open, reopened by ${f.byName}`,
  "recording-ended": (f) => `recording ${f.state}, ${(f.durationMs / 1000).toFixed(1)} s`,
  "recording-deleted": (f) => `loses recording ${f.recordingId.slice(0, 8)}: ${f.reason}`,
  "incident-locked": (f) => `locked by ${f.byName}: ${f.reason}`,
  "incident-unlocked": (f) => `unlocked by ${f.byName}: ${f.reason}`,
  "view-opened": (f) => `${f.role === "talk" ? "talked to" : "watched"} by ${f.byName}`,
};

function wordsOf(fact: IncidentFact): string | undefined {
  const words = WORDS[fact.type] as ((fact: IncidentFact) => string | undefined) | undefined;
  return words?.(fact);
}

const since = (fact: { readonly at: number; readonly pressedAt: number }): string =>
  `${((fact.at - fact.pressedAt) / 1000).toFixed(1)} s`;
