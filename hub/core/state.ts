/**
 * Everything the hub's core knows.
 *
 * The maps are owned by the fold: `evolve` changes them in place and nothing else does, because a copy of
 * ten thousand entries at every fact would cost more than the fsync. Records inside are immutable, so a
 * record taken out stays what it was. `heard` is not folded from facts: it is what the wire said lately,
 * and a restart begins it anew.
 */
import type { EventId, IncidentId, PillarId, RecordingId, Signature } from "../../shared/ids.ts";
import type { Budget } from "./budget.ts";
import type { KnownAlarm } from "./events.ts";
import type { EscalationSettings } from "./escalation.ts";
import type { OwedCall } from "./external.ts";
import type { IncidentRecord } from "./incident.ts";
import { seqKey, type LedgerMark } from "./ledger.ts";
import { silence, type Heard } from "./presence.ts";
import type { HubFaultCode } from "../../shared/api/hub.ts";
import type { RecordingRecord } from "./recording.ts";
import type { Deleting, HubFaultRecord } from "./retention.ts";
import type { PillarRecord } from "./roster.ts";

/** Closed incidents that can be opened again; older ones are history. */
export const MAX_CLOSED = 1000;

export interface HubSettings {
  readonly escalation: EscalationSettings;
  /** Past this many open incidents new ones still open, but without a recording. */
  readonly maxOpen: number;
}

export interface HubState {
  readonly settings: HubSettings;
  readonly pillars: Map<PillarId, PillarRecord>;
  /** Not closed. */
  readonly incidents: Map<IncidentId, IncidentRecord>;
  /** The latest `MAX_CLOSED`, oldest first. */
  readonly closed: Map<IncidentId, IncidentRecord>;
  /** Key: `laneOf`. One open incident per pillar, and one more for tests. */
  readonly openByLane: Map<string, IncidentId>;
  /** Running ones. */
  readonly recordings: Map<RecordingId, RecordingRecord>;
  /** Recordings that were decided to go and may still be on the disk. */
  readonly deleting: Map<RecordingId, Deleting>;
  /** Incidents whose recordings are kept until somebody unlocks them. */
  readonly locked: Set<IncidentId>;
  readonly hubFaults: Map<HubFaultCode, HubFaultRecord>;
  readonly marks: Map<PillarId, LedgerMark>;
  /** Recent alarms by signature, oldest first, with two ways to find one. */
  readonly alarms: Map<Signature, KnownAlarm>;
  readonly signatureBySeq: Map<string, Signature>;
  readonly signatureByEvent: Map<EventId, Signature>;
  /** Calls to the world outside that nobody has taken yet. */
  readonly owedCalls: Map<IncidentId, OwedCall>;
  /** Addresses that want no more calls. */
  readonly goneTargets: Set<string>;
  /** Grids of which every pillar is gone, and how many those were. */
  readonly lostGrids: Map<string, number>;
  /** What pillars have cost the journal lately. */
  readonly budgets: Map<PillarId, Budget>;
  /** Those that have used up theirs. */
  readonly spent: Set<PillarId>;
  readonly heard: Heard;
}

/** Tests never join a real call, and a real press never hides in a test. */
export const laneOf = (incident: Pick<IncidentRecord, "pillarId" | "kind">): string =>
  incident.kind === "test" ? `${incident.pillarId}/test` : incident.pillarId;

export function newState(settings: HubSettings): HubState {
  return {
    settings,
    pillars: new Map(),
    incidents: new Map(),
    closed: new Map(),
    openByLane: new Map(),
    recordings: new Map(),
    deleting: new Map(),
    locked: new Set(),
    hubFaults: new Map(),
    marks: new Map(),
    alarms: new Map(),
    signatureBySeq: new Map(),
    signatureByEvent: new Map(),
    owedCalls: new Map(),
    goneTargets: new Set(),
    lostGrids: new Map(),
    budgets: new Map(),
    spent: new Set(),
    heard: silence(),
  };
}

/** Raised whenever the fold changes its meaning: older snapshots are then ignored and facts folded again. */
export const SNAPSHOT_VERSION = 7;

interface Snapshot {
  readonly version: number;
  readonly pillars: readonly PillarRecord[];
  readonly incidents: readonly IncidentRecord[];
  readonly closed: readonly IncidentRecord[];
  readonly recordings: readonly RecordingRecord[];
  readonly deleting: readonly (readonly [RecordingId, Deleting])[];
  readonly locked: readonly IncidentId[];
  readonly hubFaults: readonly (readonly [HubFaultCode, HubFaultRecord])[];
  readonly marks: readonly (readonly [PillarId, LedgerMark])[];
  readonly alarms: readonly KnownAlarm[];
  readonly owedCalls: readonly (readonly [IncidentId, OwedCall])[];
  readonly goneTargets: readonly string[];
  readonly lostGrids: readonly (readonly [string, number])[];
  readonly budgets: readonly (readonly [PillarId, Budget])[];
  readonly spent: readonly PillarId[];
}

/** What was folded, as text. The journal hashes it, so its inside is trusted when it comes back. */
export function writeSnapshot(state: HubState): string {
  const snapshot: Snapshot = {
    version: SNAPSHOT_VERSION,
    pillars: [...state.pillars.values()],
    incidents: [...state.incidents.values()],
    closed: [...state.closed.values()],
    recordings: [...state.recordings.values()],
    deleting: [...state.deleting],
    locked: [...state.locked],
    hubFaults: [...state.hubFaults],
    marks: [...state.marks],
    alarms: [...state.alarms.values()],
    owedCalls: [...state.owedCalls],
    goneTargets: [...state.goneTargets],
    lostGrids: [...state.lostGrids],
    budgets: [...state.budgets],
    spent: [...state.spent],
  };
  return JSON.stringify(snapshot);
}

/** `undefined` for a snapshot of another version: fold the facts instead. */
export function readSnapshot(settings: HubSettings, text: string): HubState | undefined {
  const snapshot = JSON.parse(text) as Snapshot;
  if (snapshot.version !== SNAPSHOT_VERSION) return undefined;
  const state = newState(settings);
  for (const pillar of snapshot.pillars) state.pillars.set(pillar.id, pillar);
  for (const incident of snapshot.incidents) {
    state.incidents.set(incident.id, incident);
    state.openByLane.set(laneOf(incident), incident.id);
  }
  for (const incident of snapshot.closed) state.closed.set(incident.id, incident);
  for (const recording of snapshot.recordings) state.recordings.set(recording.id, recording);
  for (const [id, one] of snapshot.deleting) state.deleting.set(id, one);
  for (const id of snapshot.locked) state.locked.add(id);
  for (const [code, fault] of snapshot.hubFaults) state.hubFaults.set(code, fault);
  for (const [pillarId, mark] of snapshot.marks) state.marks.set(pillarId, mark);
  for (const [incidentId, call] of snapshot.owedCalls) state.owedCalls.set(incidentId, call);
  for (const target of snapshot.goneTargets) state.goneTargets.add(target);
  for (const [pillarId, budget] of snapshot.budgets) state.budgets.set(pillarId, budget);
  for (const pillarId of snapshot.spent) state.spent.add(pillarId);
  for (const [grid, count] of snapshot.lostGrids) state.lostGrids.set(grid, count);
  for (const alarm of snapshot.alarms) {
    state.alarms.set(alarm.sig, alarm);
    state.signatureBySeq.set(seqKey(alarm.pillarId, alarm.seq), alarm.sig);
    state.signatureByEvent.set(alarm.eventId, alarm.sig);
  }
  return state;
}
