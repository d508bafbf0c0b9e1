/**
 * How an alarm is made, sent and sent again until the hub has accepted it.
 *
 * That goes on without end. At most `WINDOW` alarms are under way at once, so that a pillar back
 * from a long silence does not flood anybody; the newest press never waits in that queue.
 */
import { fullJitter } from "../../../shared/backoff.ts";
import { after, milliseconds, seconds, type Instant } from "../../../shared/duration.ts";
import type { EventId } from "../../../shared/ids.ts";
import { follow, step } from "../../../shared/step.ts";
import type { Receipt } from "../../../shared/protocol/accepted.ts";
import type { AlarmEvent, AlarmKind } from "../../../shared/protocol/alarm.ts";
import { PROTOCOL_VERSION as v } from "../../../shared/protocol/version.ts";
import type { Kept, SealedAlarm } from "../state/kept.ts";
import type { Effect, Moment } from "../events.ts";
import { clear, raise } from "../health.ts";
import {
  byUrgency,
  leastAsked,
  ofCallWith,
  overLink,
  owedOfCall,
  withOutbox,
  withPending,
} from "./outbox.ts";
import { MAX_OUTBOX, keptAlarm, type Pending } from "../state/outbox-state.ts";
import type { Agent, AgentStep } from "../state/agent-state.ts";

export const WINDOW = 16;
const PAGE = 100;
const RESEND = { first: seconds(2), most: seconds(15) };
/** The shortest wait before a resend: full jitter may draw zero, and an answer may be under way. */
const RESEND_NOT_BEFORE = milliseconds(250);
const REPLAY_RETRY = seconds(5);

export interface Birth {
  readonly kind: AlarmKind;
  readonly edgeAt: Instant;
  readonly moment: Moment;
}

/** The next link of this pillar's chain, not yet hashed or signed. */
export function draft(agent: Agent, birth: Birth): AgentStep {
  const { kind, edgeAt, moment } = birth;
  const event: AlarmEvent = {
    v,
    eventId: moment.freshId,
    pillarId: agent.pillarId,
    bootEpoch: agent.bootEpoch,
    seq: agent.outbox.head.seq + 1,
    prevHash: agent.outbox.head.hash,
    kind,
    wallMs: Math.floor(moment.wallMs - (moment.at - edgeAt)),
    clock: { synced: moment.isClockSynced },
  };
  return step(agent, { type: "seal", draft: event, edgeAt });
}

/**
 * A new alarm enters the outbox; it waits there until the disk has it, or until that wait is over.
 */
export function admit(
  agent: Agent,
  alarm: SealedAlarm,
  told: Moment & { readonly edgeAt: Instant },
): AgentStep {
  const { eventId, seq } = alarm.event;
  const { edgeAt } = told;
  const entry: Pending = { ...keptAlarm(alarm, false), edgeAt, maySend: false };
  const headed = withOutbox(agent, { head: { seq, hash: alarm.hash }, round: 0 });
  if (agent.outbox.pending.size >= MAX_OUTBOX) {
    // The outbox is full: it is sent once now, and read again from the disk when there is room.
    const fromSeq = Math.min(seq, agent.outbox.replay?.fromSeq ?? seq);
    const kept = withOutbox(headed, { replay: { fromSeq, isFetching: false } });
    const message = overLink(agent, entry, told.at);
    const sent: AgentStep = step<Agent, Effect>(kept, { type: "publish", message });
    const detail = `${MAX_OUTBOX} alarms wait for the hub; restore the way to the hub`;
    return follow(sent, (next) => raise(next, "outbox-full", detail));
  }
  return step(withOutbox(headed, { pending: new Map(agent.outbox.pending).set(eventId, entry) }));
}

/**
 * It is on the disk, or the wait for the disk is over:
 * it is sent, unless a link has carried it already.
 */
export function sendFirst(agent: Agent, eventId: EventId, moment: Moment): AgentStep {
  const entry = agent.outbox.pending.get(eventId);
  if (!entry) return step(agent);
  const free = withPending(agent, eventId, { maySend: true });
  return entry.isSentOnThisLink ? step(free) : send(free, eventId, moment);
}

/** Publishes one alarm if the way is open, and makes sure it will be asked for again. */
function send(agent: Agent, eventId: EventId, moment: Moment): AgentStep {
  const entry = agent.outbox.pending.get(eventId);
  if (!entry || agent.link.phase !== "up") return step(agent);
  const attempts = entry.attempts + 1;
  const sent = withPending(agent, eventId, { attempts, isSentOnThisLink: true });
  const message = overLink(agent, entry, moment.at);
  return step<Agent, Effect>(sent, { type: "publish", message }, resendTimer(sent, moment));
}

function resendTimer(agent: Agent, moment: Moment): Effect {
  const drawn = fullJitter(RESEND, agent.outbox.round, moment.chance);
  const delay = milliseconds(Math.max(RESEND_NOT_BEFORE, drawn));
  return { type: "set-timer", name: "resend", at: after(moment.at, delay) };
}

/** Sends what this link has not carried yet, as far as the window allows. */
export function fillWindow(agent: Agent, moment: Moment): AgentStep {
  let underWay = 0;
  let result: AgentStep = step(agent);
  for (const [eventId, one] of byUrgency(agent)) {
    if (underWay >= WINDOW) break;
    if (!one.maySend) continue;
    underWay += 1;
    if (!one.isSentOnThisLink) result = follow(result, (next) => send(next, eventId, moment));
  }
  return underWay < WINDOW ? follow(result, turnPage) : result;
}

