/**
 * What happened, in the words the journal keeps for ever.
 *
 * Facts are evidence: they say what was, never what to do, and they must mean the same after an upgrade.
 * `at` is the hub's wall clock, Unix ms.
 */
import type { Disposition, Priority, Recording } from "../../shared/api/incident.ts";
import type { Position, Presence } from "../../shared/api/pillar.ts";
import type { Role } from "../../shared/api/session.ts";
import type {
  CommandId,
  EventId,
  IncidentId,
  PillarId,
  RecordingId,
  Signature,
  Username,
} from "../../shared/ids.ts";
import type { AlarmEvent, AlarmKind } from "../../shared/protocol/alarm.ts";
import type { CommandOrder } from "../../shared/protocol/command.ts";
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
      readonly sig: Signature;
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
  | (OfIncident & {
      readonly type: "incident-joined";
      readonly eventId: EventId;
      /** May have risen: a silent press during a typed call. */
      readonly priority: Priority;
      readonly text: string | null;
    })
  /** A second, different alarm under a number or id the hub already holds: recorded, and a fault. */
  | (OfIncident & {
      readonly type: "alarm-equivocation";
      readonly pillarId: PillarId;
      readonly eventId: EventId;
      readonly seq: number;
      /** The alarm that held this number or id before. */
      readonly earlierEventId: EventId;
    })
  | (OfIncident & {
      readonly type: "deadline-set";
      readonly dueAt: number;
      readonly reason: DeadlineReason;
    })
  | (OfIncident & { readonly type: "deadline-passed"; readonly reason: DeadlineReason })
  | (ByOperator & { readonly type: "incident-acknowledged" })
  | (ByOperator & {
      readonly type: "incident-answered";
      /** Set when a supervisor took the call over: whose it was. */
      readonly from: Username | null;
      readonly fromName: string | null;
    })
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
  /** First heartbeat of a boot, or of another release. */
  | (At & {
      readonly type: "pillar-started";
      readonly pillarId: PillarId;
      readonly bootEpoch: number;
      readonly release: string;
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
  /** Somebody watches and listens (`watch`) or talks (`talk`): no ear without a name. */
  | (ByOperator & { readonly type: "view-opened"; readonly role: "watch" | "talk" })
  | (ByOperator & { readonly type: "view-closed"; readonly role: "watch" | "talk" })
  | (At & {
      readonly type: "command-sent";
      readonly pillarId: PillarId;
      readonly commandId: CommandId;
      readonly order: CommandOrder;
      readonly by: Username;
    })
  | (At & {
      readonly type: "recording-viewed";
      readonly recordingId: RecordingId;
      readonly by: Username;
    });

/** Facts of one incident: its timeline. */
export type IncidentFact = Extract<Fact, { incidentId: IncidentId }>;
/** Facts that change a pillar's row. */
export type PillarFact = FactOf<
  "pillar-registered" | "pillar-enrolled" | "pillar-started" | "presence-changed" | "pillar-fault"
>;
export type RecordingFact = FactOf<"recording-started" | "recording-ended">;

export type FactOf<T extends Fact["type"]> = Extract<Fact, { type: T }>;
