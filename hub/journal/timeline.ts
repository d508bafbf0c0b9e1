/** An incident's history: its facts, one readable line each. */
import type { TimelineEntry } from "../../shared/api/incident.ts";
import type { Fact, IncidentFact } from "../core/facts.ts";
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

/** Values only: the console puts them into sentences of its reader's language. */
function detailOf(fact: IncidentFact): string | null {
  switch (fact.type) {
    case "alarm-recorded":
      return `${fact.event.kind} #${fact.event.seq} (${fact.via})`;
    case "incident-opened":
    case "incident-joined":
      return fact.text;
    case "alarm-equivocation":
      return `#${fact.seq}: ${fact.earlierEventId}`;
    case "deadline-set":
      return iso(fact.dueAt);
    case "deadline-passed":
      return fact.reason;
    case "incident-answered":
      return fact.fromName;
    case "incident-held":
      return fact.held ? "held" : "resumed";
    case "incident-transferred":
      return fact.toName;
    case "incident-noted":
      return fact.text;
    case "unit-dispatched":
      return fact.unit;
    case "incident-closed":
      return fact.note === "" ? fact.disposition : `${fact.disposition}: ${fact.note}`;
    case "recording-started":
      return fact.recordingId;
    case "recording-ended":
      return `${fact.recordingId} ${fact.state} ${fact.durationMs} ms`;
    case "view-opened":
    case "view-closed":
      return fact.role;
    case "incident-acknowledged":
    case "incident-reopened":
      return null;
  }
}
