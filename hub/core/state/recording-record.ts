/** One recording as facts made it. */
import type { Recording, DeletionReason } from "../../../shared/api/incident.ts";
import type { Gaps } from "../../../shared/api/recording-gap.ts";
import type { CameraId, RecordingId, IncidentId, PillarId } from "../../../shared/ids.ts";

export interface RecordingRecord {
  readonly id: RecordingId;
  readonly incidentId: IncidentId;
  readonly pillarId: PillarId;
  readonly startedAt: number;
  readonly endedAt: number | null;
  readonly durationMs: number | null;
  readonly bytes: number | null;
  readonly state: Recording["state"];
  /** When and why its file was given up; null while it is kept. */
  readonly deletion: { readonly at: number; readonly reason: DeletionReason } | null;
  readonly gaps?: Gaps;
  readonly cameras?: readonly CameraId[];
}
