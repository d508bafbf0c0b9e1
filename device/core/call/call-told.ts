/**
 * What the hub tells of a call: received, answered, held, ringing again, over.
 *
 * Lamp, voice and words follow what the hub said last. Whatever ends "answered" (the operator is
 * gone, handed the call over, the incident was opened again or is another one, the hub was
 * restored, the line is lost) changes all three in the same step. Each of these has a spoken prompt
 * of its own, for people who cannot see the lamp. The hub repeats the state with every second
 * heartbeat. After 25 s without it, for example behind a broker that still runs when the hub is
 * gone, the line counts as lost.
 */
import { after, seconds } from "../../../shared/duration.ts";
import type { Receipt } from "../../../shared/protocol/accepted.ts";
import type { Call as CallMessage } from "../../../shared/protocol/call.ts";
import { follow, step } from "../../../shared/step.ts";
import { ended, silenceTimer } from "./call.ts";
import { say, isOfCall, withCall } from "./running-call.ts";
import { type RunningCall } from "../state/call-state.ts";
import type { Effect, Moment } from "../events.ts";
import type { Agent, AgentStep } from "../state/agent-state.ts";

/** One repetition may be lost. */
const ANSWER_STALE_AFTER = seconds(25);

type AcceptedCall = Exclude<RunningCall, { phase: "calling" }>;

/** A call is received once; after that only its newest alarm can tell of another incident. */
function isNews(agent: Agent, call: RunningCall, { eventId, incidentId }: Receipt): boolean {
  if (call.phase === "calling") return isOfCall(agent.call, call, eventId);
  return eventId === agent.call.lastEventId && incidentId !== call.incidentId;
}

export function callAccepted(agent: Agent, receipt: Receipt, moment: Moment): AgentStep {
  const accepted = receivedBy(agent, receipt, moment);
  if (!receipt.isOver) return accepted;
  const { incidentId, eventId } = receipt;
  // Where no link says it, only the receipt does.
  const end = { v: 1, incidentId, eventId, status: "ended" } as const;
  return follow(accepted, (next) => callTold(next, end, moment));
}

function receivedBy(agent: Agent, receipt: Receipt, moment: Moment): AgentStep {
  const { call } = agent.call;
  if (call.phase === "idle" || !isNews(agent, call, receipt)) return step(agent);
  const { incidentId, eventId } = receipt;
  const { isSilent } = call;
  // Of another incident it is older than this receipt:
  // an alarm of the call before may stand in `newer`.
  const early = agent.call.early?.incidentId === incidentId ? agent.call.early : undefined;
  // Another alarm of a call that is over may have its receipt still to come.
  const heard = withEarly(agent, early?.status === "ended" ? early : undefined);
  const received = withCall(heard, { phase: "received", eventId, isSilent, incidentId });
  const told = step<Agent, Effect>(
    received,
    ...say(received.call, call.phase === "answered" ? "ringing-again" : "received"),
    { type: "clear-timer", name: "dial-110" },
    silenceTimer(moment),
  );
  if (!early) return told;
  const followed = follow(told, (next) => callTold(next, early, moment));
  // It was heard over a link that may be lost by now.
  return agent.link.phase === "up" ? followed : follow(followed, callCutOff);
}

export function callTold(before: Agent, message: CallMessage, moment: Moment): AgentStep {
  const agent = message.isSilent ? hushedBy(before, message) : before;
  const { call } = agent.call;
  if (call.phase === "idle") return adopt(agent, message, moment);
  if (call.phase === "calling") {
    if (!isOfCall(agent.call, call, message.eventId)) return step(agent);
    return step(withEarly(agent, message));
  }
  if (message.incidentId !== call.incidentId) {
    const isOurs = isOfCall(agent.call, call, message.eventId);
    if (!isOurs) return step(agent);
    if (agent.outbox.pending.has(message.eventId)) return step(withEarly(agent, message));
    // The hub was set back to an older copy: our alarm has another incident.
    const { incidentId, eventId } = message;
    return believe(agent, { ...call, incidentId, eventId }, { message, moment });
  }
  return believe(agent, call, { message, moment });
}

