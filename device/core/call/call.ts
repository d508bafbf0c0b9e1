/**
 * One call at the pillar, from the press to the hang-up.
 *
 * A person at the pillar must never wonder whether anything is happening, so every state here has a
 * lamp and a sound. We ask again until the hub *accepts*: a broker's receipt only says that the
 * broker has it.
 *
 * Pressing again during a call changes nothing for the person (`press-again.ts` says what it does).
 * It is what frightened people do. What the hub tells of a call, and how each word is taken back,
 * is in `call-told.ts`.
 */
import { after, minutes, seconds, type Instant } from "../../../shared/duration.ts";
import type { EventId } from "../../../shared/ids.ts";
import { follow, step } from "../../../shared/step.ts";
import type { Effect, Moment, Press } from "../events.ts";
import { draft } from "../ledger/ledger.ts";
import { hurryLink } from "../link.ts";
import type { Outbox } from "../state/outbox-state.ts";
import { pressedAgain } from "./press-again.ts";
import type { Agent, AgentStep } from "../state/agent-state.ts";
import { type CallState, type RunningCall, IDLE } from "../state/call-state.ts";
import { say, withCall } from "./running-call.ts";

/** After so long without a receipt the person is told another way to get help. */
const DIAL_110_AFTER = seconds(20);
/**
 * A hub that says nothing of a call for so long is taken
 * to have forgotten it, so that the button works again.
 */
const SILENCE_ENDS_AFTER = minutes(30);

/** Long enough to read that it is over. */
const ENDED_SHOWN = seconds(10);

export function pressed(agent: Agent, press: Press, isSilent = press.kind === "silent"): AgentStep {
  if (agent.call.call.phase !== "idle") return pressedAgain(agent, press);
  const { kind, edgeAt, freshId: eventId } = press;
  const own = { newer: [], early: undefined, bornAt: press.at, owed: undefined };
  const fresh: Agent = { ...agent, call: { ...agent.call, ...own } };
  const calling = withCall(fresh, {
    phase: "calling",
    eventId,
    isSilent,
    edgeAt,
    isLate: false,
  });
  const born = draft(calling, { kind, edgeAt, moment: press });
  const told = follow(born, (next) => step(next, ...waiting(next, press)));
  return follow(told, (next) => step(next, ...hurryLink(next.link, press)));
}

/**
 * The end of the five seconds: the remembered press, whether or not its call still runs. After one
 * that made no sound the next makes none: it was pressed in it.
 */
export function pressOwed(agent: Agent, moment: Moment): AgentStep {
  const { owed, wasSilent } = agent.call;
  if (!owed) return step(agent);
  const free: Agent = { ...agent, call: { ...agent.call, owed: undefined } };
  return pressed(free, { ...moment, ...owed }, wasSilent || owed.kind === "silent");
}

function waiting(agent: Agent, moment: Moment): Effect[] {
  const at = after(moment.at, DIAL_110_AFTER);
  return [...say(agent.call, "calling"), { type: "set-timer", name: "dial-110", at }];
}

/**
 * After a reboot, or a call that ended too soon, the newest alarm that nobody accepted goes on.
 * After a reboot only if no newer one was accepted: the hub may be in a call about that one, and
 * what it says of it counts (`adopt`).
 */
export function resumeCall(agent: Agent, moment: Moment, before?: RunningCall): AgentStep {
  // What only another hub is to hear again may be of any day,
  // and of somebody else. So may what an earlier call left.
  const { newer, lastEventId } = agent.call;
  const goesOn = (id: EventId): boolean => !before || id === lastEventId || newer.includes(id);
  const calls = [...agent.outbox.pending.values()].filter(
    ({ alarm: { event }, isReplay }) => event.kind !== "test" && !isReplay && goesOn(event.eventId),
  );
  const newest = calls.at(-1)?.alarm.event;
  if (!newest || (!before && newest.eventId !== lastEventId)) return step(agent);
  const calling = withCall(agent, {
    phase: "calling",
    eventId: newest.eventId,
    // A press aloud that comes later does not make a silent call audible.
    isSilent: before?.isSilent || calls.some(({ alarm }) => alarm.event.kind === "silent"),
    edgeAt: moment.at,
    isLate: false,
  });
  return step(calling, ...waiting(calling, moment));
}

export function dial110(agent: Agent): AgentStep {
  const { call } = agent.call;
  if (call.phase !== "calling") return step(agent);
  const text = "no hub has accepted the call for 20 s: telling the person to dial 110";
  const late = withCall(agent, { ...call, isLate: true });
  return step(late, ...say(agent.call, "network-fault-dial-110"), {
    type: "log",
    level: "error",
    text,
  });
}

export function silenceTimer(moment: Moment): Effect {
  return { type: "set-timer", name: "call-silence", at: after(moment.at, SILENCE_ENDS_AFTER) };
}

/** `newest`: of the alarms that the hub counts to the call that is over, if the hub said so. */
export function ended(agent: Agent, moment: Moment, newest?: EventId): AgentStep {
  const { call, lastEventId, wasSilent, owed, bornAt } = agent.call;
  if (call.phase === "idle") return step(agent);
  const isNewerOwed = lastEventId && agent.outbox.pending.get(lastEventId)?.isReplay === false;
  // What the hub names it has, and closed, although its receipt is still on its way.
  if (lastEventId !== call.eventId && lastEventId !== newest && isNewerOwed) {
    const silence: Effect = { type: "clear-timer", name: "call-silence" };
    const next = withoutEnded(agent, call.eventId);
    return follow(step<Agent, Effect>(next, silence), (going) => resumeCall(going, moment, call));
  }
  // The alarm is remembered: its incident may be opened again.
  const over: CallState = { ...IDLE, lastEventId, wasSilent, hasJustEnded: true, owed, bornAt };
  return step(
    { ...agent, call: over },
    ...say(agent.call, "ended"),
    { type: "clear-timer", name: "dial-110" },
    { type: "clear-timer", name: "call-silence" },
    { type: "set-timer", name: "ended-shown", at: after(moment.at, ENDED_SHOWN) },
  );
}

/**
 * Only alarms that no hub has go on: a word about one
 * of the call that is over says nothing of the next.
 */
function withoutEnded(agent: Agent, ended: EventId): Agent {
  const { pending } = agent.outbox;
  const newer = agent.call.newer.filter((id) => id !== ended && pending.has(id));
  return { ...agent, call: { ...agent.call, newer } };
}

export function endShown(agent: Agent): AgentStep {
  return step({ ...agent, call: { ...agent.call, hasJustEnded: false } });
}

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
  const text = `call ${String(eventId).slice(0, 4)} ${from.phase} → ${to.phase}${by}   on ${event.type}`;
  const age =
    from.phase === "calling"
      ? ` (${attemptsOf(before.outbox, from.eventId)}${Math.round(event.at - from.edgeAt)} ms after press)`
      : "";
  return [{ type: "log", level: "info", text: text + age }];
}

function attemptsOf(outbox: Outbox, eventId: EventId): string {
  const attempts = outbox.pending.get(eventId)?.attempts;
  return attempts === undefined ? "" : `attempt ${attempts}, `;
}