/** A new link carries nothing yet: everything waiting goes out at once, a window at a time. */
export function resendOnNewLink(agent: Agent, moment: Moment): AgentStep {
  const pending = new Map(agent.outbox.pending);
  for (const [eventId, one] of pending) pending.set(eventId, { ...one, isSentOnThisLink: false });
  return fillWindow(withOutbox(agent, { pending, round: 0 }), moment);
}

export function resend(agent: Agent, moment: Moment): AgentStep {
  if (agent.link.phase !== "up") return step(agent);
  const next = withOutbox(agent, { round: Math.min(agent.outbox.round + 1, 30) });
  let result: AgentStep = step(next);
  for (const eventId of leastAsked(next, WINDOW))
    result = follow(result, (at) => send(at, eventId, moment));
  return result;
}

/** The hub's journal has it. A hub with another database is sent everything we keep. */
export function acceptedByHub(agent: Agent, receipt: Receipt, moment: Moment): AgentStep {
  const { eventId, hubEpoch } = receipt;
  const before = agent.outbox.hubEpoch;
  const pending = new Map(agent.outbox.pending);
  const ofCall = ofCallWith(agent, pending.get(eventId)?.alarm);
  pending.delete(eventId);
  const isOtherHub = before !== undefined && before !== hubEpoch;
  const replay = isOtherHub ? { fromSeq: 1, isFetching: false } : agent.outbox.replay;
  const told = withOutbox(agent, { pending, hubEpoch, replay });
  const next = withOutbox(isOtherHub ? owedOfCall(told, 1) : told, { ofCall });
  const effects: Effect[] = [];
  if (next.outbox.pending.size === 0) effects.push({ type: "clear-timer", name: "resend" });
  if (isOtherHub) {
    const text = `the hub's database is another one (${hubEpoch}): sending again all we keep`;
    effects.push({ type: "log", level: "warn", text });
  }
  const filled = follow(step(next, ...effects), (at) => fillWindow(at, moment));
  return next.outbox.pending.size < MAX_OUTBOX
    ? follow(filled, (at) => clear(at, "outbox-full"))
    : filled;
}

/** The hub lacks alarms from this number on: those of the running call go at once. */
export function replayFrom(agent: Agent, fromSeq: number, moment: Moment): AgentStep {
  const least = Math.min(fromSeq, agent.outbox.replay?.fromSeq ?? fromSeq);
  const replay = { fromSeq: least, isFetching: false };
  const next = owedOfCall(withOutbox(agent, { replay }), fromSeq);
  return follow(fillWindow(next, moment), turnPage);
}

function turnPage(agent: Agent): AgentStep {
  const { replay, pending } = agent.outbox;
  if (!replay || replay.isFetching || agent.link.phase !== "up") return step(agent);
  if (pending.size > MAX_OUTBOX - PAGE) return step(agent);
  const fetching = withOutbox(agent, { replay: { ...replay, isFetching: true } });
  return step(fetching, { type: "fetch-kept", fromSeq: replay.fromSeq, limit: PAGE });
}

export function kept(agent: Agent, alarms: readonly SealedAlarm[], moment: Moment): AgentStep {
  const last = alarms.at(-1);
  const entries = [...agent.outbox.pending];
  for (const alarm of alarms) {
    if (!agent.outbox.pending.has(alarm.event.eventId)) {
      entries.push([alarm.event.eventId, keptAlarm(alarm, true)]);
    }
  }
  entries.sort(([, a], [, b]) => a.alarm.event.seq - b.alarm.event.seq);
  const replay = last ? { fromSeq: last.event.seq + 1, isFetching: false } : undefined;
  return fillWindow(withOutbox(agent, { pending: new Map(entries), replay }), moment);
}

export function keptFailed(agent: Agent, reason: string, moment: Moment): AgentStep {
  const { replay } = agent.outbox;
  return step<Agent, Effect>(
    withOutbox(agent, { replay: replay && { ...replay, isFetching: false } }),
    { type: "set-timer", name: "replay", at: after(moment.at, REPLAY_RETRY) },
    { type: "log", level: "error", text: `kept alarms could not be read: ${reason}` },
  );
}

/** The disk is back: what waits on it joins what was sent from memory meanwhile. */
export function ledgerBack(agent: Agent, from: Kept, moment: Moment): AgentStep {
  const entries = [...agent.outbox.pending];
  for (const alarm of from.unaccepted.slice(0, MAX_OUTBOX - entries.length)) {
    const { eventId } = alarm.event;
    if (!agent.outbox.pending.has(eventId)) entries.push([eventId, keptAlarm(alarm, false)]);
  }
  entries.sort(([, a], [, b]) => a.alarm.event.seq - b.alarm.event.seq);
  const { replayFrom: fromSeq } = from;
  const replay =
    agent.outbox.replay ?? (fromSeq === undefined ? undefined : { fromSeq, isFetching: false });
  const hubEpoch = agent.outbox.hubEpoch ?? from.hubEpoch;
  const joined = withOutbox(agent, { pending: new Map(entries), replay, hubEpoch });
  const text = `the ledger is back: ${from.unaccepted.length} alarms in it wait for the hub`;
  const told = step<Agent, Effect>(joined, { type: "log", level: "info", text });
  const sent = follow(told, (next) => fillWindow(next, moment));
  const isMended = agent.disk.size === 0 && !agent.health.isLedgerMoved;
  return isMended ? follow(sent, (next) => clear(next, "ledger-failing")) : sent;
}
