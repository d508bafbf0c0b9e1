/** A pillar connects, or sends its heartbeat or a report: what that tells of it, and what it is told. */
import type { Call } from "../../../shared/protocol/call.ts";
import { both, nothing, type Decision } from "../decision.ts";
import type { EventOf, HubEffect, HubEvent } from "../events.ts";
import { callOf } from "../incident/incident.ts";
import type { HubState } from "../state/hub-state.ts";
import { withinBudget } from "./budget.ts";
import { adoptionFacts } from "./certificate.ts";
import { markOf, missingFrom } from "./ledger.ts";
import { cloneFacts, heartbeatFacts, reportFacts } from "./pillar-registry.ts";
import { BELIEVED_MS, isCallOwed, mayAskResend, presenceFact } from "./presence.ts";
import { isOfEndedSession, sessionOf } from "./session.ts";

export const decideConnected = (state: HubState, event: EventOf<"pillar-connected">): Decision =>
  both(
    { facts: [...adoptionFacts(state, event), ...cloneFacts(state, event)], effects: [] },
    presence(state, event),
    tellCall(state, event),
  );

export function decideHeartbeat(state: HubState, event: EventOf<"heartbeat">): Decision {
  if (isOfEndedSession(state, event)) return nothing;
  const { at, pillarId, heartbeat } = event;
  const facts = withinBudget(state, event, heartbeatFacts(state, event));
  const fromSeq = missingFrom(state, event);
  const { bootEpoch, sessionNonce } = heartbeat;
  const ask: HubEffect[] =
    fromSeq !== undefined && mayAskResend(state, pillarId, at)
      ? [{ type: "ask-resend", pillarId, fromSeq, bootEpoch, sessionNonce }]
      : [];
  return both({ facts, effects: ask }, tellOwed(state, event), presence(state, event));
}

/** Of a pillar that was not heard for a while, in the session that is known: it may have missed words. */
export function decideReport(state: HubState, event: EventOf<"report">): Decision {
  const { pillarId } = event;
  const facts = withinBudget(state, event, reportFacts(state, event));
  const { isTold = true } = state.heard.contacts.get(pillarId) ?? {};
  const canBeTold = !isTold && sessionOf(state, pillarId) !== undefined;
  return both({ facts, effects: [] }, canBeTold ? tellOwed(state, event) : nothing);
}

/** What its latest call is, and what it may have missed of others. */
function tellOwed(state: HubState, event: EventOf<"heartbeat" | "report">): Decision {
  const { at, pillarId } = event;
  const tell = isCallOwed(state, pillarId, at) ? tellCall(state, event) : nothing;
  const untold = [...(state.heard.untold.get(pillarId)?.values() ?? [])];
  // Of its latest call it is told below.
  const latest = tell === nothing ? undefined : markOf(state, pillarId).lastIncidentId;
  const lately = state.heard.contacts.get(pillarId)?.isTold ? [] : closedLately(state, event);
  const isKnown = new Set([latest, ...untold.map(({ incidentId }) => incidentId)]);
  const others = [
    ...untold.filter(({ incidentId }) => incidentId !== latest),
    ...lately.filter(({ incidentId }) => !isKnown.has(incidentId)),
  ];
  const late = others.map((call): HubEffect => ({ type: "tell-pillar", pillarId, call }));
  return both({ facts: [], effects: late }, tell);
}

/** Calls of one pillar, told once more to one that may have missed their end. */
const MAX_CLOSED_LATELY = 3;

/**
 * Whoever connects, or is heard after a failed commit or a restart of the hub, may show a call whose
 * end was decided and never told, and a later incident may have begun meanwhile.
 */
function closedLately(
  state: HubState,
  { at, pillarId }: Pick<EventOf<"heartbeat">, "at" | "pillarId">,
): Call[] {
  return [...state.closed.values()]
    .filter((one) => one.pillarId === pillarId && at - (one.closedAt ?? 0) < BELIEVED_MS)
    .slice(-MAX_CLOSED_LATELY)
    .map(callOf);
}

function presence(state: HubState, event: Extract<HubEvent, { pillarId: unknown }>): Decision {
  const fact = presenceFact(state, event.pillarId, event.at);
  return fact ? { facts: [fact], effects: [] } : nothing;
}

/** What became of the pillar's latest call: it may have been away when it ended. */
function tellCall(state: HubState, event: Extract<HubEvent, { pillarId: unknown }>): Decision {
  const { pillarId } = event;
  const { lastIncidentId, lastEventId } = markOf(state, pillarId);
  if (!lastIncidentId || !lastEventId) return nothing;
  const incident = state.incidents.get(lastIncidentId) ?? state.closed.get(lastIncidentId);
  const call = incident
    ? callOf(incident)
    : ({ v: 1, incidentId: lastIncidentId, eventId: lastEventId, status: "ended" } as const);
  return { facts: [], effects: [{ type: "tell-pillar", pillarId, call }] };
}
