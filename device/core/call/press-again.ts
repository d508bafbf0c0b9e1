/**
 * Pressing again during a call.
 *
 * For the person nothing changes: lamp, voice and picture stay as they are. One exception: after a
 * silent press the call makes no sound any more, because somebody there is hiding. But the pillar
 * may be the last to know that a call is over, so the press is still an alarm: the hub joins it to
 * the open incident or opens another, and its receipt tells the pillar which.
 *
 * Repeated presses give one alarm in five seconds; those in between count as one press at the end.
 * The first silent press goes out at once: until the hub has it, the operator may speak aloud to
 * somebody who hides. When one of those that count as one is silent, that one is.
 */
import { after, seconds } from "../../../shared/duration.ts";
import { follow, step } from "../../../shared/step.ts";
import { withCall } from "./running-call.ts";
import type { Press } from "../events.ts";
import { draft } from "../ledger/ledger.ts";
import { hurryLink } from "../link.ts";
import type { Agent, AgentStep } from "../state/agent-state.ts";
import { MAX_NEWER } from "../state/call-state.ts";

const ONE_ALARM_IN = seconds(5);

export function pressedAgain(before: Agent, press: Press): AgentStep {
  const agent = press.kind === "silent" ? hushed(before) : before;
  if (agent !== before) return born(agent, press);
  const { bornAt, owed } = agent.call;
  const next = bornAt === undefined ? press.at : after(bornAt, ONE_ALARM_IN);
  if (press.at >= next) return born(agent, press);
  const { kind, edgeAt } = press;
  if (owed) {
    const one = kind === "silent" ? { ...owed, kind } : owed;
    return step({ ...agent, call: { ...agent.call, owed: one } });
  }
  const remembered: Agent = { ...agent, call: { ...agent.call, owed: { kind, edgeAt } } };
  return step(remembered, { type: "set-timer", name: "press-again", at: next });
}

/** The same agent when its call is a silent one already. */
function hushed(agent: Agent): Agent {
  const { call } = agent.call;
  if (call.phase === "idle" || call.isSilent) return agent;
  return withCall(agent, { ...call, isSilent: true });
}

function born(agent: Agent, press: Press): AgentStep {
  const { kind, edgeAt, at, freshId } = press;
  const newer = [...agent.call.newer, freshId].slice(-MAX_NEWER);
  const call = { ...agent.call, newer, lastEventId: freshId, bornAt: at, owed: undefined };
  const drafted = draft({ ...agent, call }, { kind, edgeAt, moment: press });
  return follow(drafted, (next) => step(next, ...hurryLink(next.link, press)));
}
