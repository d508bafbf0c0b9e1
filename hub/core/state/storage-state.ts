/** The disk, what may be deleted from it, and what is wrong with the hub itself. */
import type { RecordingId, IncidentId } from "../../../shared/ids.ts";

export interface Space {
  readonly freeBytes: number;
  readonly totalBytes: number;
}

export interface RetentionSettings {
  readonly keepDays: number;
  readonly leastFreePercent: number;
}

/** A recording that ended. */
export interface Candidate {
  readonly recordingId: RecordingId;
  readonly incidentId: IncidentId;
  readonly startedAt: number;
  readonly endedAt: number;
  readonly bytes: number;
}

/** Decided on, and perhaps still on the disk. */
export interface Deletion {
  readonly startedAt: number;
  readonly bytes: number;
}

export interface HubFaultRecord {
  readonly since: number;
  readonly detail: string;
}
