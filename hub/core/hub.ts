/**
 * The hub's core: an event in, facts and effects out.
 *
 * `decide` reads the state and changes nothing; `evolve` folds one fact; `handle` is both in the
 * order every caller needs. No clock, no random numbers, no input or output: the shell of a real
 * hub and the simulated world run this same code.
 */
import { dropOldest } from "../../shared/bounded-map.ts";
import { assert, assertNever } from "../../shared/assert.ts";
import { decideAlarm } from "./incident/alarm.ts";
import { budgetFacts, evolveBudget, withinBudget } from "./pillar/budget.ts";
import { adoptionFacts, certificateFacts } from "./pillar/certificate.ts";
import { decideRevoke, expelReplaced } from "./pillar/revocation.ts";
import { isOfEndedSession } from "./pillar/session.ts";
import { decideReleases } from "./incident/console.ts";
import { decideDeadlines } from "./incident/deadline.ts";
import { both, nothing, type Decision } from "./decision.ts";
import type { HubEffect, HubEvent } from "./events.ts";
import { decideAnswered, decideCalls, evolveOwed } from "./outside/outside-call.ts";
import {
  isForTheRecord,
  type Fact,
  type FactOf,
  type IncidentFact,
  type RecordFact,
} from "./facts.ts";
import { gridFacts } from "./pillar/grid.ts";
import { callOf, evolveIncident } from "./incident/incident.ts";
import { markOf, missingFrom, rememberAlarm, renewMark } from "./pillar/ledger.ts";
import { decideOrder } from "./incident/order.ts";
import { isCallOwed, mayAskResend, presenceFact, presenceFacts } from "./pillar/presence.ts";
import { hear, noteFact, noteEffect } from "./hear.ts";
import { decideRecordings, evolveRecording } from "./recording/recording.ts";
import {
  decideLock,
  decideRemoved,
  decideStorage,
  evolveRetention,
  isOfHub,
  type HubFact,
  isRetentionFact,
} from "./recording/retention.ts";
import {
  cloneFacts,
  evolvePillar,
  heartbeatFacts,
  MAX_PILLARS,
  reportFacts,
} from "./pillar/pillar-registry.ts";
import { MAX_CLOSED, type HubState } from "./state/hub-state.ts";
import { incidentKey } from "./incident/incident-key.ts";

export interface Now {
  /** From a clock nobody can set, which counts from anywhere. */
  readonly monotonicMs: number;
  /** The journal index the first new fact will get. */
  readonly nextIndex: number;
}

/** Hears, decides and folds. */
export function handle(state: HubState, event: HubEvent, now: Now): Decision {
  hear(state, event, now.monotonicMs);
  const decision = decide(state, event);
  for (const [offset, fact] of decision.facts.entries()) {
    evolve(state, fact, now.nextIndex + offset);
    noteFact(state.heard, fact);
  }
  for (const effect of decision.effects) noteEffect(state, effect, event.at);
  return decision;
}

/**
 * Facts that need no decision, folded. A pillar whose identity one of them replaces is expelled.
 */
export function handleFacts(state: HubState, given: readonly Fact[], nextIndex: number): Decision {
  const replaced = both(
    ...given.map((fact) =>
      fact.type === "pillar-enrolled" ? expelReplaced(state, fact) : nothing,
    ),
  );
  const { effects } = replaced;
  const facts = [...given, ...replaced.facts];
  for (const [offset, fact] of facts.entries()) evolve(state, fact, nextIndex + offset);
  for (const effect of effects) noteEffect(state, effect, facts[0]?.at ?? 0);
  return { facts, effects };
}

export function decide(state: HubState, event: HubEvent): Decision {
  switch (event.type) {
    case "alarm":
      return decideAlarm(state, event);
    case "heartbeat":
      return decideHeartbeat(state, event);
    case "report":
      return { facts: withinBudget(state, event, reportFacts(state, event)), effects: [] };
    case "pillar-connected":
      return both(
        { facts: [...adoptionFacts(state, event), ...cloneFacts(state, event)], effects: [] },
        presence(state, event),
        tellCall(state, event),
      );
    case "pillar-disconnected":
      return nothing;
    case "operator-order":
      return decideOrder(state, event);
    case "revoke-order":
      return decideRevoke(state, event);
    case "recording-ended":
    case "recording-picture":
    case "media-started":
      return decideRecordings(state, event);
    case "external-answered":
      return decideAnswered(state, event);
    case "lock-order":
      return decideLock(state, event);
    case "storage-checked":
      return decideStorage(state, event);
    case "recordings-removed":
      return decideRemoved(state.deleting, event);
    case "console-connected":
    case "console-disconnected":
    case "console-beat":
    case "console-seen":
      return nothing;
    case "tick":
      return both(
        decideDeadlines(state, event),
        decideReleases(state, event),
        decideCalls(state),
        { facts: presenceFacts(state, event.at), effects: [] },
        { facts: certificateFacts(state, event.at), effects: [] },
        { facts: budgetFacts(state, event.at), effects: [] },
        // Of what is folded: the news of a grid follows that of its pillars by one tick.
        { facts: gridFacts(state, event.at), effects: [] },
      );
    default:
      return assertNever(event);
  }
}

