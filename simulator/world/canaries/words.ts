/**
 * Canaries of the words at the pillar: each leaves one of
 * lamp, voice and screen saying what is no longer true.
 */
import type { Effect, Event } from "../../../device/core/events.ts";
import type { Agent, AgentStep } from "../../../device/core/state/agent-state.ts";
import type { HubEffect } from "../../../hub/core/events.ts";
import type { Fact } from "../../../hub/core/facts.ts";
import { HONEST, type Rules } from "../rules.ts";
import { withRules, type Canary } from "./canary.ts";

export const WORD_CANARIES: readonly Canary[] = [
  {
    name: "ringing-again-ignored",
    story: "a pillar that was told of an answer does not hear that the call rings again",
    firstSeed: 1,
    rules: () =>
      withRules({
        step: (agent, event) => {
          const isRinging = event.type === "call-told" && event.body.call.status === "ringing";
          return isRinging && agent.call.call.phase === "answered"
            ? { state: agent, effects: [] }
            : HONEST.step(agent, event);
        },
      }),
  },
  {
    name: "hidden-press-aloud",
    story:
      "a press that is remembered for the end of five seconds is aloud, whichever it was (and whatever its call was)",
    density: "dense",
    firstSeed: 1,
    rules: () =>
      withRules({
        step: (agent, event) => {
          const isOwed = event.type === "timer-due" && event.name === "press-again";
          const heard = isOwed ? { ...agent, call: { ...agent.call, wasSilent: false } } : agent;
          const { state, effects } = HONEST.step(heard, event);
          const { owed } = state.call;
          if (owed?.kind !== "silent") return { state, effects };
          const call = { ...state.call, owed: { ...owed, kind: "voice" as const } };
          return { state: { ...state, call }, effects };
        },
      }),
  },
  {
    name: "owner-lost-untold",
    story:
      "the owner is gone and the incident rings again, but the pillar is told only with a later heartbeat",
    firstSeed: 22,
    rules: () => withRules({ handle: untold("incident-released") }),
  },
  {
    name: "hand-over-untold",
    story:
      "handed over, the call rings for somebody else, but the pillar is told only with a later heartbeat",
    firstSeed: 1,
    rules: () => withRules({ handle: untold("incident-transferred") }),
  },
  {
    name: "take-over-keeps-name",
    story: "a supervisor takes the call over, and the screen keeps the first name",
    firstSeed: 1,
    rules: () =>
      withRules({
        step: (agent, event) => {
          const { call } = agent.call;
          const isAnswer = event.type === "call-told" && event.body.call.status === "answered";
          if (!isAnswer || call.phase !== "answered") return HONEST.step(agent, event);
          const keeps = { ...event.body.call, by: call.by };
          return HONEST.step(agent, { ...event, body: { ...event.body, call: keeps } });
        },
      }),
  },
  {
    name: "reopen-keeps-answered",
    story: "an incident that is opened again is told with the name of whoever closed it",
    firstSeed: 1,
    rules: () =>
      withRules({
        handle: (state, event, now) => {
          const decision = HONEST.handle(state, event, now);
          const reopened = decision.facts.find(({ type }) => type === "incident-reopened");
          if (reopened?.type !== "incident-reopened") return decision;
          const by = reopened.byName;
          const effects = decision.effects.map((effect): HubEffect =>
            effect.type === "tell-pillar"
              ? { ...effect, call: { ...effect.call, status: "answered", by } }
              : effect,
          );
          return { ...decision, effects };
        },
      }),
  },
  {
    name: "voice-not-taken-back",
    story:
      "lamp and screen take the answer back, and the voice has said last that somebody listens",
    firstSeed: 1,
    rules: () => withRules({ step: without("prompt") }),
  },
  {
    name: "screen-not-taken-back",
    story: "lamp and voice take the answer back, and the screen keeps the name",
    firstSeed: 1,
    rules: () => withRules({ step: without("display") }),
  },
  {
    name: "lamp-not-taken-back",
    story: "voice and screen take the answer back, and the lamp stays as it was",
    firstSeed: 1,
    rules: () => withRules({ step: without("lamp") }),
  },
  {
    name: "link-loss-keeps-answered",
    story: "a pillar that has lost its link goes on saying that somebody is with it",
    firstSeed: 1,
    rules: () =>
      withRules({
        step: (agent, event) => {
          const { state, effects } = HONEST.step(agent, event);
          const { call } = agent.call;
          if (event.type !== "link-down" || call.phase !== "answered") return { state, effects };
          const kept = { ...state, call: agent.call, display: agent.display };
          return { state: kept, effects: effects.filter((effect) => !isWord(effect)) };
        },
      }),
  },
];

const isWord = ({ type }: Effect): boolean =>
  type === "lamp" || type === "prompt" || type === "display";

/** The pillar hears nothing of this fact when it happens. */
function untold(type: Fact["type"]): Rules["handle"] {
  return (state, event, now) => {
    const decision = HONEST.handle(state, event, now);
    if (decision.facts.every((fact) => fact.type !== type)) return decision;
    return {
      ...decision,
      effects: decision.effects.filter((effect) => effect.type !== "tell-pillar"),
    };
  };
}

const isAnswered = ({ call: { call } }: Agent): boolean => call.phase === "answered" && call.isLive;

/** One of the three says nothing when an answer is taken back. */
function without(type: "lamp" | "prompt" | "display"): Rules["step"] {
  return (agent: Agent, event: Event): AgentStep => {
    const { state, effects } = HONEST.step(agent, event);
    if (!isAnswered(agent) || isAnswered(state)) return { state, effects };
    return { state, effects: effects.filter((effect) => effect.type !== type) };
  };
}
