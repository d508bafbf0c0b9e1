/**
 * What waits for the hub: every alarm no hub has accepted, and in which order they take turns.
 *
 * First comes the person who waits at the pillar, then what no hub has, then what another hub is to
 * hear again. At most `MAX_OUTBOX` wait here; more wait on the disk.
 */
import type { Instant } from "../../../shared/duration.ts";
import type { EventId } from "../../../shared/ids.ts";
import type { Alarm } from "../../../shared/protocol/alarm.ts";
import type { UpMessage } from "../../../shared/protocol/messages.ts";
import { PROTOCOL_VERSION as v } from "../../../shared/protocol/version.ts";
import type { LedgerHead, SealedAlarm } from "../state/kept.ts";
import type { Agent } from "../state/agent-state.ts";
import { MAX_NEWER } from "../state/call-state.ts";
import { keptAlarm, type Outbox, type Pending } from "../state/outbox-state.ts";

/** As many as a call knows of: its first, and those after it. */
const MAX_OF_CALL = 1 + MAX_NEWER;
/** Puts an alarm behind every one that no hub has: no alarm is ever sent a billion times. */
const REPLAY_RANK = 1_000_000_000;

export const withOutbox = (agent: Agent, change: Partial<Outbox>): Agent => ({
  ...agent,
  outbox: { ...agent.outbox, ...change },
});

export function withPending(agent: Agent, eventId: EventId, change: Partial<Pending>): Agent {
  const entry = agent.outbox.pending.get(eventId);
  if (!entry) return agent;
  const pending = new Map(agent.outbox.pending).set(eventId, { ...entry, ...change });
  return withOutbox(agent, { pending });
}

/**
 * The head the hub may hear of: not beyond an alarm that is still on its way to the disk. A power
 * cut may undo that one, and a head that goes back looks like a second pillar with our keys.
 */
export function knownHead({ outbox: { head, pending } }: Agent): LedgerHead {
  for (const { alarm, maySend } of pending.values()) {
    if (!maySend) return { seq: alarm.event.seq - 1, hash: alarm.event.prevHash };
  }
  return head;
}

/** The accepted alarms of the running call, and this one if it is of that call. */
export function ofCallWith(agent: Agent, accepted: SealedAlarm | undefined): SealedAlarm[] {
  const { call, lastEventId, newer } = agent.call;
  if (call.phase === "idle") return [];
  const ids = [call.eventId, lastEventId, ...newer];
  const others = agent.outbox.ofCall.filter(
    ({ event }) => event.eventId !== accepted?.event.eventId,
  );
  return [...others, ...(accepted ? [accepted] : [])]
    .filter(({ event }) => ids.includes(event.eventId))
    .slice(-MAX_OF_CALL);
}

/** Alarms of the running call that a hub has lost wait again, as if none had accepted them. */
export function owedOfCall(agent: Agent, fromSeq: number): Agent {
  const pending = new Map(agent.outbox.pending);
  for (const alarm of ofCallWith(agent, undefined)) {
    const { eventId, seq } = alarm.event;
    if (seq >= fromSeq && !pending.has(eventId)) pending.set(eventId, keptAlarm(alarm, false));
  }
  const bySeq = [...pending].toSorted(([, a], [, b]) => a.alarm.event.seq - b.alarm.event.seq);
  return withOutbox(agent, { pending: new Map(bySeq) });
}

/** The alarm of the person who waits at the pillar now. */
export function waitingFor({ call: { call } }: Agent): EventId | undefined {
  return call.phase === "calling" ? call.eventId : undefined;
}

/**
 * The person waiting now, then what no hub has, then what another hub hears again; oldest first.
 */
export function* byUrgency(agent: Agent): Generator<readonly [EventId, Pending]> {
  const { pending } = agent.outbox;
  const waiting = waitingFor(agent);
  const first = waiting && pending.get(waiting);
  if (first) yield [waiting, first];
  for (const isReplay of [false, true]) {
    for (const one of pending) if (one[0] !== waiting && one[1].isReplay === isReplay) yield one;
  }
}

/**
 * The waiting person's alarm, then those asked for least:
 * one that is never accepted blocks no other.
 */
export function leastAsked(agent: Agent, limit: number): EventId[] {
  const waiting = waitingFor(agent);
  const rank = ([eventId, one]: readonly [EventId, Pending]): number => {
    if (eventId === waiting) return -1;
    return one.isReplay ? REPLAY_RANK + one.attempts : one.attempts;
  };
  const free = [...byUrgency(agent)].filter(([, one]) => one.maySend);
  const ranked = free.toSorted((a, b) => rank(a) - rank(b));
  return ranked.slice(0, limit).map(([eventId]) => eventId);
}

/** The same signed event at every sending, by every way; only its age and the count are new. */
export function envelope(entry: Pending, at: Instant): Alarm {
  const { alarm, edgeAt, attempts } = entry;
  const age = edgeAt === undefined ? {} : { ageMs: Math.max(0, Math.round(at - edgeAt)) };
  return { v, event: alarm.event, sig: alarm.sig, ...age, attempt: attempts + 1 };
}

/** As it goes over the link: in which session the receipt will count. */
export function overLink({ link }: Agent, entry: Pending, at: Instant): UpMessage {
  const session = link.phase === "up" ? { sessionNonce: link.sessionNonce } : {};
  return { channel: "alarm", message: { ...envelope(entry, at), ...session } };
}
