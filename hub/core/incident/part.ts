/** Incidents: what rings, whose it is, and until when somebody has to take it. */
import { dropOldest } from "../../../shared/bounded-map.ts";
import { both } from "../decision.ts";
import type { Fact, FactOf } from "../facts.ts";
import type { Part, RowFold } from "../part.ts";
import { MAX_CLOSED, type HubState } from "../state/hub-state.ts";
import type { IncidentRecord } from "../state/incident-record.ts";
import { decideAlarm } from "./alarm.ts";
import { decideReleases } from "./console.ts";
import { decideDeadlines } from "./deadline.ts";
import { changesIncident, evolveIncident } from "./incident.ts";
import { incidentKey } from "./incident-key.ts";
import type { IncidentHistory, IncidentSlice } from "./kinds.ts";
import { decideOrder } from "./order.ts";
import { INCIDENT_SAYINGS } from "./sayings.ts";

interface Saved {
  readonly incidents: readonly IncidentRecord[];
  readonly closed: readonly IncidentRecord[];
}

export const INCIDENT_PART = {
  name: "incident",
  initial: () => ({ incidents: new Map(), closed: new Map(), openByKey: new Map() }),
  evolve,
  decide: {
    alarm: decideAlarm,
    "operator-order": decideOrder,
    tick: (state, event) => both(decideDeadlines(state, event), decideReleases(state, event)),
  },
  save: ({ incidents, closed }) => ({
    incidents: [...incidents.values()],
    closed: [...closed.values()],
  }),
  load: (slice, { incidents, closed }) => {
    for (const one of incidents) {
      slice.incidents.set(one.id, one);
      slice.openByKey.set(incidentKey(one), one.id);
    }
    for (const one of closed) slice.closed.set(one.id, one);
  },
  says: INCIDENT_SAYINGS,
} as const satisfies Part<IncidentSlice, IncidentHistory, Saved>;

export const INCIDENT_ROW: RowFold<IncidentRecord> = {
  key: (fact) => (changesIncident(fact) ? fact.incidentId : undefined),
  evolve: (before, fact) => (changesIncident(fact) ? evolveIncident(before, fact) : before),
};

function evolve(state: HubState, fact: Fact): void {
  if (!changesIncident(fact)) return;
  const { incidentId } = fact;
  const before = state.incidents.get(incidentId) ?? state.closed.get(incidentId);
  // A recording may end, or a lock come, when its incident is history.
  if (!before && isAfterthought(fact)) return;
  const incident = evolveIncident(before, fact);
  if (!incident) return;
  if (incident.state === "closed") {
    state.incidents.delete(incidentId);
    if (before?.state !== "closed") state.openByKey.delete(incidentKey(incident));
    state.closed.set(incidentId, incident);
    dropOldest(state.closed, MAX_CLOSED);
  } else {
    state.closed.delete(incidentId);
    state.incidents.set(incidentId, incident);
    state.openByKey.set(incidentKey(incident), incidentId);
  }
}

const isAfterthought = (
  fact: Fact,
): fact is FactOf<"recording-ended" | "incident-locked" | "incident-unlocked"> =>
  fact.type === "recording-ended" ||
  fact.type === "incident-locked" ||
  fact.type === "incident-unlocked";
