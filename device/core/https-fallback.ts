/**
 * The HTTPS fallback: how alarms reach a hub when MQTT brings no receipt.
 *
 * An alarm that no hub has accepted 5 s after it was free to go also goes by HTTPS, to each
 * configured hub in turn, round after round, without end. MQTT and HTTPS both go on until the
 * receipt. A pillar that knows its link to be missing does not wait the 5 s. What only another hub
 * is to hear again is never sent this way.
 */
import { fullJitter } from "../../shared/backoff.ts";
import { after, milliseconds, seconds, type Instant } from "../../shared/duration.ts";
import type { EventId } from "../../shared/ids.ts";
import { follow, step } from "../../shared/step.ts";
import type { Effect, Moment } from "./events.ts";
import { byUrgency, envelope, waitingFor, withPending } from "./outbox.ts";
import type { Pending, Post } from "./state/outbox-state.ts";
import type { Agent, AgentStep } from "./state/agent-state.ts";

export const POST_AFTER = seconds(5);
/** Requests under way at once; the one for the person who waits now is never held up by them. */
export const MAX_POSTS = 4;
const ROUND = { first: seconds(2), most: seconds(15) };
/** The shortest wait before a resend: full jitter may draw zero, and an answer may be under way. */
const NOT_BEFORE = milliseconds(250);

/** From now on the alarm may go by HTTPS, after its wait. */
export function openFallback(agent: Agent, eventId: EventId, moment: Moment): AgentStep {
  const entry = agent.outbox.pending.get(eventId);
  if (!entry || entry.post || entry.isReplay || agent.fallbackHubs === 0) return step(agent);
  const isMissing = agent.link.phase !== "up" && agent.link.isMissing;
  const dueAt = isMissing ? moment.at : after(moment.at, POST_AFTER);
  const post: Post = { dueAt, tries: 0, isUnderWay: false };
  return planPosts(withPending(agent, eventId, { post }));
}

/** After a start: everything kept that no hub has. */
export function openAll(agent: Agent, moment: Moment): AgentStep {
  if (agent.fallbackHubs === 0) return step(agent);
  const dueAt = after(moment.at, POST_AFTER);
  const pending = new Map(agent.outbox.pending);
  for (const [eventId, one] of pending) {
    if (one.isReplay || one.post) continue;
    pending.set(eventId, { ...one, post: { dueAt, tries: 0, isUnderWay: false } });
  }
  return planPosts({ ...agent, outbox: { ...agent.outbox, pending } });
}

/** Everything due goes out, the waiting person's alarm first, as far as there is room. */
export function postDue(agent: Agent, moment: Moment): AgentStep {
  let room = MAX_POSTS - underWay(agent);
  let result: AgentStep = step(agent);
  const waiting = waitingFor(agent);
  for (const [eventId, entry] of byUrgency(agent)) {
    if ((room <= 0 && eventId !== waiting) || entry.isReplay) break;
    if (!isWaiting(entry) || entry.post.dueAt > moment.at) continue;
    room -= 1;
    const { post } = entry;
    const hub = post.tries % agent.fallbackHubs;
    const message = envelope(entry, moment.at);
    result = follow(result, (next) =>
      step<Agent, Effect>(
        withPending(next, eventId, {
          attempts: entry.attempts + 1,
          post: { ...post, isUnderWay: true },
        }),
        { type: "post-alarm", hub, message },
      ),
    );
  }
  return follow(result, planPosts);
}

/** The next hub, or after the last one a pause. */
export function postFailed(
  agent: Agent,
  failure: Moment & { readonly eventId: EventId; readonly reason: string },
): AgentStep {
  const { eventId, reason } = failure;
  const post = agent.outbox.pending.get(eventId)?.post;
  if (!post) return planPosts(agent);
  const tries = post.tries + 1;
  const isRoundOver = tries % agent.fallbackHubs === 0;
  const round = Math.floor(tries / agent.fallbackHubs) - 1;
  const drawn = isRoundOver ? fullJitter(ROUND, round, failure.chance) : 0;
  const dueAt = after(failure.at, milliseconds(Math.max(NOT_BEFORE, drawn)));
  const waiting = withPending(agent, eventId, { post: { dueAt, tries, isUnderWay: false } });
  const text = `alarm ${eventId.slice(0, 4)} by HTTPS: ${reason}`;
  return follow(planPosts(waiting), (next) => step(next, { type: "log", level: "warn", text }));
}

type WithPost = Pending & { readonly post: Post };

const isWaiting = (entry: Pending): entry is WithPost =>
  entry.maySend && entry.post !== undefined && !entry.post.isUnderWay;

function underWay(agent: Agent): number {
  let count = 0;
  for (const one of agent.outbox.pending.values()) if (one.post?.isUnderWay) count += 1;
  return count;
}

/**
 * One timer for all: when the next one is due. With no
 * room, the next answer, good or bad, comes here again.
 */
export function planPosts(agent: Agent): AgentStep {
  let dueAt: Instant | undefined;
  const hasRoom = underWay(agent) < MAX_POSTS;
  const waiting = waitingFor(agent);
  for (const [eventId, one] of agent.outbox.pending) {
    if (!isWaiting(one) || (!hasRoom && eventId !== waiting)) continue;
    if (dueAt === undefined || one.post.dueAt < dueAt) dueAt = one.post.dueAt;
  }
  if (dueAt === undefined) return step(agent);
  return step(agent, { type: "set-timer", name: "https-fallback", at: dueAt });
}
