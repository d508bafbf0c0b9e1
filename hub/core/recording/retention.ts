/**
 * Which recordings are removed, and what is wrong with the disk.
 *
 * The oldest are removed first, by age and by free space, never those of an open or a locked
 * incident. A deletion is a fact before the file is removed, and the removal is a fact after: what
 * lies between is finished by the next turn, also after a restart.
 *
 * Recording stops long before the journal could lack room,
 * because an alarm needs the journal and nothing else.
 */
import { isWithin, may, personOf } from "../../../shared/access/may.ts";
import type { HubFaultCode } from "../../../shared/api/hub.ts";
import type { DeletionReason } from "../../../shared/api/incident.ts";
import { areasOf } from "../pillar/place.ts";
import { isSteady } from "../time/clock.ts";
import { nothing, refuse, type Decision } from "../decision.ts";
import type { HubEffect, HubEvent } from "../events.ts";
import type { Fact, FactOf } from "../facts.ts";
import type { HubState } from "../state/hub-state.ts";
import type { Candidate, RetentionSettings, Space } from "../state/storage-state.ts";

const DAY_MS = 86_400_000;
const MIB = 1024 * 1024;
/** Recordings decided on in one turn, so that a turn does not delay an alarm. */
export const MAX_PER_TURN = 50;
/**
 * Decided on and not removed yet. When so many files cannot be removed, a technician is needed
 * before more are decided on.
 */
export const MAX_DELETING = 200;
export const MAX_LOCKED = 10_000;
export const MAX_LOCK_REASON = 500;
const MAX_DETAIL = 200;
/** With less, no recording begins and those that run end: this much is the journal's alone. */
export const RECORDING_LEAST_BYTES = 768 * MIB;
/**
 * With this much they begin again. Above the line where
 * they stop, so that they do not start and stop in turn.
 */
export const RECORDING_AGAIN_BYTES = 1024 * MIB;
/** Raised below the first share of free space, over again above the second. */
const LOW = { below: 0.2, above: 0.22 } as const;
const CRITICAL = { below: 0.05, above: 0.06 } as const;

type HubFaults = HubState["hubFaults"];
type Checked = Extract<HubEvent, { type: "storage-checked" }>;

export function decideStorage(state: HubState, event: Checked): Decision {
  const faults = faultFacts(state.hubFaults, event);
  const stops = faults.some(({ code, isActive }) => code === "recording-stopped" && isActive);
  const effects: HubEffect[] = stops
    ? [...state.recordings.values()].map(({ id: recordingId, pillarId }) => ({
        type: "stop-recording",
        recordingId,
        pillarId,
      }))
    : [];
  return { facts: [...faults, ...deletions(state, event)], effects };
}

export const isRecordingStopped = (hubFaults: HubFaults): boolean =>
  hubFaults.has("recording-stopped");

/** Free space below which recordings are removed before their age. */
export const leastFree = ({ totalBytes }: Space, { leastFreePercent }: RetentionSettings): number =>
  Math.max((totalBytes * leastFreePercent) / 100, RECORDING_AGAIN_BYTES);

function deletions(state: HubState, event: Checked): FactOf<"recording-deleted">[] {
  const { at, settings } = event;
  const oldest = at - settings.keepDays * DAY_MS;
  // A clock that leapt years ahead must not delete every recording.
  const isAgeKnown = isSteady(state.heard.clock);
  let missing = leastFree(event.recordings, settings) - event.recordings.freeBytes;
  for (const { bytes } of state.deleting.values()) missing -= bytes;
  const facts: FactOf<"recording-deleted">[] = [];
  const most = Math.min(MAX_PER_TURN, MAX_DELETING - state.deleting.size);
  for (const one of event.candidates) {
    if (facts.length >= most) break;
    if (isKept(state, one)) continue;
    const reason = isAgeKnown && one.endedAt < oldest ? "age" : missing > 0 ? "space" : undefined;
    if (!reason) continue;
    missing -= one.bytes;
    facts.push(deleted(at, one, reason));
  }
  return facts;
}

function isKept(state: HubState, { incidentId, recordingId }: Candidate): boolean {
  return (
    state.incidents.has(incidentId) ||
    state.locked.has(incidentId) ||
    state.recordings.has(recordingId) ||
    state.deleting.has(recordingId)
  );
}

