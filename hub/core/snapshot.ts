/** The folded state as text, and back: a restart folds only the facts behind it. */
import type { HubFaultCode } from "../../shared/api/hub.ts";
import type { RecordingId, IncidentId, PillarId } from "../../shared/ids.ts";
import type { KnownAlarm } from "./events.ts";
import type { IncidentRecord } from "./incident/incident.ts";
import { type HubSettings, newState, type HubState } from "./state/hub-state.ts";
import type { Budget } from "./state/budget-state.ts";
import { seqKey, type LedgerMark } from "./state/ledger-mark.ts";
import type { OwedCall } from "./state/owed-call.ts";
import type { PillarRecord } from "./state/pillar-record.ts";
import type { RecordingRecord } from "./state/recording-record.ts";
import type { Deletion, HubFaultRecord } from "./state/storage-state.ts";
import { incidentKey } from "./incident/incident-key.ts";

/**
 * Raised whenever the fold changes its meaning: older
 * snapshots are then ignored and facts folded again.
 */
export const SNAPSHOT_VERSION = 8;

export interface Snapshot {
  readonly version: number;
  readonly pillars: readonly PillarRecord[];
  readonly incidents: readonly IncidentRecord[];
  readonly closed: readonly IncidentRecord[];
  readonly recordings: readonly RecordingRecord[];
  readonly deleting: readonly (readonly [RecordingId, Deletion])[];
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
    state.openByKey.set(incidentKey(incident), incident.id);
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
