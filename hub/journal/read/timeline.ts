/** An incident's history: its facts, one readable line each. */
import type { TimelineEntry } from "../../../shared/api/incident.ts";
import type { Gaps } from "../../../shared/api/recording-gap.ts";
import type { Fact, FactOf, IncidentFact } from "../../core/facts.ts";
import { iso } from "./api-shape.ts";

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
  "recording-ended": ({ recordingId, state, durationMs, gaps }) =>
    `${recordingId} ${state} ${durationMs} ms${missing(gaps)}`,
  "recording-deleted": ({ reason }) => reason,
  "incident-locked": ({ reason }) => reason,
  "incident-unlocked": ({ reason }) => reason,
  "view-opened": ({ role }) => role,
  "view-closed": ({ role }) => role,
};

/** More are in the recording itself. */
const MAX_SHOWN_GAPS = 8;

function missing(gaps: Gaps | undefined): string {
  if (gaps === undefined || gaps.count === 0) return "";
  const spans = gaps.spans.map(({ track, fromMs, toMs }) => `${track} ${fromMs}-${toMs} ms`);
  return `, ${gaps.count} gaps: ${spans.slice(0, MAX_SHOWN_GAPS).join(", ")}`;
}

/** An address may hold a secret in its path. */
const hostOf = (target: string): string => (URL.canParse(target) ? new URL(target).host : target);

function detailOf(fact: IncidentFact): string | null {
  // A newer hub may have written facts of which this one knows nothing.
  const detail = DETAILS[fact.type] as ((fact: IncidentFact) => string | null) | undefined;
  return detail?.(fact) ?? null;
}
