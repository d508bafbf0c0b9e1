/**
 * The last level: somebody outside is called, until they
 * take it or somebody inside takes the incident.
 *
 * That a call is owed is a fact, and so is every outcome, so a restart goes on where it was. When
 * an address fails, the next one is called at once; after the last of them all wait, longer each
 * time, for as long as the incident rings.
 */
import type { IncidentId } from "../../../shared/ids.ts";
import { nothing, type Decision } from "../decision.ts";
import type { HubEffect, HubEvent } from "../events.ts";
import type { Fact, FactOf } from "../facts.ts";
import type { Heard } from "../state/heard-state.ts";
import type { HubState } from "../state/hub-state.ts";

const SECOND = 1000;
const MINUTE = 60 * SECOND;
/** After each round of all addresses (as Standard Webhooks advises); the last repeats. */
const WAITS_MS = [5 * SECOND, 30 * SECOND, 5 * MINUTE, 30 * MINUTE, 120 * MINUTE] as const;
/** Calls under way at once. */
export const MAX_CALLS = 20;
/** A call whose outcome never came is made again. */
const FORGOTTEN_AFTER_MS = 60_000;

/** Folds a fact of an incident that may owe a call. Owns `owedCalls` and `goneTargets`. */
export function evolveOwed(state: HubState, fact: Fact): void {
  if (!("incidentId" in fact)) return;
  const { incidentId } = fact;
  const owed = state.owedCalls.get(incidentId);
  switch (fact.type) {
    case "incident-escalated":
      if (fact.level === "external") state.owedCalls.set(incidentId, { ring: fact.ring, tries: 0 });
      return;
    case "external-gone":
      state.goneTargets.add(fact.target);
      if (owed) state.owedCalls.set(incidentId, { ...owed, tries: fact.attempt });
      return;
    case "external-failed":
      if (owed) state.owedCalls.set(incidentId, { ...owed, tries: fact.attempt });
      return;
    case "external-delivered":
    case "incident-acknowledged":
    case "incident-answered":
    case "incident-transferred":
    case "incident-closed":
      state.owedCalls.delete(incidentId);
      return;
    default:
  }
}

/** Each owed call gets its time; after a restart that is now. Owns `heard.calls`. */
export function hearCalls(state: HubState): void {
  const { outsideCalls: calls, clock } = state.heard;
  for (const id of calls.keys()) if (!state.owedCalls.has(id)) calls.delete(id);
  for (const [id, { ring, tries }] of state.owedCalls) {
    const known = calls.get(id);
    if (known?.ring === ring && known.tries === tries) {
      const isForgotten =
        known.calledAt !== null && clock.nowMs - known.calledAt > FORGOTTEN_AFTER_MS;
      if (isForgotten) known.calledAt = null;
      continue;
    }
    const waitMs = known?.ring === ring ? waitBefore(tries, targetsOf(state).length) : 0;
    calls.set(id, { ring, tries, dueAt: clock.nowMs + waitMs, calledAt: null });
  }
}

const targetsOf = (state: HubState): readonly string[] =>
  state.settings.escalation.targets.filter((target) => !state.goneTargets.has(target));

function waitBefore(tries: number, targets: number): number {
  if (targets === 0 || tries % targets !== 0) return 0;
  const round = Math.min(tries / targets, WAITS_MS.length);
  return WAITS_MS[round - 1] ?? 0;
}

export function decideCalls(state: HubState): Decision {
  const { outsideCalls: calls, clock } = state.heard;
  const targets = targetsOf(state);
  let under = [...calls.values()].filter(({ calledAt }) => calledAt !== null).length;
  const effects: HubEffect[] = [];
  for (const [incidentId, { ring, tries, dueAt, calledAt }] of calls) {
    // None when every address is gone.
    const target = targets[tries % targets.length];
    if (calledAt !== null || dueAt > clock.nowMs || under >= MAX_CALLS || !target) continue;
    effects.push({ type: "call-external", incidentId, ring, target, attempt: tries + 1 });
    under += 1;
  }
  return { facts: [], effects };
}

export function noteCalled(
  { outsideCalls, clock }: Pick<Heard, "outsideCalls" | "clock">,
  incidentId: IncidentId,
): void {
  const call = outsideCalls.get(incidentId);
  if (call) call.calledAt = clock.nowMs;
}

type Answered = Extract<HubEvent, { type: "external-answered" }>;

export function decideAnswered(state: HubState, event: Answered): Decision {
  const { at, incidentId, ring, target, outcome, detail } = event;
  const owed = state.owedCalls.get(incidentId);
  // Taken meanwhile, or an older ring: the call that was made stands, and nothing follows.
  if (owed?.ring !== ring) return nothing;
  const base = { at, incidentId, ring, target, attempt: owed.tries + 1 };
  return { facts: [outcomeFact(base, outcome, detail)], effects: [] };
}

function outcomeFact(
  base: Omit<FactOf<"external-delivered">, "type">,
  outcome: Answered["outcome"],
  detail: string,
): FactOf<"external-delivered" | "external-failed" | "external-gone"> {
  switch (outcome) {
    case "delivered":
      return { type: "external-delivered", ...base };
    case "gone":
      return { type: "external-gone", ...base };
    case "failed":
      return { type: "external-failed", ...base, detail: detail.slice(0, 300) };
  }
}
