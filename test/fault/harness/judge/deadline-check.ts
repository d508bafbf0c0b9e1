/**
 * I5: every open incident has an owner or a running deadline, and a deadline fires when it is due.
 *
 * A hub that is down fires nothing; what became due meanwhile fires within the tolerance after its
 * return. A restored journal does not know what fired since the copy was made.
 */
import { PROMISED_MS } from "../../../../shared/promises.ts";
import type { Fact } from "../../../../hub/core/facts.ts";
import type { Violation } from "./violation.ts";
import type { Entry } from "./history.ts";
import type { JournalView } from "./journal-view.ts";

interface Care {
  owner: string | null;
  dueAt: number | null;
}

export function deadlineViolations(
  entries: readonly Entry[],
  { facts, isHubClockTrue }: JournalView,
): Violation[] {
  const found: string[] = [];
  const open = new Map<string, Care>();
  const times = outages(entries);
  for (const [i, fact] of facts.entries()) {
    if (isHubClockTrue) found.push(...late(open, fact, times));
    apply(open, fact);
    // Facts of one decision share their moment; only its end is a state anybody could see.
    if (facts[i + 1]?.at === fact.at) continue;
    for (const [id, care] of open) {
      if (care.owner === null && care.dueAt === null) {
        found.push(`incident ${id} has neither owner nor deadline after row ${i + 1}`);
        care.dueAt = Infinity;
      }
    }
  }
  const end = entries.find((entry) => entry.what === "end");
  if (end && isHubClockTrue && !times.isDown) {
    for (const [id, { owner, dueAt }] of open) {
      if (owner !== null || dueAt === null) continue;
      const late = firedBy(dueAt, times) - end.at;
      if (late < 0) found.push(`incident ${id}: its deadline of ${dueAt} never fired`);
    }
  }
  return found.map((detail) => ({ invariant: "I5", detail }));
}

function apply(open: Map<string, Care>, fact: Fact): void {
  if (!("incidentId" in fact)) return;
  const care = open.get(fact.incidentId);
  switch (fact.type) {
    case "incident-opened":
    case "incident-reopened":
      open.set(fact.incidentId, { owner: null, dueAt: null });
      return;
    case "incident-closed":
      open.delete(fact.incidentId);
      return;
    case "deadline-set":
      if (care) care.dueAt = fact.dueAt;
      return;
    case "deadline-passed":
      if (care) care.dueAt = null;
      return;
    case "incident-acknowledged":
    case "incident-answered":
      if (care) Object.assign(care, { owner: fact.by, dueAt: null });
      return;
    case "incident-transferred":
    case "incident-released":
      if (care) care.owner = null;
      return;
    default:
  }
}

function late(open: ReadonlyMap<string, Care>, fact: Fact, times: Outages): string[] {
  if (fact.type !== "deadline-passed") return [];
  const dueAt = open.get(fact.incidentId)?.dueAt;
  if (dueAt === null || dueAt === undefined || fact.at <= firedBy(dueAt, times)) return [];
  return [`incident ${fact.incidentId}: due at ${dueAt}, fired at ${fact.at}`];
}

interface Outages {
  readonly spans: readonly { readonly from: number; readonly to: number }[];
  readonly isDown: boolean;
}

function outages(entries: readonly Entry[]): Outages {
  const spans: { from: number; to: number }[] = [];
  let downAt: number | undefined;
  for (const entry of entries) {
    if (entry.what !== "hub") continue;
    if (entry.state === "down") downAt = Math.min(downAt ?? entry.at, entry.at);
    else if (downAt !== undefined) {
      spans.push({ from: downAt, to: entry.at });
      downAt = undefined;
    }
  }
  return { spans, isDown: downAt !== undefined };
}

/** The latest moment at which a deadline may fire. */
function firedBy(dueAt: number, { spans }: Outages): number {
  let by = dueAt + PROMISED_MS.stepLate;
  for (const { from, to } of spans)
    if (by >= from && dueAt <= to) by = Math.max(by, to + PROMISED_MS.stepLate);
  return by;
}