/**
 * The hub knows of a silent press that this pillar has forgotten, or that it joined to another
 * call. Its end is different: a person who has just heard "received" also hears that it is over.
 */
function hushedBy(agent: Agent, { incidentId, eventId, status }: CallMessage): Agent {
  const { call } = agent.call;
  if (call.phase === "idle" || call.isSilent) return agent;
  if (call.phase !== "calling" && status === "ended") return agent;
  const isIts = call.phase !== "calling" && call.incidentId === incidentId;
  if (!isIts && !isOfCall(agent.call, call, eventId)) return agent;
  return withCall(agent, { ...call, isSilent: true });
}

const withEarly = (agent: Agent, early: CallMessage | undefined): Agent => ({
  ...agent,
  call: { ...agent.call, early },
});

interface Word {
  readonly message: CallMessage;
  readonly moment: Moment;
}

/** `call`: as it was until now, of the incident that the message is about. */
function believe(agent: Agent, call: AcceptedCall, { message, moment }: Word): AgentStep {
  if (message.status === "ended") {
    return ended(withEarly(agent, message), moment, message.eventId);
  }
  const alive = step<Agent, Effect>(agent, silenceTimer(moment));
  const { eventId, isSilent, incidentId } = call;
  const { by, status } = message;
  const staleAt = after(moment.at, ANSWER_STALE_AFTER);
  // An answer without a name does not count.
  if (status === "ringing" || by === undefined) {
    const received = withCall(agent, { phase: "received", eventId, isSilent, incidentId });
    const isTakenBack = call.phase === "answered";
    return follow(alive, () =>
      step(received, ...(isTakenBack ? say(received.call, "ringing-again") : [])),
    );
  }
  const isHeld = status === "held";
  const before = agent.call.call;
  const isSame =
    before.phase === "answered" &&
    before.isLive &&
    before.incidentId === incidentId &&
    before.by === by &&
    before.isHeld === isHeld;
  const watched = follow(alive, (next) =>
    step<Agent, Effect>(next, { type: "set-timer", name: "answer-stale", at: staleAt }),
  );
  if (isSame) return watched;
  const person = { phase: "answered", by, isHeld, isLive: true } as const;
  const answered = withCall(agent, { ...person, eventId, isSilent, incidentId });
  return follow(watched, () => step(answered, ...say(answered.call, isHeld ? "held" : "answered")));
}

/**
 * After a reboot during a call, or when an incident is opened again: what the hub says of our
 * newest alarm counts.
 */
function adopt(agent: Agent, message: CallMessage, moment: Moment): AgentStep {
  const { lastEventId, wasSilent } = agent.call;
  const isOurs = message.eventId === lastEventId && message.status !== "ended";
  if (!isOurs || agent.outbox.pending.has(message.eventId)) return step(agent);
  const { eventId, incidentId } = message;
  // A press before a reboot is silent when the hub says so.
  const isSilent = wasSilent || message.isSilent === true;
  const received = withCall(agent, { phase: "received", eventId, isSilent, incidentId });
  const isRinging = message.status === "ringing" || message.by === undefined;
  const said = step(received, ...(isRinging ? say(received.call, "received") : []));
  return follow(said, (next) => callTold(next, message, moment));
}

/**
 * It is not known any more who is at the other end, so "answered"
 * is shown again only when the hub repeats it.
 */
export function callCutOff(agent: Agent): AgentStep {
  const { call } = agent.call;
  if (call.phase !== "answered" || !call.isLive) return step(agent);
  const cutOff = withCall(agent, { ...call, isLive: false });
  return step(cutOff, ...say(cutOff.call, "reconnecting"));
}

/**
 * Somebody had answered, and the hub has not been reached for a while: the person waiting is told
 * another way to get help.
 */
export function callLineLost(agent: Agent): AgentStep {
  const { call } = agent.call;
  if (agent.link.phase === "up" || call.phase !== "answered" || call.isLive) return step(agent);
  return step(agent, ...say(agent.call, "network-fault-dial-110"));
}
