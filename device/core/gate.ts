/**
 * The gate: which of camera, microphone and speaker are open, and for what.
 *
 * It opens for a call that the hub has received, until its end, and for a live grant of the hub;
 * for nothing else. Before the receipt nobody can look or listen, and on a narrow line a picture
 * would keep the alarm from arriving.
 *
 * A grant is for a place where nobody has called. It ends with its time, with the hub's word, with
 * the first press, with the link over which it could be ended, and with the lamp: nobody is looked
 * at unless they can see that they are.
 */
import { after, seconds } from "../../shared/duration.ts";
import type { PillarCommand } from "../../shared/protocol/command.ts";
import { isAnyOpen, OPENED_FOR, SHUT, type Opening } from "../../shared/protocol/purpose.ts";
import { step } from "../../shared/step.ts";
import type { Effect, Moment } from "./events.ts";
import type { Agent, AgentStep } from "./state/agent-state.ts";
import type { Call } from "./state/call-state.ts";
import { MAX_GRANTS, MAX_OVER, type Grants } from "./state/grant-state.ts";

/** What is open now. */
export function openingOf({ call: { call }, grants }: Pick<Agent, "call" | "grants">): Opening {
  if (call.phase !== "idle") return hasReceipt(call) ? OPENED_FOR.call : SHUT;
  return [...grants.live.values()]
    .map(({ purpose }) => OPENED_FOR[purpose])
    .reduce(
      (one, other) => ({
        camera: one.camera || other.camera,
        microphone: one.microphone || other.microphone,
        speaker: one.speaker || other.speaker,
      }),
      SHUT,
    );
}

const hasReceipt = ({ phase }: Call): boolean => phase === "received" || phase === "answered";

/** Without a call: whether somebody looks or listens, and the lamp has to say so. */
export const isWatched = (agent: Pick<Agent, "call" | "grants">): boolean => {
  const { camera, microphone } = openingOf(agent);
  return agent.call.call.phase === "idle" && (camera || microphone);
};

export const isSame = (one: Opening, other: Opening): boolean =>
  one.camera === other.camera &&
  one.microphone === other.microphone &&
  one.speaker === other.speaker;

type GrantCommand = Extract<PillarCommand, { name: "grant" }>;

/** Why it is refused, for whoever asked; undefined when it is not. */
export function whyNotGranted(agent: Agent, { grantId }: GrantCommand): string | undefined {
  const { call, grants, hasLamp, health } = agent;
  if (grants.over.includes(grantId)) return "this grant was ended";
  if (call.call.phase !== "idle") return "somebody calls at this pillar";
  if (!hasLamp) return "this pillar has no lamp to say that it is looked at";
  if (health.faults.has("board-lost")) return "the lamp cannot be lit: the board does not answer";
  if (grants.live.size >= MAX_GRANTS && !grants.live.has(grantId)) {
    return `expected at most ${MAX_GRANTS} grants at once`;
  }
  return undefined;
}

export function granted(agent: Agent, command: GrantCommand, moment: Moment): AgentStep {
  const { grantId, purpose } = command;
  const until = after(moment.at, seconds(command.seconds));
  return withLive(agent, new Map(agent.grants.live).set(grantId, { purpose, until }));
}

export function grantEnded(
  agent: Agent,
  { grantId }: Extract<PillarCommand, { name: "end-grant" }>,
): AgentStep {
  const over = [...agent.grants.over, grantId].slice(-MAX_OVER);
  const live = [...agent.grants.live].filter(([id]) => id !== grantId);
  return withLive({ ...agent, grants: { ...agent.grants, over } }, new Map(live));
}

/** After every event: a grant that has lost what it needs is over. */
export function reviewGrants(agent: Agent, { at }: Moment): AgentStep {
  const { live } = agent.grants;
  if (live.size === 0) return step(agent);
  const isVoid =
    agent.call.call.phase !== "idle" ||
    agent.link.phase !== "up" ||
    agent.health.faults.has("board-lost");
  const left = isVoid ? [] : [...live].filter(([, { until }]) => until > at);
  return left.length === live.size ? step(agent) : withLive(agent, new Map(left));
}

/** With the timer of the next end. */
function withLive(agent: Agent, live: Grants["live"]): AgentStep {
  const [first] = [...live.values()].map(({ until }) => until).toSorted((a, b) => a - b);
  const timer: Effect =
    first === undefined
      ? { type: "clear-timer", name: "grant" }
      : { type: "set-timer", name: "grant", at: first };
  return step({ ...agent, grants: { ...agent.grants, live } }, timer);
}

/** What media is told, and the line in the log that says why, when it has changed. */
export function gateShown(before: Agent, next: Agent): Effect[] {
  const opening = openingOf(next);
  if (isSame(opening, openingOf(before))) return [];
  const gate: Effect = { type: "media", message: { type: "gate", opening } };
  const isOfCall = before.call.call.phase !== "idle" || next.call.call.phase !== "idle";
  if (isOfCall) return [gate];
  const purposes = [...next.grants.live.values()].map(({ purpose }) => purpose).join(", ");
  const text = isAnyOpen(opening) ? `gate opens for: ${purposes}` : "gate shuts";
  return [gate, { type: "log", level: "info", text }];
}
