/** An incident's history: one entry for each of its facts. */
import type { TimelineEntry } from "../../../shared/api/timeline.ts";
import type { Fact, IncidentFact } from "../../core/facts.ts";
import { iso } from "../../../shared/iso.ts";
import type { Saying } from "../../core/part.ts";
import { sayingOf } from "../../core/parts.ts";

export function timelineEntry(fact: Fact, index: number): TimelineEntry {
  const by = "by" in fact ? fact.by : null;
  const byName = "byName" in fact ? fact.byName : null;
  const detail = "incidentId" in fact ? incidentDetail(fact) : null;
  return { index, at: iso(fact.at), type: fact.type, by, byName, detail, eventId: eventOf(fact) };
}

function incidentDetail(fact: IncidentFact): TimelineEntry["detail"] {
  const saying = sayingOf(fact) as Saying<IncidentFact> | undefined;
  return saying?.timeline(fact) ?? null;
}

function eventOf(fact: Fact): TimelineEntry["eventId"] {
  if (fact.type === "alarm-recorded") return fact.event.eventId;
  return "eventId" in fact ? fact.eventId : null;
}

/** For a fact that cannot be read: that there was one, and when. */
export const damagedEntry = ({ idx, at }: { readonly idx: number; readonly at: number }) => ({
  ...{ index: idx, at: iso(at), type: "damaged" },
  ...{ by: null, byName: null, detail: null, eventId: null },
});
