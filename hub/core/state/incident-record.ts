/** One incident as facts made it. */
import type {
  Disposition,
  Escalation,
  IncidentState,
  Priority,
  PriorityReason,
  PriorityRule,
} from "../../../shared/api/incident.ts";
import type { DeadlineReason } from "../../../shared/api/timeline.ts";
import type { EventId, IncidentId, PillarId, RecordingId, Username } from "../../../shared/ids.ts";
import type { AlarmKind } from "../../../shared/protocol/alarm.ts";

export interface Deadline {
  readonly dueAt: number;
  /** The wall clock when it was set: what was left then is the most that can be left. */
  readonly setAt: number;
  readonly reason: DeadlineReason;
  /** How often it has passed already. */
  readonly passed: number;
}

export interface IncidentRecord {
  readonly id: IncidentId;
  readonly pillarId: PillarId;
  readonly kind: AlarmKind;
  readonly state: IncidentState;
  readonly priority: Priority;
  /** What decided the priority last. */
  readonly priorityReason: PriorityReason;
  /** Those that have spoken: none raises it twice. */
  readonly rules: readonly PriorityRule[];
  readonly pressedAt: number;
  readonly openedAt: number;
  readonly acknowledgedAt: number | null;
  readonly answeredAt: number | null;
  readonly closedAt: number | null;
  readonly owner: Username | null;
  readonly ownerName: string | null;
  readonly closedByName: string | null;
  readonly isHeld: boolean;
  readonly presses: number;
  readonly lastEventId: EventId;
  readonly deadline: Deadline | null;
  /** How often it has begun to ring: opened, handed over, released, reopened. */
  readonly ring: number;
  readonly escalation: Escalation;
  /** False while no alarm of it came from an identity beyond doubt. */
  readonly isVerified: boolean;
  /** The running one. */
  readonly recordingId: RecordingId | null;
  readonly notes: number;
  readonly units: number;
  readonly disposition: Disposition | null;
  readonly note: string | null;
  readonly text: string | null;
  /** Its recordings are kept until it is unlocked. */
  readonly lock: LockRecord | null;
}

export interface LockRecord {
  readonly at: number;
  readonly byName: string;
  readonly reason: string;
}
