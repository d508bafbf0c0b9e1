/**
 * The clock of an incident nobody has taken.
 *
 * While nobody owns an incident a deadline runs; when it passes, the desks are told and the next one
 * starts. It never stops by itself. A wall clock set back must not freeze it, so a tick that finds the
 * clock behind, or a deadline too far ahead, starts the deadline anew.
 */
import { nothing, type Decision } from "./decision.ts";
import type { Fact, FactOf } from "./facts.ts";
import type { IncidentRecord } from "./incident.ts";
import { clampToClock } from "./presence.ts";
import type { HubState } from "./state.ts";

const STEP_MS = 10_000;
/** After a minute of ringing, once a minute is enough news. */
const LATER_STEP_MS = 60_000;
const QUICK_STEPS = 6;
const CLOCK_SLACK_MS = 2000;

export function setDeadline(
  state: HubState,
  of: Pick<FactOf<"deadline-set">, "at" | "incidentId" | "reason">,
): FactOf<"deadline-set"> {
  return { type: "deadline-set", ...of, dueAt: of.at + state.settings.acknowledgeWithinMs };
}

export function decideDeadlines(state: HubState, at: number): Decision {
  const last = state.heard.lastTickAt;
  const isSetBack = last !== null && at < last - CLOCK_SLACK_MS;
  const facts: Fact[] = [];
  for (const incident of state.incidents.values()) {
    if (incident.deadline) facts.push(...due(state, incident, { at, isSetBack }));
  }
  return facts.length > 0 ? { facts, effects: [] } : nothing;
}

function due(
  state: HubState,
  incident: IncidentRecord,
  tick: { readonly at: number; readonly isSetBack: boolean },
): Fact[] {
  const { deadline, id: incidentId } = incident;
  const { at } = tick;
  if (!deadline) return [];
  const { reason } = deadline;
  const step = deadline.passed + 1 >= QUICK_STEPS ? LATER_STEP_MS : STEP_MS;
  if (deadline.dueAt <= at) {
    return [
      { type: "deadline-passed", at, incidentId, reason },
      { type: "deadline-set", at, incidentId, reason: "unacknowledged", dueAt: at + step },
    ];
  }
  const farthest = Math.max(LATER_STEP_MS, state.settings.acknowledgeWithinMs) + CLOCK_SLACK_MS;
  if (!tick.isSetBack && deadline.dueAt <= at + farthest) return [];
  return [{ type: "deadline-set", at, incidentId, reason, dueAt: at + STEP_MS }];
}

/** Remembers the tick; after a step back also what was heard "in the future". */
export function noteTick(state: HubState, at: number): void {
  const { heard } = state;
  if (heard.lastTickAt !== null && at < heard.lastTickAt) clampToClock(heard, at);
  heard.lastTickAt = at;
}
