/** What happened to recordings and to the disk that holds them. */
import type { DeletionReason, Recording } from "../../../shared/api/incident.ts";
import type { HubFaultCode } from "../../../shared/api/hub.ts";
import type { Gaps } from "../../../shared/api/recording-gap.ts";
import type { PillarId, RecordingId } from "../../../shared/ids.ts";
import type { At, ByOperator, OfIncident } from "../fact-base.ts";

export type StorageHistory =
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
      /** What is missing; facts of an older release do not say. */
      readonly gaps?: Gaps;
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
