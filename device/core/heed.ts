/**
 * Which of the hub's messages are heeded: meant for
 * this pillar, in this session, newer than the last.
 *
 * The shell has checked the signature. What is refused changes nothing a person sees or hears; it
 * is counted, and one fault tells of it until none has come for ten minutes. A message signed for
 * an older session, or overtaken by a newer one, is not a fault: a broker in good order may repeat
 * and reorder.
 */
import { after, minutes } from "../../shared/duration.ts";
import type { SessionNonce } from "../../shared/ids.ts";
import type { Stamp } from "../../shared/protocol/addressed.ts";
import type { DownChannel } from "../../shared/protocol/topics.ts";
import { follow, step } from "../../shared/step.ts";
import type { Effect, Moment } from "./events.ts";
import { clear, raise } from "./health.ts";
import type { Agent, AgentStep } from "./state/agent-state.ts";
import { UNHEARD, type Heeded } from "./state/heeded-state.ts";

const CALM_AFTER = minutes(10);
/**
 * Earlier runs of the hub in one session of a pillar; with
 * an external broker a session can outlast several.
 */
const MAX_RUNS = 32;

/** Another session counts anew; what was refused is still of interest. */
export const forgetHeard = ({ refused }: Heeded): Heeded => ({ ...UNHEARD, refused });

/**
 * What says for whom and from when a message is. Receipts
 * have no order among themselves, and so no number.
 */
type Heard = Pick<Stamp, "pillarId" | "hubRun"> & {
  readonly sessionNonce?: SessionNonce | undefined;
  readonly number?: number;
};

interface Down {
  readonly channel: DownChannel;
  readonly stamp: Heard;
  readonly moment: Moment;
}

export function heed(agent: Agent, down: Down, obey: (agent: Agent) => AgentStep): AgentStep {
  const { channel, stamp, moment } = down;
  if (stamp.pillarId !== agent.pillarId) {
    const reason = `expected one for ${agent.pillarId}, found one for ${stamp.pillarId}`;
    return messageRefused(agent, { channel, reason, moment });
  }
  const reason = whyOutdated(agent, stamp);
  if (reason !== undefined) return counted(agent, { channel, reason, moment });
  return obey({ ...agent, heeded: noted(agent.heeded, stamp) });
}

function whyOutdated({ link, heeded }: Agent, stamp: Heard): string | undefined {
  const ours = link.phase === "up" ? link.sessionNonce : undefined;
  if (ours === undefined || stamp.sessionNonce !== ours) {
    return "it is for another session of this pillar";
  }
  if (heeded.earlierRuns.includes(stamp.hubRun)) return "it is from before the hub's last start";
  const { number = Infinity } = stamp;
  if (stamp.hubRun === heeded.hubRun && number <= heeded.number) {
    return `expected a number above ${heeded.number}, found ${number}`;
  }
  return undefined;
}

function noted(heeded: Heeded, { hubRun, number: own }: Heard): Heeded {
  const number = own ?? (hubRun === heeded.hubRun ? heeded.number : 0);
  if (hubRun === heeded.hubRun || heeded.hubRun === undefined) return { ...heeded, hubRun, number };
  const earlierRuns = [...heeded.earlierRuns, heeded.hubRun].slice(-MAX_RUNS);
  return { ...heeded, hubRun, number, earlierRuns };
}

interface Refusal {
  readonly channel: DownChannel;
  readonly reason: string;
  readonly moment: Moment;
}

/**
 * Unsigned, signed by another, or meant for another pillar:
 * somebody without the right to writes on our topics.
 */
export function messageRefused(agent: Agent, refusal: Refusal): AgentStep {
  const detail =
    `a message on down/${refusal.channel} was refused: ${refusal.reason}. ` +
    "Look at who may write to this pillar's topics at the broker";
  return follow(counted(agent, refusal), (next) => raise(next, "messages-refused", detail));
}

/** One line at the first, the tenth, the hundredth: a flood must not fill the log. */
function counted(agent: Agent, { channel, reason, moment }: Refusal): AgentStep {
  const refused = agent.heeded.refused + 1;
  const text = `message on down/${channel} refused (number ${refused}): ${reason}`;
  const line: Effect[] = /^10*$/.test(String(refused))
    ? [{ type: "log", level: "warn", text }]
    : [];
  return step<Agent, Effect>(
    { ...agent, heeded: { ...agent.heeded, refused } },
    { type: "set-timer", name: "refusals-calm", at: after(moment.at, CALM_AFTER) },
    ...line,
  );
}

export function refusalsCalm(agent: Agent): AgentStep {
  const { heeded } = agent;
  return clear({ ...agent, heeded: { ...heeded, refused: 0 } }, "messages-refused");
}
