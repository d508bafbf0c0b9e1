/** The call that runs: changed, compared with an alarm's id, and given a voice. */
import type { EventId } from "../../../shared/ids.ts";
import type { PromptName } from "./prompt.ts";
import type { Effect } from "../events.ts";
import type { Agent } from "../state/agent-state.ts";
import type { CallState, RunningCall } from "../state/call-state.ts";

/** The newest alarm of a call may be younger than the one that began it. */
export function withCall(agent: Agent, call: RunningCall): Agent {
  const { call: before, lastEventId, newer } = agent.call;
  const isSame = before.phase !== "idle" && before.eventId === call.eventId;
  const newest = isSame || newer.includes(call.eventId) ? lastEventId : call.eventId;
  const { isSilent: wasSilent } = call;
  return {
    ...agent,
    call: { ...agent.call, call, lastEventId: newest, wasSilent, hasJustEnded: false },
  };
}

export const isOfCall = (known: CallState, call: RunningCall, eventId: EventId): boolean =>
  eventId === call.eventId || eventId === known.lastEventId || known.newer.includes(eventId);

/** A spoken prompt, except after a silent press. */
export function say({ call }: CallState, name: PromptName): Effect[] {
  return call.phase !== "idle" && call.isSilent ? [] : [{ type: "prompt", name }];
}
