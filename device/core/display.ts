/**
 * What a person at the pillar sees: the lamp, and the words on the screen.
 *
 * Both follow from the state alone and never say more than is proven: "sent" when it has left,
 * "received" after the hub's receipt, a name only while the hub says that this person is there.
 * When nothing is proven, the words say so and name another way.
 */
import { assertNever } from "../../shared/assert.ts";
import { isAnyOpen } from "../../shared/protocol/purpose.ts";
import { step } from "../../shared/step.ts";
import { isolated } from "../../shared/text.ts";
import type { Display, DisplayPhase, LampPattern } from "./state/shown.ts";
import type { Call } from "./state/call-state.ts";
import type { Effect, Event, Moment } from "./events.ts";
import { transition } from "./call/call.ts";
import { gateShown, isWatched, openingOf } from "./gate.ts";
import type { Agent, AgentStep } from "./state/agent-state.ts";

/** The one place that says which lamp means what. */
export function lampOf(agent: Agent): LampPattern {
  const { identify } = agent.commands;
  const { call } = agent.call;
  // The hub still has the call; whether somebody listens is no longer known.
  if (call.phase === "answered") return call.isLive ? "answered" : "received";
  if (call.phase !== "idle") return call.phase;
  if (isWatched(agent)) return "watched";
  if (identify) return identify.isLit ? "standby" : "off";
  return isHubMissing(agent) ? "fault" : "standby";
}

type Words = Omit<Display, "since">;

const WORDS = {
  standby: { zh: "紧急求助，请按按钮。", en: "In an emergency, press the button." },
  "no-hub": {
    zh: "暂时联系不上报警中心。紧急情况请拨打110；也可按下按钮，我们会一直尝试。",
    en: "The centre cannot be reached. In an emergency dial 110; press the button and we keep trying.",
  },
  "no-button": {
    zh: "按钮故障。紧急情况请拨打110。",
    en: "The button is out of order. In an emergency dial 110.",
  },
  recorded: { zh: "正在呼叫报警中心，请稍候。", en: "Calling the centre. Please wait." },
  sent: {
    zh: "求助已发出，等待报警中心确认。",
    en: "Your call has been sent. Waiting for the centre to confirm.",
  },
  "dial-110": {
    zh: "网络故障，请拨打110。我们仍在继续呼叫。",
    en: "Network fault, please dial 110. We keep calling.",
  },
  received: {
    zh: "报警中心已收到您的呼叫，请稍候。",
    en: "The centre has received your call. Please wait.",
  },
  reconnecting: {
    zh: "线路中断，正在重新连接。报警中心已收到您的呼叫。",
    en: "The line is lost, reconnecting. The centre has received your call.",
  },
  "line-lost": {
    zh: "联系不上报警中心，线路已断。报警中心曾收到您的呼叫；情况紧急请拨打110。我们一直在重新连接。",
    en: "The centre cannot be reached any more. It had received your call; in an emergency dial 110. We keep trying.",
  },
  watched: {
    zh: "值班人员正在查看此处画面。紧急求助，请按按钮。",
    en: "Staff are looking at this place by camera. In an emergency, press the button.",
  },
  "listened-to": {
    zh: "值班人员正在查看此处画面并收听声音。紧急求助，请按按钮。",
    en: "Staff are looking at this place and listening. In an emergency, press the button.",
  },
  closed: { zh: "通话已结束。", en: "The call has ended." },
} as const satisfies Partial<Record<DisplayPhase, { zh: string; en: string }>>;

const words = (phase: keyof typeof WORDS): Words => ({ phase, ...WORDS[phase] });

/** What the screen says now, and since when. */
export const displayOf = (agent: Agent): Display => agent.display;

function wordsOf(agent: Agent): Words {
  const { call, hasJustEnded } = agent.call;
  switch (call.phase) {
    case "calling":
      if (call.isLate) return words("dial-110");
      return words(hasLeft(agent, call) ? "sent" : "recorded");
    case "received":
      return words("received");
    case "answered":
      if (call.isLive) return answered(call);
      return words(isHubMissing(agent) ? "line-lost" : "reconnecting");
    case "idle":
      if (isWatched(agent)) return words(openingOf(agent).microphone ? "listened-to" : "watched");
      if (hasJustEnded) return words("closed");
      if (agent.health.faults.has("board-lost")) return words("no-button");
      return words(isHubMissing(agent) ? "no-hub" : "standby");
    default:
      return assertNever(call);
  }
}

function answered({ by: name, isHeld, isSilent }: Extract<Call, { phase: "answered" }>): Words {
  // Written by people at the hub: nothing in it may turn or hide the words around it.
  const by = isolated(name);
  if (isHeld) return { phase: "held", zh: `请稍候，${by}马上回来。`, en: `Please hold for ${by}.` };
  if (isSilent) return { phase: "answered", zh: `${by}已接警。`, en: `${by} is with you.` };
  return {
    phase: "answered",
    zh: `${by}已接听，请讲话。`,
    en: `${by} is with you. Please speak.`,
  };
}

/** Sent at least once, by MQTT or HTTPS. */
const hasLeft = (agent: Agent, { eventId }: Extract<Call, { phase: "calling" }>): boolean =>
  (agent.outbox.pending.get(eventId)?.attempts ?? 0) > 0;

const isHubMissing = ({ link }: Agent): boolean => link.phase !== "up" && link.isMissing;

/** Called after every event: redraws the screen when its text has changed. */
export function refresh(agent: Agent, moment: Moment): AgentStep {
  const now = wordsOf(agent);
  const { phase, zh, en } = agent.display;
  if (now.phase === phase && now.zh === zh && now.en === en) return step(agent);
  const display = { ...now, since: Math.floor(moment.wallMs) };
  return step({ ...agent, display }, { type: "display", display });
}

/** What a person can see and hear of the change, and the line in the log that says why. */
export function shown(before: Agent, next: Agent, event: Event): Effect[] {
  if (before === next) return [];
  const pattern = lampOf(next);
  const lamp: Effect[] = pattern === lampOf(before) ? [] : [{ type: "lamp", pattern }];
  const gate = gateShown(before, next);
  // Never open under a lamp that does not say so, not even between two effects.
  const seen = isAnyOpen(openingOf(next)) ? [...lamp, ...gate] : [...gate, ...lamp];
  return [...seen, ...transition(before, next, event)];
}