function deleted(at: number, one: Candidate, reason: DeletionReason): FactOf<"recording-deleted"> {
  const { incidentId, recordingId, startedAt, bytes } = one;
  return { type: "recording-deleted", at, incidentId, recordingId, reason, startedAt, bytes };
}

export function decideRemoved(
  deleting: HubState["deleting"],
  event: Extract<HubEvent, { type: "recordings-removed" }>,
): Decision {
  const recordingIds = event.recordingIds.filter((id) => deleting.has(id));
  if (recordingIds.length === 0) return nothing;
  return { facts: [{ type: "recordings-removed", at: event.at, recordingIds }], effects: [] };
}

function faultFacts(hubFaults: HubFaults, event: Checked): FactOf<"hub-fault">[] {
  const { at, recordings, journal, failure } = event;
  const share = Math.min(shareFree(recordings), shareFree(journal));
  const freeBytes = Math.min(recordings.freeBytes, journal.freeBytes);
  const percent = `${Math.floor(share * 100)} %`;
  const room = `${Math.floor(freeBytes / MIB)} MiB`;
  const changes = [
    change(hubFaults, "disk-low", {
      is: share < LOW.below,
      isOver: share > LOW.above,
      detail: percent,
    }),
    change(hubFaults, "disk-critical", {
      is: share < CRITICAL.below,
      isOver: share > CRITICAL.above,
      detail: percent,
    }),
    change(hubFaults, "recording-stopped", {
      is: freeBytes < RECORDING_LEAST_BYTES,
      isOver: freeBytes >= RECORDING_AGAIN_BYTES,
      detail: room,
    }),
    change(hubFaults, "retention-failing", {
      is: failure !== null,
      isOver: failure === null,
      detail: failure ?? "",
    }),
  ];
  return changes.flatMap((one) => (one ? [{ ...one, at }] : []));
}

/** A disk that says nothing of its size is not called full. */
const shareFree = ({ freeBytes, totalBytes }: Space): number =>
  totalBytes > 0 ? freeBytes / totalBytes : 1;

interface Finding {
  readonly is: boolean;
  readonly isOver: boolean;
  readonly detail: string;
}

function change(
  hubFaults: HubFaults,
  code: HubFaultCode,
  { is, isOver, detail }: Finding,
): Omit<FactOf<"hub-fault">, "at"> | undefined {
  const isActive = hubFaults.has(code);
  if (isActive ? !isOver : !is) return undefined;
  return { type: "hub-fault", code, isActive: !isActive, detail: detail.slice(0, MAX_DETAIL) };
}

export function decideLock(
  state: HubState,
  event: Extract<HubEvent, { type: "lock-order" }>,
): Decision {
  const { at, incidentId, atPillar, by, byName, role, scope, isLocked } = event;
  const reason = event.reason.trim();
  const person = personOf({ username: by, role, scope });
  if (!may(person, "incidents:lock")) {
    return refuse("forbidden", `expected a supervisor, found a ${role}`);
  }
  const isThere = atPillar !== null && isWithin(person, areasOf(state, atPillar));
  if (!isThere) return refuse("not-found", `no such incident: ${incidentId}`);
  if (reason === "" || reason.length > MAX_LOCK_REASON) {
    return refuse("bad-request", `expected a reason of 1 to ${MAX_LOCK_REASON} characters`);
  }
  if (state.locked.has(incidentId) === isLocked) return nothing;
  if (isLocked && state.locked.size >= MAX_LOCKED) {
    return refuse("bad-request", `expected at most ${MAX_LOCKED} locked incidents: unlock some`);
  }
  const type = isLocked ? "incident-locked" : "incident-unlocked";
  return { facts: [{ type, at, incidentId, by, byName, reason }], effects: [] };
}

/** Owns `deleting`, `locked` and `hubFaults`. */
export function evolveRetention(state: HubState, fact: Fact): void {
  switch (fact.type) {
    case "recording-deleted":
      state.deleting.set(fact.recordingId, { startedAt: fact.startedAt, bytes: fact.bytes });
      return;
    case "recordings-removed":
      for (const id of fact.recordingIds) state.deleting.delete(id);
      return;
    case "incident-locked":
      state.locked.add(fact.incidentId);
      return;
    case "incident-unlocked":
      state.locked.delete(fact.incidentId);
      return;
    case "hub-fault":
      if (fact.isActive) state.hubFaults.set(fact.code, { since: fact.at, detail: fact.detail });
      else state.hubFaults.delete(fact.code);
      return;
    default:
  }
}
