/**
 * One call at the pillar, from the press to the hang-up.
 *
 * A person at the pillar must never wonder whether anything is happening, so every state here has a
 * lamp and a sound. We ask again until the hub *accepts*: a broker's receipt only says that the
 * broker has it.
 *
 * Pressing again during a call changes nothing for the person (`press-again.ts` says what it does). It is
 * what frightened people do. A lost link takes "answered" back to what is still proven, until the hub says it again.
 */
import { after, minutes, seconds, type Instant } from "../../shared/duration.ts";
import type { EventId, IncidentId } from "../../shared/ids.ts";
import type { Receipt } from "../../shared/protocol/accepted.ts";
import type { Call as CallMessage } from "../../shared/protocol/call.ts";
import { follow, step } from "../../shared/step.ts";
import type { Effect, Moment, Press } from "./events.ts";
import { draft } from "./ledger.ts";
import { hurryLink } from "./link.ts";
import type { Outbox } from "./outbox.ts";
import { pressedAgain } from "./press-again.ts";
import type { PromptName } from "./prompt.ts";
import type { Agent, AgentStep } from "./state.ts";

/** Nobody has the call: the person must hear of another way. */
const DIAL_110_AFTER = seconds(20);
/** A hub that says nothing of a call for so long has forgotten it, and the button must work again. */
const SILENCE_ENDS_AFTER = minutes(30);

/** Long enough to read that it is over. */
const ENDED_SHOWN = seconds(10);

export type Call =
  | { readonly phase: "idle" }
  | {
      readonly phase: "calling";
      readonly eventId: EventId;
      readonly isSilent: boolean;
      readonly edgeAt: Instant;
      /** 20 s have passed: the person has been told to dial 110 as well. */
      readonly isLate: boolean;
      /** What the hub said of this call before its receipt came: believed only after it. */
      readonly early: CallMessage | undefined;
    }
  | {
      readonly phase: "received";
      readonly eventId: EventId;
      readonly isSilent: boolean;
      readonly incidentId: IncidentId;
    }
  | {
      readonly phase: "answered";
      readonly eventId: EventId;
      readonly isSilent: boolean;
      readonly incidentId: IncidentId;
      readonly by: string;
      readonly isHeld: boolean;
      /** False from the loss of the link until the hub says again that somebody is there. */
      readonly isLive: boolean;
    };

export interface CallState {
  readonly call: Call;
  /** The newest alarm, also after a reboot: the hub may still be in a call about it. */
  readonly lastEventId: EventId | undefined;
  /** The end of the last call is still on the display. */
  readonly hasJustEnded: boolean;
  /** When the call's newest alarm was born. */
  readonly bornAt: Instant | undefined;
  /** A press that has no alarm yet. */
  readonly owed: Pick<Press, "kind" | "edgeAt"> | undefined;
}

export const IDLE: CallState = {
  call: { phase: "idle" },
  lastEventId: undefined,
  hasJustEnded: false,
  bornAt: undefined,
  owed: undefined,
};

type Running = Exclude<Call, { phase: "idle" }>;

/** The newest alarm of a call may be younger than the one that began it. */
function withCall(agent: Agent, call: Running): Agent {
  const { call: before, lastEventId } = agent.call;
  const isSame = before.phase !== "idle" && before.eventId === call.eventId;
  const newest = isSame ? lastEventId : call.eventId;
  return { ...agent, call: { ...agent.call, call, lastEventId: newest, hasJustEnded: false } };
}

const isOfCall = (agent: Agent, call: Running, eventId: EventId): boolean =>
  eventId === call.eventId || eventId === agent.call.lastEventId;

/** A voice for everyone but those who pressed silently. */
function say(agent: Agent, name: PromptName): Effect[] {
  const { call } = agent.call;
  return call.phase !== "idle" && call.isSilent ? [] : [{ type: "prompt", name }];
}

