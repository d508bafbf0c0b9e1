/**
 * The agent's one switch: which part handles which event.
 *
 * Lamp and gate are derived from the state here, after every step, so that no part has to set them.
 */
import { assertNever } from "../../shared/assert.ts";
import type { FaultCode } from "../../shared/protocol/heartbeat.ts";
import { follow, step, type Step } from "../../shared/step.ts";
import { dial110, ended, endShown, pressed, pressOwed, resumeCall } from "./call/call.ts";
import { callAccepted, callCutOff, callLineLost, callTold } from "./call/call-told.ts";
import { blink, commandReceived, forgetDelays, selfTestAccepted, selfTestLate } from "./command.ts";
import {
  appended,
  appendFailed,
  diskLate,
  ledgerMoved,
  markOnDisk,
  sealed,
  writeAgain,
} from "./ledger/disk.ts";
import { lampOf, refresh, shown } from "./display.ts";
import type { Effect, Event, Moment } from "./events.ts";
import { reviewGrants } from "./gate.ts";
import { forgetHeard, heed, messageRefused, refusalsCalm } from "./heed.ts";
import {
  beat,
  buttonReleased,
  buttonStuck,
  clear,
  mediaState,
  raise,
  repeatFaults,
  setFault,
  watchButton,
} from "./health.ts";
import {
  acceptedByHub,
  fillWindow,
  kept,
  keptFailed,
  ledgerBack,
  resend,
  resendOnNewLink,
} from "./ledger/ledger.ts";
import { linkDown, linkMissing, linkUp, tryLink, watchLink } from "./link.ts";
import { openAll, planFallback, fallbackDue, fallbackFailed } from "./https-fallback.ts";
import type { Agent, AgentStep } from "./state/agent-state.ts";
import type { Link } from "./state/link-state.ts";

/** One event: the next state, and what to do about it. */
export function stepAgent(agent: Agent, event: Event): AgentStep {
  const reviewed = follow(route(agent, event), (next) => reviewGrants(next, event));
  const stepped = follow(reviewed, (next) => step(next, ...shown(agent, next, event)));
  const { state, effects } = refresh(stepped.state, event);
  // Words first: `seal` is answered before the effects behind it, and newer words must come later.
  return { state, effects: [...effects, ...lastPrompt(stepped.effects)] };
}

/** One step says one thing aloud: what is true at its end. */
function lastPrompt(effects: readonly Effect[]): readonly Effect[] {
  const last = effects.findLastIndex(({ type }) => type === "prompt");
  return effects.filter(({ type }, i) => type !== "prompt" || i === last);
}

// oxlint-disable-next-line complexity -- one flat switch: split, it would hide which events exist
function route(agent: Agent, event: Event): AgentStep {
  switch (event.type) {
    case "started":
      return started(agent, event);
    case "renewal-troubled":
      return setFault(agent, "renewal-failing", event.detail);
    case "button-pressed":
      return follow(pressed(agent, event), (next) => watchButton(next, event.kind, event));
    case "button-released":
      return buttonReleased(agent, event.kind);
    case "tamper-changed":
      return tamperChanged(agent, event.isOpen);
    case "mains-changed":
      return mainsChanged(agent, event.isLost);
    case "fallback-off":
      return raise(agent, "fallback-off", FALLBACK_OFF);
    case "board-running":
      return partRuns(agent, "board-lost", event);
    case "sealed":
      return sealed(agent, event.alarm, event);
    case "appended":
      return appended(agent, event.eventId, event);
    case "append-failed":
      return appendFailed(agent, event);
    case "ledger-broken":
      return raise(agent, "ledger-failing", event.reason);
    case "ledger-moved":
      return ledgerMoved(agent, event.reason);
    case "ledger-back":
      return follow(ledgerBack(agent, event, event), (next) => openAll(next, event));
    case "kept":
      return kept(agent, event.alarms, event);
    case "kept-failed":
      return keptFailed(agent, event.reason, event);
    case "link-up":
      return reached(agent, event);
    case "link-down":
      return follow(lost(agent, event), callCutOff);
    case "fallback-failed":
      return fallbackFailed(agent, event);
    case "accepted":
      return accepted(agent, event);
    case "call-told":
      return heed(agent, { channel: "call", stamp: event.body, moment: event }, (next) =>
        callTold(next, event.body.call, event),
      );
    case "command-received":
      return commandReceived(agent, event.body, event);
    case "signalled":
      return heed(agent, { channel: "signal", stamp: event.body, moment: event }, (next) =>
        step(next, { type: "media", message: { type: "signal", signal: event.body.signal } }),
      );
    case "message-refused":
      return messageRefused(agent, { ...event, moment: event });
    case "media-said":
      return mediaSaid(agent, event);
    case "media-running":
      return partRuns(agent, "media-down", event);
    case "timer-due":
      return timerDue(agent, event);
    default:
      return assertNever(event);
  }
}

function partRuns(
  agent: Agent,
  code: FaultCode,
  event: { readonly isRunning: boolean; readonly detail: string },
): AgentStep {
  return setFault(agent, code, event.isRunning ? undefined : event.detail);
}

const FALLBACK_OFF =
  "hub.alarmUrls is an empty list: no alarm goes by HTTPS when MQTT is silent; remove the line";

function mainsChanged(agent: Agent, isLost: boolean): AgentStep {
  const detail = isLost ? "mains power has failed; the pillar runs on its battery" : undefined;
  return setFault(agent, "mains-lost", detail);
}

