/**
 * Alarms on their way to the disk.
 *
 * Disk first, then the network; but a disk that is late or broken never holds back an alarm. What
 * it refuses is kept in memory, also after the hub has accepted it, and written again in order, so
 * that the chain on the disk has no hole. Beyond `MAX_UNSTORED` the oldest is given up, and the
 * ledger declares the gap.
 */
import { dropOldest } from "../../../shared/bounded-map.ts";
import { after, milliseconds, seconds, type Instant } from "../../../shared/duration.ts";
import type { EventId, HubEpoch } from "../../../shared/ids.ts";
import { follow, step } from "../../../shared/step.ts";
import type { SealedAlarm } from "../state/kept.ts";
import type { Effect, Moment } from "../events.ts";
import { clear, raise } from "../health.ts";
import { admit, sendFirst } from "./ledger.ts";
import { openFallback } from "../https-fallback.ts";
import type { Agent, AgentStep } from "../state/agent-state.ts";

export const MAX_UNSTORED = 1000;
/** An alarm waits for the disk no longer than this. */
const DISK_MS = milliseconds(250);
const RETRY = seconds(5);
const CALM_AFTER = seconds(60);

/** A new alarm: to the disk, and into the outbox. */
export function sealed(
  agent: Agent,
  alarm: SealedAlarm,
  told: Moment & { readonly edgeAt: Instant },
): AgentStep {
  return follow(write(agent, alarm, told), (next) => admit(next, alarm, told));
}

function write(agent: Agent, alarm: SealedAlarm, moment: Moment): AgentStep {
  const { eventId } = alarm.event;
  return follow(writeAgain(agent), (next) => {
    const disk = new Map(next.disk).set(eventId, { alarm, isWriting: true, acceptedBy: undefined });
    dropOldest(disk, MAX_UNSTORED);
    const at = after(moment.at, DISK_MS);
    return step<Agent, Effect>(
      { ...next, disk },
      { type: "append", alarm },
      { type: "set-timer", name: "ledger-late", at },
    );
  });
}

export function appended(agent: Agent, eventId: EventId, moment: Moment): AgentStep {
  const entry = agent.disk.get(eventId);
  if (!entry) return step(agent);
  const disk = new Map(agent.disk);
  disk.delete(eventId);
  return follow(release({ ...agent, disk }, eventId, moment), (next) => {
    const effects: Effect[] = [];
    const hubEpoch = entry.acceptedBy;
    if (hubEpoch) effects.push({ type: "mark-accepted", eventId, hubEpoch });
    if (disk.size === 0) effects.push({ type: "clear-timer", name: "ledger-late" });
    if (next.health.faults.has("ledger-slow")) {
      const at = after(moment.at, CALM_AFTER);
      effects.push({ type: "set-timer", name: "ledger-calm", at });
    }
    const isFailing = next.health.isLedgerMoved || [...disk.values()].some((one) => !one.isWriting);
    return follow(step(next, ...effects), (last) =>
      isFailing ? step(last) : clear(last, "ledger-failing"),
    );
  });
}

/**
 * Whether, once the alarm that is being written is on the disk, every press so far is: then none of
 * them needs to be told again after a crash.
 */
export const isAllStoredWith = ({ disk, call }: Agent): boolean =>
  disk.size === 1 && call.owed === undefined;

export function appendFailed(
  agent: Agent,
  failure: Moment & { readonly eventId: EventId; readonly reason: string },
): AgentStep {
  const { eventId, reason } = failure;
  const entry = agent.disk.get(eventId);
  const disk = new Map(agent.disk);
  if (entry) disk.set(eventId, { ...entry, isWriting: false });
  const retry: Effect = { type: "set-timer", name: "ledger-retry", at: after(failure.at, RETRY) };
  const sent = follow(release({ ...agent, disk }, eventId, failure), (next) => step(next, retry));
  const detail = `an alarm could not be stored: ${reason}; check the disk`;
  return follow(sent, (next) => raise(next, "ledger-failing", detail));
}

/** It does not wait for the disk any more: it may be sent, by MQTT and by HTTPS. */
function release(agent: Agent, eventId: EventId, moment: Moment): AgentStep {
  const sent = sendFirst(agent, eventId, moment);
  return follow(sent, (next) => openFallback(next, eventId, moment));
}

export function ledgerMoved(agent: Agent, reason: string): AgentStep {
  const moved = { ...agent, health: { ...agent.health, isLedgerMoved: true } };
  // Raised again, with what is to be done about it.
  return follow(clear(moved, "ledger-failing"), (next) => raise(next, "ledger-failing", reason));
}

/** The wait for the disk is over: alarms that it still holds are sent from memory. */
export function diskLate(agent: Agent, moment: Moment): AgentStep {
  const late = [...agent.disk.keys()].filter(
    (eventId) => agent.outbox.pending.get(eventId)?.maySend === false,
  );
  let result: AgentStep = step(agent);
  for (const eventId of late) result = follow(result, (next) => release(next, eventId, moment));
  if (late.length === 0) return result;
  const detail = `the disk took more than ${DISK_MS} ms to store an alarm; replace the card`;
  return follow(result, (next) => raise(next, "ledger-slow", detail));
}

/** Alarms the disk refused are written again, in their order. */
export function writeAgain(agent: Agent): AgentStep {
  const failed = [...agent.disk].filter(([, one]) => !one.isWriting);
  if (failed.length === 0) return step(agent);
  const disk = new Map(agent.disk);
  for (const [eventId, one] of failed) disk.set(eventId, { ...one, isWriting: true });
  const effects = failed.map(([, { alarm }]): Effect => ({ type: "append", alarm }));
  return step({ ...agent, disk }, ...effects);
}

/** Accepted: noted on the disk now, or as soon as the alarm itself is there. */
export function markOnDisk(agent: Agent, eventId: EventId, hubEpoch: HubEpoch): AgentStep {
  const entry = agent.disk.get(eventId);
  if (!entry) return step(agent, { type: "mark-accepted", eventId, hubEpoch });
  const disk = new Map(agent.disk).set(eventId, { ...entry, acceptedBy: hubEpoch });
  return step({ ...agent, disk });
}