export function pressed(agent: Agent, press: Press): AgentStep {
  if (agent.call.call.phase !== "idle") return pressedAgain(agent, press);
  const { kind, edgeAt, freshId: eventId } = press;
  const fresh: Agent = { ...agent, call: { ...agent.call, bornAt: press.at, owed: undefined } };
  const calling = withCall(fresh, {
    phase: "calling",
    eventId,
    isSilent: kind === "silent",
    edgeAt,
    isLate: false,
    early: undefined,
  });
  const born = draft(calling, { kind, edgeAt, moment: press });
  const told = follow(born, (next) => step(next, ...waiting(next, press)));
  return follow(told, (next) => hurryLink(next, press));
}

/** The end of the five seconds: the remembered press, whether or not its call still runs. */
export function pressOwed(agent: Agent, moment: Moment): AgentStep {
  const { owed } = agent.call;
  if (!owed) return step(agent);
  const free: Agent = { ...agent, call: { ...agent.call, owed: undefined } };
  return pressed(free, { ...moment, ...owed });
}

function waiting(agent: Agent, moment: Moment): Effect[] {
  const at = after(moment.at, DIAL_110_AFTER);
  return [...say(agent, "calling"), { type: "set-timer", name: "dial-110", at }];
}

/** After a reboot, or a call that ended too soon, the newest one that nobody accepted goes on. */
export function resumeCall(agent: Agent, moment: Moment): AgentStep {
  const calls = [...agent.outbox.pending.values()].filter((one) => one.alarm.event.kind !== "test");
  const newest = calls.at(-1)?.alarm.event;
  if (!newest) return step(agent);
  const calling = withCall(agent, {
    phase: "calling",
    eventId: newest.eventId,
    isSilent: newest.kind === "silent",
    edgeAt: moment.at,
    isLate: false,
    early: undefined,
  });
  return step(calling, ...waiting(calling, moment));
}

export function dial110(agent: Agent): AgentStep {
  const { call } = agent.call;
  if (call.phase !== "calling") return step(agent);
  const text = "no hub has accepted the call for 20 s: telling the person to dial 110";
  const late = withCall(agent, { ...call, isLate: true });
  return step(late, ...say(agent, "network-fault-dial-110"), {
    type: "log",
    level: "error",
    text,
  });
}

/** A call is received once; after that only its newest alarm can tell of another incident. */
function isNews(agent: Agent, call: Running, { eventId, incidentId }: Receipt): boolean {
  if (call.phase === "calling") return isOfCall(agent, call, eventId);
  return eventId === agent.call.lastEventId && incidentId !== call.incidentId;
}

export function callAccepted(agent: Agent, receipt: Receipt, moment: Moment): AgentStep {
  const { call } = agent.call;
  if (call.phase === "idle" || !isNews(agent, call, receipt)) return step(agent);
  const { incidentId, eventId } = receipt;
  const { isSilent } = call;
  const early = call.phase === "calling" ? call.early : undefined;
  const received = withCall(agent, { phase: "received", eventId, isSilent, incidentId });
  const told = step<Agent, Effect>(
    received,
    ...say(received, "received"),
    { type: "clear-timer", name: "dial-110" },
    silenceTimer(moment),
  );
  return early ? follow(told, (next) => callTold(next, early, moment)) : told;
}

function silenceTimer(moment: Moment): Effect {
  return { type: "set-timer", name: "call-silence", at: after(moment.at, SILENCE_ENDS_AFTER) };
}

export function callTold(agent: Agent, message: CallMessage, moment: Moment): AgentStep {
  const { call } = agent.call;
  if (call.phase === "idle") return adopt(agent, message, moment);
  if (call.phase === "calling") {
    if (!isOfCall(agent, call, message.eventId)) return step(agent);
    return step(withCall(agent, { ...call, early: message }));
  }
  if (message.incidentId !== call.incidentId) {
    const isOurs = isOfCall(agent, call, message.eventId);
    if (!isOurs || agent.outbox.pending.has(message.eventId)) return step(agent);
    // The hub was set back to an older copy: our alarm has another incident, and nobody has answered that.
    const { isSilent } = call;
    const { incidentId, eventId } = message;
    const moved = withCall(agent, { phase: "received", eventId, isSilent, incidentId });
    return callTold(moved, message, moment);
  }
  if (message.status === "ended") return ended(agent, moment);
  const alive = step<Agent, Effect>(agent, silenceTimer(moment));
  // `ringing` is what `received` means; an answer without a name is not one.
  if (message.status === "ringing" || message.by === undefined) return alive;
  const isHeld = message.status === "held";
  const isSame = call.phase === "answered" && call.by === message.by && call.isHeld === isHeld;
  if (isSame && call.isLive) return alive;
  const { eventId, isSilent, incidentId } = call;
  const by = message.by;
  return follow(alive, (next) => {
    const answered = withCall(next, {
      phase: "answered",
      eventId,
      isSilent,
      incidentId,
      by,
      isHeld,
      isLive: true,
    });
    return step(answered, ...say(answered, isHeld ? "held" : "answered"));
  });
}

