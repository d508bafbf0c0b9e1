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
import { byUrgency, envelope, waitingFor, withPending } from "./ledger/outbox.ts";
import type { Pending, FallbackRequest } from "./state/outbox-state.ts";
import type { Agent, AgentStep } from "./state/agent-state.ts";

export const FALLBACK_AFTER = seconds(5);
/** Requests under way at once; the one for the person who waits now is never held up by them. */
export const MAX_FALLBACK_REQUESTS = 4;
const ROUND = { first: seconds(2), most: seconds(15) };
/** The shortest wait before a resend: full jitter may draw zero, and an answer may be under way. */
const NOT_BEFORE = milliseconds(250);

/** From now on the alarm may go by HTTPS, after its wait. */
export function openFallback(agent: Agent, eventId: EventId, moment: Moment): AgentStep {
  const entry = agent.outbox.pending.get(eventId);
  if (!entry || entry.fallback || entry.isReplay || agent.fallbackHubs === 0) return step(agent);
  const isMissing = agent.link.phase !== "up" && agent.link.isMissing;
  const dueAt = isMissing ? moment.at : after(moment.at, FALLBACK_AFTER);
  const fallback: FallbackRequest = { dueAt, tries: 0, isUnderWay: false };
  return planFallback(withPending(agent, eventId, { fallback }));
}

/** After a start: everything kept that no hub has. */
export function openAll(agent: Agent, moment: Moment): AgentStep {
  if (agent.fallbackHubs === 0) return step(agent);
  const dueAt = after(moment.at, FALLBACK_AFTER);
  const pending = new Map(agent.outbox.pending);
  for (const [eventId, one] of pending) {
    if (one.isReplay || one.fallback) continue;
    pending.set(eventId, { ...one, fallback: { dueAt, tries: 0, isUnderWay: false } });
  }
  return planFallback({ ...agent, outbox: { ...agent.outbox, pending } });
}

/** Everything due goes out, the waiting person's alarm first, as far as there is room. */
export function fallbackDue(agent: Agent, moment: Moment): AgentStep {
  let room = MAX_FALLBACK_REQUESTS - underWay(agent);
  let result: AgentStep = step(agent);
  const waiting = waitingFor(agent);
  for (const [eventId, entry] of byUrgency(agent)) {
    if ((room <= 0 && eventId !== waiting) || entry.isReplay) break;
    if (!isWaiting(entry) || entry.fallback.dueAt > moment.at) continue;
    room -= 1;
    const { fallback } = entry;
    const hub = fallback.tries % agent.fallbackHubs;
    const message = envelope(entry, moment.at);
    result = follow(result, (next) =>
      step<Agent, Effect>(
        withPending(next, eventId, {
          attempts: entry.attempts + 1,
          fallback: { ...fallback, isUnderWay: true },
        }),
        { type: "send-by-fallback", hub, message },
      ),
    );
  }
  return follow(result, planFallback);
}

/** The next hub, or after the last one a pause. */
export function fallbackFailed(
  agent: Agent,
  failure: Moment & { readonly eventId: EventId; readonly reason: string },
): AgentStep {
  const { eventId, reason } = failure;
  const fallback = agent.outbox.pending.get(eventId)?.fallback;
  if (!fallback) return planFallback(agent);
  const tries = fallback.tries + 1;
  const isRoundOver = tries % agent.fallbackHubs === 0;
  const round = Math.floor(tries / agent.fallbackHubs) - 1;
  const drawn = isRoundOver ? fullJitter(ROUND, round, failure.chance) : 0;
  const dueAt = after(failure.at, milliseconds(Math.max(NOT_BEFORE, drawn)));
  const waiting = withPending(agent, eventId, { fallback: { dueAt, tries, isUnderWay: false } });
  const text = `alarm ${eventId.slice(0, 4)} by HTTPS: ${reason}`;
  return follow(planFallback(waiting), (next) => step(next, { type: "log", level: "warn", text }));
}

type InFallback = Pending & { readonly fallback: FallbackRequest };

const isWaiting = (entry: Pending): entry is InFallback =>
  entry.maySend && entry.fallback !== undefined && !entry.fallback.isUnderWay;

function underWay(agent: Agent): number {
  let count = 0;
  for (const one of agent.outbox.pending.values()) if (one.fallback?.isUnderWay) count += 1;
  return count;
}

/**
 * One timer for all: when the next one is due. With no
 * room, the next answer, good or bad, comes here again.
 */
export function planFallback(agent: Agent): AgentStep {
  let dueAt: Instant | undefined;
  const hasRoom = underWay(agent) < MAX_FALLBACK_REQUESTS;
  const waiting = waitingFor(agent);
  for (const [eventId, one] of agent.outbox.pending) {
    if (!isWaiting(one) || (!hasRoom && eventId !== waiting)) continue;
    if (dueAt === undefined || one.fallback.dueAt < dueAt) dueAt = one.fallback.dueAt;
  }
  if (dueAt === undefined) return step(agent);
  return step(agent, { type: "set-timer", name: "https-fallback", at: dueAt });
}
