/**
 * What happened, in the words the journal keeps for ever.
 *
 * Facts are evidence: they say what was, never what to do, and they must mean the same after an upgrade.
 * `at` is the hub's wall clock, Unix ms.
 */
import type { Disposition, Priority, Recording } from "../../shared/api/incident.ts";
import type { Position, Presence } from "../../shared/api/pillar.ts";
import type { Role } from "../../shared/api/session.ts";
import type { EventId, IncidentId, PillarId, RecordingId, Username } from "../../shared/ids.ts";
import type { AlarmEvent, AlarmKind } from "../../shared/protocol/alarm.ts";
import type { FaultCode } from "../../shared/protocol/heartbeat.ts";

/** How an alarm reached the hub. */
export type Via = "mqtt" | "https";

/** Why a deadline runs: nobody has seen the incident, or its owner went away. */
export type DeadlineReason = "unacknowledged" | "owner-lost";

interface At {
  readonly at: number;
}
interface OfIncident extends At {
  readonly incidentId: IncidentId;
}
interface ByOperator extends OfIncident {
  readonly by: Username;
  readonly byName: string;
}

export type Fact =
  | (At & {
      readonly type: "pillar-registered";
      readonly pillarId: PillarId;
      readonly name: string;
      readonly grid: string;
      readonly address: string;
      readonly position: Position | null;
    })
  | (At & {
      readonly type: "pillar-enrolled";
      readonly pillarId: PillarId;
      readonly certificateSerial: string;
      readonly alarmPublicKey: string;
    })
  | (OfIncident & {
      readonly type: "alarm-recorded";
      readonly event: AlarmEvent;
      readonly sig: string;
      readonly via: Via;
      /** Hub's clock minus the alarm's age. */
      readonly pressedAt: number;
    })
  | (OfIncident & {
      readonly type: "incident-opened";
      readonly pillarId: PillarId;
      readonly kind: AlarmKind;
      readonly priority: Priority;
      readonly eventId: EventId;
      readonly pressedAt: number;
      readonly text: string | null;
    })
  | (OfIncident & { readonly type: "incident-joined"; readonly eventId: EventId })
  | (OfIncident & {
      readonly type: "deadline-set";
      readonly dueAt: number;
      readonly reason: DeadlineReason;
    })
  | (OfIncident & { readonly type: "deadline-passed"; readonly reason: DeadlineReason })
  | (ByOperator & { readonly type: "incident-acknowledged" })
  | (ByOperator & { readonly type: "incident-answered" })
  | (ByOperator & { readonly type: "incident-held"; readonly held: boolean })
  | (ByOperator & {
      readonly type: "incident-transferred";
      readonly to: Username;
      readonly toName: string;
    })
  | (ByOperator & { readonly type: "incident-noted"; readonly text: string })
  | (ByOperator & { readonly type: "unit-dispatched"; readonly unit: string })
  | (ByOperator & {
      readonly type: "incident-closed";
      readonly disposition: Disposition;
      readonly note: string;
    })
  | (ByOperator & { readonly type: "incident-reopened" })
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
    })
  | (At & {
      readonly type: "presence-changed";
      readonly pillarId: PillarId;
      readonly presence: Presence;
    })
  | (At & {
      readonly type: "pillar-fault";
      readonly pillarId: PillarId;
      readonly code: FaultCode;
      readonly isActive: boolean;
      readonly detail: string;
    })
  | (At & {
      readonly type: "user-saved";
      readonly username: Username;
      readonly displayName: string;
      readonly role: Role;
    })
  | (At & { readonly type: "session-opened" | "session-closed"; readonly username: Username })
  | (At & {
      readonly type: "recording-viewed";
      readonly recordingId: RecordingId;
      readonly by: Username;
    });

export type FactOf<T extends Fact["type"]> = Extract<Fact, { type: T }>;