function decideHeartbeat(
  state: HubState,
  event: Extract<HubEvent, { type: "heartbeat" }>,
): Decision {
  if (isOfEndedSession(state, event)) return nothing;
  const { at, pillarId, heartbeat } = event;
  const facts = withinBudget(state, event, heartbeatFacts(state, event));
  const fromSeq = missingFrom(state, event);
  const { bootEpoch, sessionNonce } = heartbeat;
  const ask: HubEffect[] =
    fromSeq !== undefined && mayAskResend(state, pillarId, at)
      ? [{ type: "ask-resend", pillarId, fromSeq, bootEpoch, sessionNonce }]
      : [];
  const tell = isCallOwed(state, pillarId, at) ? tellCall(state, event) : nothing;
  const untold = state.heard.untold.get(pillarId)?.values() ?? [];
  // Of its latest call it is told below.
  const latest = tell === nothing ? undefined : markOf(state, pillarId).lastIncidentId;
  const others = [...untold].filter(({ incidentId }) => incidentId !== latest);
  const late = others.map((call): HubEffect => ({
    type: "tell-pillar",
    pillarId,
    call,
  }));
  return both({ facts, effects: [...ask, ...late] }, presence(state, event), tell);
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

/** Folds one fact. The maps of `state` change in place; the records in them never do. */
export function evolve(state: HubState, fact: Fact, index: number): HubState {
  if (isForTheRecord(fact)) return state;
  const next = isOfHub(fact) ? evolveHub(state, fact) : evolveRecords(state, fact, index);
  evolveBudget(next, fact);
  return next;
}

function evolveHub(state: HubState, fact: HubFact): HubState {
  evolveRetention(state, fact);
  return state;
}

function evolveRecords(
  state: HubState,
  fact: Exclude<Fact, HubFact | RecordFact>,
  index: number,
): HubState {
  switch (fact.type) {
    case "pillar-registered":
    case "pillar-enrolled":
    case "certificate-renewed":
    case "certificate-adopted":
    case "certificate-expired":
    case "pillar-revoked":
    case "pillar-session-ended":
    case "pillar-started":
    case "presence-changed":
    case "pillar-fault":
    case "pillar-cloned":
      return evolveRegistry(state, fact, index);
    case "grid-lost":
    case "grid-back":
      return evolveGrid(state, fact);
    default:
      return evolveOpen(state, fact, index);
  }
}

function evolveGrid(state: HubState, fact: FactOf<"grid-lost" | "grid-back">): HubState {
  if (fact.type === "grid-lost") state.lostGrids.set(fact.grid, fact.count);
  else state.lostGrids.delete(fact.grid);
  return state;
}

type RegistryFact = Parameters<typeof evolvePillar>[1];

function evolveRegistry(state: HubState, fact: RegistryFact, index: number): HubState {
  const { pillarId } = fact;
  state.pillars.set(pillarId, evolvePillar(state.pillars.get(pillarId), fact));
  assert(state.pillars.size <= MAX_PILLARS, `more than ${MAX_PILLARS} pillars in one hub`);
  if (fact.type === "pillar-enrolled") renewMark(state, pillarId, index);
  return state;
}

function evolveOpen(state: HubState, fact: IncidentFact, index: number): HubState {
  if (fact.type === "alarm-recorded") rememberAlarm(state, fact, index);
  if (fact.type === "recording-started" || fact.type === "recording-ended") {
    const recording = evolveRecording(state.recordings.get(fact.recordingId), fact);
    if (recording.state === "recording") state.recordings.set(recording.id, recording);
    else state.recordings.delete(recording.id);
  }
  if (isRetentionFact(fact)) evolveRetention(state, fact);
  evolveOwed(state, fact);
  const { incidentId } = fact;
  const before = state.incidents.get(incidentId) ?? state.closed.get(incidentId);
  // A recording may end, or a lock come, when its incident is history.
  if (!before && isAfterthought(fact)) return state;
  const incident = evolveIncident(before, fact);
  if (!incident) return state;
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
  return state;
}

/** Of those that change a record; what only lies beside one opens none anyway. */
function isAfterthought({ type }: IncidentFact): boolean {
  return type === "recording-ended" || type === "incident-locked" || type === "incident-unlocked";
}

/** A promise that is checked after every event: an open incident has an owner or a deadline. */
export function unattended(state: HubState): readonly string[] {
  return [...state.incidents.values()]
    .filter(({ owner, state: phase, deadline }) => !(phase !== "open" && owner) && !deadline)
    .map(({ id }) => id);
}
