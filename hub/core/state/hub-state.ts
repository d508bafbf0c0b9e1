/**
 * Everything the hub's core knows.
 *
 * The maps are owned by the fold: `evolve` changes them in place and nothing else does, because a
 * copy of ten thousand entries at every fact would cost more than the fsync. Records inside are
 * immutable, so a record taken out stays as it was. `heard` is not folded from facts: it is what
 * was received lately, and a restart begins it anew.
 */
import type { EventId, IncidentId, PillarId, RecordingId, Signature } from "../../../shared/ids.ts";
import type { Budget } from "./budget-state.ts";
import type { KnownAlarm } from "../events.ts";
import type { EscalationSettings } from "../incident/escalation.ts";
import type { OwedCall } from "./owed-call.ts";
import type { IncidentRecord } from "../incident/incident.ts";
import type { LedgerMark } from "./ledger-mark.ts";
import { silence, type Heard } from "./heard-state.ts";
import type { HubFaultCode } from "../../../shared/api/hub.ts";
import type { RecordingRecord } from "./recording-record.ts";
import type { HubFaultRecord, Deletion } from "./storage-state.ts";
import type { PillarRecord } from "./pillar-record.ts";

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
  /** Key: `incidentKey`. One open incident per pillar, and one more for tests. */
  readonly openByKey: Map<string, IncidentId>;
  /** Running ones. */
  readonly recordings: Map<RecordingId, RecordingRecord>;
  /** Recordings that are to be removed and may still be on the disk. */
  readonly deleting: Map<RecordingId, Deletion>;
  /** Incidents whose recordings are kept until somebody unlocks them. */
  readonly locked: Set<IncidentId>;
  readonly hubFaults: Map<HubFaultCode, HubFaultRecord>;
  readonly marks: Map<PillarId, LedgerMark>;
  /** Recent alarms by signature, oldest first, with two ways to find one. */
  readonly alarms: Map<Signature, KnownAlarm>;
  readonly signatureBySeq: Map<string, Signature>;
  readonly signatureByEvent: Map<EventId, Signature>;
  /** Calls to somebody outside that nobody has taken yet. */
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

export function newState(settings: HubSettings): HubState {
  return {
    settings,
    pillars: new Map(),
    incidents: new Map(),
    closed: new Map(),
    openByKey: new Map(),
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