/** A reboot in the middle of a call: the hub still knows, and its word for our newest alarm counts. */
function adopt(agent: Agent, message: CallMessage, moment: Moment): AgentStep {
  const isOurs = message.eventId === agent.call.lastEventId && message.status !== "ended";
  if (!isOurs || agent.outbox.pending.has(message.eventId)) return step(agent);
  const { eventId, incidentId } = message;
  const received = withCall(agent, { phase: "received", eventId, isSilent: false, incidentId });
  return callTold(received, message, moment);
}

/** Nobody can know any more who is at the other end: "answered" waits for the hub to say it again. */
export function callCutOff(agent: Agent): AgentStep {
  const { call } = agent.call;
  if (call.phase !== "answered" || !call.isLive) return step(agent);
  // Whoever cannot see the lamp heard last that somebody listens: the voice takes that back too.
  return step(withCall(agent, { ...call, isLive: false }), ...say(agent, "received"));
}

export function ended(agent: Agent, moment: Moment): AgentStep {
  const { call, lastEventId, owed, bornAt } = agent.call;
  if (call.phase === "idle") return step(agent);
  if (lastEventId !== call.eventId && lastEventId && agent.outbox.pending.has(lastEventId)) {
    const silence: Effect = { type: "clear-timer", name: "call-silence" };
    return follow(step<Agent, Effect>(agent, silence), (next) => resumeCall(next, moment));
  }
  const over: CallState = { ...IDLE, hasJustEnded: true, owed, bornAt };
  return step(
    { ...agent, call: over },
    ...say(agent, "ended"),
    { type: "clear-timer", name: "dial-110" },
    { type: "clear-timer", name: "call-silence" },
    { type: "set-timer", name: "ended-shown", at: after(moment.at, ENDED_SHOWN) },
  );
}

export function endShown(agent: Agent): AgentStep {
  return step({ ...agent, call: { ...agent.call, hasJustEnded: false } });
}

/**
 * No ear without cause: camera, microphone and speaker only from the receipt of a call to its end. Before it
 * nobody can look or listen, and on a narrow line a picture would keep the alarm from arriving.
 */
export const isGateOpen = ({ call: { call } }: Agent): boolean =>
  call.phase !== "idle" && call.phase !== "calling";

/** `call 7f3a calling → received   on accepted (attempt 2, 2100 ms after press)` */
export function transition(
  before: Agent,
  next: Agent,
  event: { type: string; at: Instant },
): Effect[] {
  const from = before.call.call;
  const to = next.call.call;
  if (from.phase === to.phase) return [];
  const eventId = to.phase === "idle" ? from.phase !== "idle" && from.eventId : to.eventId;
  const by = to.phase === "answered" ? ` by ${to.by}` : "";
  const sent = from.phase === "calling" ? attemptsOf(before.outbox, from.eventId) : "";
  const text = `call ${String(eventId).slice(0, 4)} ${from.phase} → ${to.phase}${by}   on ${event.type}`;
  const age =
    from.phase === "calling"
      ? ` (${sent}${Math.round(event.at - from.edgeAt)} ms after press)`
      : "";
  return [{ type: "log", level: "info", text: text + age }];
}

function attemptsOf(outbox: Outbox, eventId: EventId): string {
  const attempts = outbox.pending.get(eventId)?.attempts;
  return attempts === undefined ? "" : `attempt ${attempts}, `;
}
