/** An incident's history: its facts, one readable line each. */
import type { TimelineEntry } from "../../shared/api/incident.ts";
import type { Fact, FactOf, IncidentFact } from "../core/facts.ts";
import { iso } from "./view.ts";

export function timelineEntry(fact: Fact, index: number): TimelineEntry {
  const by = "by" in fact ? fact.by : null;
  const byName = "byName" in fact ? fact.byName : null;
  const detail = "incidentId" in fact ? detailOf(fact) : null;
  return { index, at: iso(fact.at), type: fact.type, by, byName, detail, eventId: eventOf(fact) };
}

function eventOf(fact: Fact): TimelineEntry["eventId"] {
  if (fact.type === "alarm-recorded") return fact.event.eventId;
  return "eventId" in fact ? fact.eventId : null;
}

type Details = {
  readonly [T in IncidentFact["type"]]: (fact: FactOf<T>) => string | null;
};

/** For a fact that cannot be read: that there was one, and when. */
export const damagedEntry = ({ idx, at }: { readonly idx: number; readonly at: number }) => ({
  ...{ index: idx, at: iso(at), type: "damaged" },
  ...{ by: null, byName: null, detail: null, eventId: null },
});

/** Values only: the console puts them into sentences of its reader's language. */
const DETAILS: Details = {
  "alarm-recorded": ({ event, via }) => `${event.kind} #${event.seq} (${via})`,
  "incident-opened": ({ text }) => text,
  "incident-joined": ({ text }) => text,
  "alarm-equivocation": ({ seq, earlierEventId }) => `#${seq}: ${earlierEventId}`,
  "deadline-set": ({ dueAt }) => iso(dueAt),
  "deadline-passed": ({ reason }) => reason,
  "incident-escalated": ({ level }) => level,
  "incident-released": ({ fromName }) => fromName,
  "external-delivered": ({ target }) => hostOf(target),
  "external-failed": ({ target, detail }) => `${hostOf(target)}: ${detail}`,
  "external-gone": ({ target }) => hostOf(target),
  "incident-pillar-revoked": ({ reason }) => reason,
  "incident-acknowledged": () => null,
  "incident-answered": ({ fromName }) => fromName,
  "incident-held": ({ held }) => (held ? "held" : "resumed"),
  "incident-transferred": ({ toName }) => toName,
  "incident-noted": ({ text }) => text,
  "unit-dispatched": ({ unit }) => unit,
  "incident-closed": ({ disposition, note }) =>
    note === "" ? disposition : `${disposition}: ${note}`,
  "incident-reopened": () => null,
  "recording-started": ({ recordingId }) => recordingId,
  "recording-ended": ({ recordingId, state, durationMs }) =>
    `${recordingId} ${state} ${durationMs} ms`,
  "recording-deleted": ({ reason }) => reason,
  "incident-locked": ({ reason }) => reason,
  "incident-unlocked": ({ reason }) => reason,
  "view-opened": ({ role }) => role,
  "view-closed": ({ role }) => role,
};

/** An address may hold a secret in its path. */
const hostOf = (target: string): string => (URL.canParse(target) ? new URL(target).host : target);

function detailOf(fact: IncidentFact): string | null {
  // A newer hub may have written facts of which this one knows nothing.
  const detail = DETAILS[fact.type] as ((fact: IncidentFact) => string | null) | undefined;
  return detail?.(fact) ?? null;
}
