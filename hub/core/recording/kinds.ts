/** Recordings and the disk that holds them: what happens to them, what is told, what is known. */
import type { DeletionReason, Recording } from "../../../shared/api/incident.ts";
import type { HubFaultCode } from "../../../shared/api/hub.ts";
import type { Gaps } from "../../../shared/api/recording-gap.ts";
import type { Role } from "../../../shared/api/session.ts";
import type {
  AreaId,
  CameraId,
  IncidentId,
  MediaId,
  PillarId,
  RecordingId,
  Username,
} from "../../../shared/ids.ts";
import type { At, ByOperator, OfIncident } from "../fact-base.ts";
import type { RecordingRecord } from "../state/recording-record.ts";
import type {
  Candidate,
  Deletion,
  HubFaultRecord,
  RetentionSettings,
  Space,
} from "../state/storage-state.ts";

export type RecordingHistory =
  | (OfIncident & {
      readonly type: "recording-started";
      readonly recordingId: RecordingId;
      readonly pillarId: PillarId;
    })
  | (OfIncident & {
      readonly type: "recording-ended";
      readonly recordingId: RecordingId;
      readonly state: Recording["state"];
      readonly durationMs: number;
      readonly bytes: number;
      /** What is missing in it; absent where nothing of it could be read. */
      readonly gaps?: Gaps;
      /** Whose pictures are in the file; absent like `gaps`. */
      readonly cameras?: readonly CameraId[];
    })
  /** Its file is to be removed. Durable before that, so that a missing file has a reason. */
  | (OfIncident & {
      readonly type: "recording-deleted";
      readonly recordingId: RecordingId;
      readonly reason: DeletionReason;
      /** The path of the file follows from it. */
      readonly startedAt: number;
      readonly bytes: number;
    })
  /** The files of these are gone from the disk. */
  | (At & { readonly type: "recordings-removed"; readonly recordingIds: readonly RecordingId[] })
  /** Its recordings are kept, whatever their age and however full the disk. */
  | (ByOperator & { readonly type: "incident-locked"; readonly reason: string })
  | (ByOperator & { readonly type: "incident-unlocked"; readonly reason: string })
  /** Something of the hub itself needs a technician, or no longer does. */
  | (At & {
      readonly type: "hub-fault";
      readonly code: HubFaultCode;
      readonly isActive: boolean;
      readonly detail: string;
    });

export type RecordingEvent =
  | {
      readonly type: "recording-ended";
      readonly at: number;
      readonly recordingId: RecordingId;
      readonly state: "closed" | "recovered" | "failed";
      readonly durationMs: number;
      readonly bytes: number;
      /** What is missing in it; absent where nothing of it could be read. */
      readonly gaps?: Gaps;
      /** Whose pictures are in the file; absent like `gaps`. */
      readonly cameras?: readonly CameraId[];
    }
  /** Whether the pictures that come for a running recording can be written. */
  | {
      readonly type: "recording-picture";
      readonly at: number;
      readonly recordingId: RecordingId;
      readonly isWritten: boolean;
      /** Why not; empty when they are. */
      readonly detail: string;
    }
  /**
   * A media process is ready, for the first time or again: it serves its pillars, and what it
   * recorded before has ended. Ids: as many as it may need.
   */
  | {
      readonly type: "media-started";
      readonly at: number;
      readonly mediaId: MediaId;
      readonly newRecordingIds: readonly RecordingId[];
    }
  /** A media process ended; what it recorded is told one by one when the next is ready. */
  | { readonly type: "media-ended"; readonly at: number; readonly mediaId: MediaId }
  /** An incident's recordings are to be kept, or may be removed again. */
  | {
      readonly type: "lock-order";
      readonly at: number;
      readonly incidentId: IncidentId;
      readonly isLocked: boolean;
      readonly reason: string;
      readonly by: Username;
      readonly byName: string;
      readonly role: Role;
      readonly scope: AreaId;
      /**
       * Of the incident, perhaps one that is too old for the core's memory; null: the journal holds
       * none.
       */
      readonly atPillar: PillarId | null;
    }
  /** State of the disks, and the oldest recordings that may have to be removed. */
  | {
      readonly type: "storage-checked";
      readonly at: number;
      /** The disk that holds the recordings. */
      readonly recordings: Space;
      /** The disk that holds the journal; often the same. */
      readonly journal: Space;
      readonly settings: RetentionSettings;
      /** Oldest first. */
      readonly candidates: readonly Candidate[];
      /** Why a file that was to be removed is still there. */
      readonly failure: string | null;
    }
  | {
      readonly type: "recordings-removed";
      readonly at: number;
      readonly recordingIds: readonly RecordingId[];
    };

export interface RecordingSlice {
  /** Running ones. */
  readonly recordings: Map<RecordingId, RecordingRecord>;
  /** Recordings that are to be removed and may still be on the disk. */
  readonly deleting: Map<RecordingId, Deletion>;
  /** Incidents whose recordings are kept until somebody unlocks them. */
  readonly locked: Set<IncidentId>;
  readonly hubFaults: Map<HubFaultCode, HubFaultRecord>;
}

export interface RecordingKinds {
  readonly fact: RecordingHistory;
  readonly event: RecordingEvent;
  readonly slice: RecordingSlice;
}