function tamperChanged(agent: Agent, isOpen: boolean): AgentStep {
  const detail = isOpen ? "the case is open; send somebody to look" : undefined;
  return setFault(agent, "tamper-open", detail);
}

// oxlint-disable-next-line complexity -- one flat switch, like `route`
function timerDue(agent: Agent, event: Extract<Event, { type: "timer-due" }>): AgentStep {
  switch (event.name) {
    case "heartbeat":
      return beat(agent, event);
    case "ledger-late":
      return diskLate(agent, event);
    case "ledger-retry":
      return writeAgain(agent);
    case "ledger-calm":
      return clear(agent, "ledger-slow");
    case "resend":
      return resend(agent, event);
    case "https-fallback":
      return fallbackDue(agent, event);
    case "replay":
      return fillWindow(agent, event);
    case "dial-110":
      return dial110(agent);
    case "press-again":
      return pressOwed(agent, event);
    case "call-silence":
      return ended(agent, event);
    case "answer-stale":
      return callCutOff(agent);
    case "refusals-calm":
      return refusalsCalm(agent);
    case "ended-shown":
      return endShown(agent);
    case "reconnect":
      return withLink(agent, tryLink(agent.link));
    case "link-missing":
      return callLineLost({ ...agent, link: linkMissing(agent.link) });
    case "stuck-voice":
      return buttonStuck(agent, "voice");
    case "stuck-silent":
      return buttonStuck(agent, "silent");
    case "identify":
      return blinked(agent, event);
    case "self-test":
      return selfTestLate(agent);
    case "siren":
      return step(agent, { type: "siren", isOn: false });
    // Its grant is over by then, like whatever has ended by any event.
    case "grant":
      return step(agent);
    default:
      return assertNever(event.name);
  }
}

function blinked(agent: Agent, moment: Moment): AgentStep {
  const { state: commands, effects } = blink(agent.commands, moment);
  return step({ ...agent, commands }, ...effects);
}

function started(agent: Agent, event: Event): AgentStep {
  const lamp: Effect = { type: "lamp", pattern: lampOf(agent) };
  const beating = follow(step<Agent, Effect>(agent, lamp), (next) => beat(next, event));
  const resumed = follow(beating, (next) => resumeCall(next, event));
  const opened = follow(resumed, (next) => openAll(next, event));
  const watched = follow(opened, (next) => step(next, watchLink(event)));
  return follow(watched, (next) => withLink(next, tryLink(next.link)));
}

function reached(agent: Agent, event: Extract<Event, { type: "link-up" }>): AgentStep {
  const heeded = forgetHeard(agent.heeded);
  const commands = forgetDelays(agent.commands);
  const up = withLink({ ...agent, heeded, commands }, linkUp(event.sessionNonce));
  const sent = follow(up, (next) => resendOnNewLink(next, event));
  const told = follow(follow(sent, repeatFaults), (next) => beat(next, event));
  return follow(told, (next) => step(next, { type: "media", message: { type: "connect" } }));
}

const withLink = (agent: Agent, { state: link, effects }: Step<Link, Effect>): AgentStep =>
  step(link === agent.link ? agent : { ...agent, link }, ...effects);

function lost(agent: Agent, event: Extract<Event, { type: "link-down" }>): AgentStep {
  const { phase } = agent.call.call;
  const hasAlarm = agent.outbox.pending.size > 0 || phase === "calling";
  const waiting = hasAlarm ? "alarm" : phase === "idle" ? "nobody" : "call";
  return withLink(agent, linkDown(agent.link, { reason: event.reason, waiting }, event));
}

type ReceiptEvent = Extract<Event, { type: "accepted" }>;

function accepted(agent: Agent, event: ReceiptEvent): AgentStep {
  const { receipt, via } = event;
  if (via === "link") {
    return heed(agent, { channel: "accepted", stamp: receipt, moment: event }, (next) =>
      taken(next, event),
    );
  }
  if (receipt.pillarId === agent.pillarId) return taken(agent, event);
  const reason = `expected a receipt for ${agent.pillarId}, found one for ${receipt.pillarId}`;
  return messageRefused(agent, { channel: "accepted", reason, moment: event });
}

function taken(agent: Agent, event: ReceiptEvent): AgentStep {
  const { receipt } = event;
  const lit = callAccepted(agent, receipt, event);
  const { eventId, hubEpoch } = receipt;
  const isNews = agent.outbox.pending.has(eventId) || agent.outbox.hubEpoch !== hubEpoch;
  const noted = isNews ? follow(lit, (next) => markOnDisk(next, eventId, hubEpoch)) : lit;
  const marked = follow(noted, (next) => acceptedByHub(next, receipt, event));
  // Another hub is owed the running call by either way.
  const isOther = agent.outbox.hubEpoch !== undefined && agent.outbox.hubEpoch !== hubEpoch;
  const planned = follow(marked, (next) => (isOther ? openAll(next, event) : planFallback(next)));
  return follow(planned, (next) => selfTestAccepted(next, eventId, event));
}

function mediaSaid(agent: Agent, event: Extract<Event, { type: "media-said" }>): AgentStep {
  const { message } = event;
  switch (message.type) {
    case "ready":
    case "pong":
      return step(agent);
    case "signal": {
      if (agent.link.phase !== "up") return step(agent);
      const up = { channel: "signal", message: message.signal } as const;
      return step(agent, { type: "publish", message: up });
    }
    case "state":
      return mediaState(agent, message);
    case "log":
      return step(agent, { type: "log", level: message.level, text: `media: ${message.text}` });
    default:
      return assertNever(message);
  }
}
