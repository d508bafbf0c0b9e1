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
  /** Two incidents of one pillar and key that were open at the same time. */
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
  const openByKey = new Map<string, string>();
  const keyOf = new Map<string, string>();
  const rivals: { first: string; second: string }[] = [];
  for (const fact of facts) {
    if (fact.type === "incident-opened") {
      const key = `${fact.pillarId}/${fact.kind === "test" ? "test" : "call"}`;
      const first = openByKey.get(key);
      if (first !== undefined) rivals.push({ first, second: fact.incidentId });
      openByKey.set(key, fact.incidentId);
      keyOf.set(fact.incidentId, key);
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
      openByKey.delete(keyOf.get(fact.incidentId) ?? "");
    }
    if (fact.type === "incident-reopened") {
      const incident = incidents.get(fact.incidentId);
      if (incident) incident.closedAt = undefined;
      openByKey.set(keyOf.get(fact.incidentId) ?? "", fact.incidentId);
    }
  }
  return { incidents, rivals };
}
