/** The journal's rows as the checker needs them: alarms, incidents, and which alarms share one. */
import type { Fact, FactOf } from "../../../../hub/core/facts.ts";
import type { JournalRow } from "../../../../hub/journal/chain.ts";
import type { Entry } from "./history.ts";

export interface IncidentView {
  readonly id: string;
  readonly pillarId: string;
  readonly openedAt: number;
  closedAt: number | undefined;
  readonly answers: { readonly at: number; readonly byName: string }[];
}

export interface AlarmView {
  readonly row: JournalRow;
  readonly fact: FactOf<"alarm-recorded">;
}

export interface JournalView {
  readonly rows: readonly JournalRow[];
  readonly facts: readonly Fact[];
  readonly alarms: readonly AlarmView[];
  readonly alarmsByPillar: ReadonlyMap<string, readonly AlarmView[]>;
  /** Each alarm's one effect: it opened an incident, or joined one. */
  readonly openings: readonly { readonly eventId: string; readonly incidentId: string }[];
  readonly incidents: ReadonlyMap<string, IncidentView>;
  /** Two incidents of one pillar and lane that were open at the same time. */
  readonly rivals: readonly { readonly first: string; readonly second: string }[];
  /** The journal's moments may be compared with the test's. */
  readonly isHubClockTrue: boolean;
}

export function readJournal(entries: readonly Entry[]): JournalView {
  const rows = entries.flatMap((entry) => (entry.what === "journal" ? [entry.row] : []));
  const facts = rows.map((row) => JSON.parse(row.body) as Fact);
  const alarms = facts.flatMap((fact, i) =>
    fact.type === "alarm-recorded" ? [{ row: rows[i]!, fact }] : [],
  );
  const openings = facts.flatMap((fact) =>
    fact.type === "incident-opened" || fact.type === "incident-joined"
      ? [{ eventId: fact.eventId, incidentId: fact.incidentId }]
      : [],
  );
  return {
    rows,
    facts,
    alarms,
    alarmsByPillar: Map.groupBy(alarms, ({ fact }) => fact.event.pillarId),
    openings,
    ...foldIncidents(facts),
    isHubClockTrue: !entries.some(({ what }) => what === "hub-clock-moved"),
  };
}

function foldIncidents(facts: readonly Fact[]): Pick<JournalView, "incidents" | "rivals"> {
  const incidents = new Map<string, IncidentView>();
  const openByLane = new Map<string, string>();
  const laneOf = new Map<string, string>();
  const rivals: { first: string; second: string }[] = [];
  for (const fact of facts) {
    if (fact.type === "incident-opened") {
      const lane = `${fact.pillarId}/${fact.kind === "test" ? "test" : "call"}`;
      const first = openByLane.get(lane);
      if (first !== undefined) rivals.push({ first, second: fact.incidentId });
      openByLane.set(lane, fact.incidentId);
      laneOf.set(fact.incidentId, lane);
      incidents.set(fact.incidentId, {
        id: fact.incidentId,
        pillarId: fact.pillarId,
        openedAt: fact.at,
        closedAt: undefined,
        answers: [],
      });
    }
    if (fact.type === "incident-answered") {
      incidents.get(fact.incidentId)?.answers.push({ at: fact.at, byName: fact.byName });
    }
    if (fact.type === "incident-closed") {
      const incident = incidents.get(fact.incidentId);
      if (incident) incident.closedAt = fact.at;
      openByLane.delete(laneOf.get(fact.incidentId) ?? "");
    }
    if (fact.type === "incident-reopened") {
      const incident = incidents.get(fact.incidentId);
      if (incident) incident.closedAt = undefined;
      openByLane.set(laneOf.get(fact.incidentId) ?? "", fact.incidentId);
    }
  }
  return { incidents, rivals };
}
