/**
 * How each pillar's calls really stand, by the facts on the hub's disk and by nothing else.
 *
 * A fold of its own: a mistake in the core's fold must not excuse a word that came of it.
 */
import type { Fact } from "../../../../hub/core/facts.ts";

/** `ringing`: nobody talks, whoever may own it. */
export type Phase = "ringing" | "answered" | "held" | "ended";

export interface Standing {
  readonly pillar: string;
  readonly phase: Phase;
  /** The name of whoever answered, with `answered` and `held`. */
  readonly by: string | undefined;
}

export interface Standings {
  /**
   * Facts in journal order, `index` from 1. Returns the pillar whose calls may stand otherwise now.
   */
  took(fact: Fact, index: number): string | undefined;
  /** An older copy was put back: only the first `kept` facts are left. Every pillar is touched. */
  setBack(kept: number): void;
  /** Calls of this pillar that are not over, as far as it can know of them. */
  open(pillar: string): readonly Standing[];
  /** Alarms that the journal held at some time. */
  wasRecorded(eventId: string): boolean;
  /** Whether a call of this pillar that is not over has a silent press. */
  isSilent(pillar: string): boolean;
  /** Whether this incident has a silent press. */
  hasSilent(incidentId: string): boolean;
  /** The names of all who ever answered a call of this pillar. */
  answerers(pillar: string): readonly string[];
}

interface Books {
  facts: Fact[];
  readonly calls: Map<string, Standing>;
  readonly openOf: Map<string, Set<string>>;
  readonly recorded: Set<string>;
  /** Incidents with a silent press. */
  readonly silent: Set<string>;
  readonly answerers: Map<string, Set<string>>;
  /** Pillars whose identity is revoked: whatever is open here is over for them. */
  readonly revoked: Set<string>;
}

export function newStandings(): Standings {
  const books: Books = {
    facts: [],
    calls: new Map(),
    openOf: new Map(),
    recorded: new Set(),
    silent: new Set(),
    answerers: new Map(),
    revoked: new Set(),
  };
  return {
    took: (fact, index) => {
      books.facts[index - 1] = fact;
      return apply(books, fact);
    },
    setBack: (kept) => {
      books.facts = books.facts.slice(0, kept);
      books.calls.clear();
      books.openOf.clear();
      books.revoked.clear();
      for (const fact of books.facts) apply(books, fact);
    },
    open: (pillar) =>
      books.revoked.has(pillar)
        ? []
        : [...(books.openOf.get(pillar) ?? [])].flatMap((id) => books.calls.get(id) ?? []),
    wasRecorded: (eventId) => books.recorded.has(eventId),
    isSilent: (pillar) => [...(books.openOf.get(pillar) ?? [])].some((id) => books.silent.has(id)),
    hasSilent: (incidentId) => books.silent.has(incidentId),
    answerers: (pillar) => [...(books.answerers.get(pillar) ?? [])],
  };
}

function apply(books: Books, fact: Fact): string | undefined {
  if (fact.type === "alarm-recorded") {
    const { eventId, kind, pillarId } = fact.event;
    books.recorded.add(eventId);
    if (kind !== "silent") return undefined;
    books.silent.add(fact.incidentId);
    return pillarId;
  }
  if (fact.type === "pillar-revoked" || fact.type === "pillar-enrolled") {
    if (fact.type === "pillar-revoked") books.revoked.add(fact.pillarId);
    else books.revoked.delete(fact.pillarId);
    return fact.pillarId;
  }
  if (fact.type === "incident-opened") {
    // A technician's test lights no lamp.
    if (fact.kind === "test") return undefined;
    return stands(books, fact.incidentId, {
      pillar: fact.pillarId,
      phase: "ringing",
      by: undefined,
    });
  }
  if (!("incidentId" in fact)) return undefined;
  const before = books.calls.get(fact.incidentId);
  const next = before && changed(before, fact);
  if (!next) return undefined;
  if (fact.type === "incident-answered") {
    const names = books.answerers.get(next.pillar) ?? new Set();
    books.answerers.set(next.pillar, names.add(fact.byName));
  }
  return stands(books, fact.incidentId, next);
}

function stands(books: Books, id: string, standing: Standing): string {
  const { pillar, phase } = standing;
  books.calls.set(id, standing);
  const open = books.openOf.get(pillar) ?? new Set();
  if (phase === "ended") open.delete(id);
  else open.add(id);
  books.openOf.set(pillar, open);
  return pillar;
}

function changed(before: Standing, fact: Fact): Standing | undefined {
  const { pillar } = before;
  switch (fact.type) {
    case "incident-answered":
      return { pillar, phase: "answered", by: fact.byName };
    case "incident-held":
      return { ...before, phase: fact.held ? "held" : "answered" };
    case "incident-released":
    case "incident-transferred":
    case "incident-reopened":
      return { pillar, phase: "ringing", by: undefined };
    case "incident-closed":
      return { pillar, phase: "ended", by: undefined };
    default:
      return undefined;
  }
}
