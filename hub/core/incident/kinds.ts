/** Incidents, from their alarms to their end: what happens to them, what is asked, what is known. */
import type {
  Disposition,
  Escalation,
  Priority,
  PriorityRule,
} from "../../../shared/api/incident.ts";
import type { RevocationReason } from "../../../shared/api/pillar.ts";
import type { DeadlineReason } from "../../../shared/api/timeline.ts";
import type { Role } from "../../../shared/api/session.ts";
import type {
  AreaId,
  EventId,
  IncidentId,
  PillarId,
  RecordingId,
  Sha256,
  Signature,
  Username,
} from "../../../shared/ids.ts";
import type { Alarm, AlarmEvent, AlarmKind } from "../../../shared/protocol/alarm.ts";
import type { Doubt } from "../time/bounds.ts";
import type { ByOperator, OfIncident } from "../fact-base.ts";
import type { IncidentRecord } from "../state/incident-record.ts";
import type { KnownAlarm } from "../state/known-alarm.ts";

/** How an alarm reached the hub. */
export type Via = "mqtt" | "https";

export type EscalationLevel = Exclude<Escalation, "none">;

export type IncidentHistory =
  | (OfIncident & {
      readonly type: "alarm-recorded";
      readonly event: AlarmEvent;
      /**
       * UTF-8 bytes of the event that was signed, where only the fields known here were kept of it,
       * because its pillar had used up its budget. `hash` covers all of it: the pillar's own copy
       * can still be proven.
       */
      readonly signedBytes?: number;
      readonly sig: Signature;
      readonly via: Via;
      /** Hub's clock minus the alarm's age. */
      readonly pressedAt: number;
      /** Which of its times could not be right, so that it counts as pressed when it arrived. */
      readonly doubt?: Doubt;
      /** The age it gave itself, where that is in doubt. */
      readonly ageMs?: number;
      /** The event's own link in the pillar's ledger: what its heartbeats must show. */
      readonly hash: Sha256;
      /**
       * False: signed with the pillar's key, but the pillar's
       * identity is in doubt. Absent: verified.
       */
      readonly isVerified?: boolean;
    })
  | (OfIncident & {
      readonly type: "incident-opened";
      readonly pillarId: PillarId;
      readonly kind: AlarmKind;
      readonly priority: Priority;
      /** The rules that spoke. */
      readonly rules: readonly PriorityRule[];
      /** The one of them that decided. */
      readonly reason: PriorityRule;
      readonly eventId: EventId;
      readonly pressedAt: number;
      readonly text: string | null;
      readonly isVerified?: boolean;
    })
  | (OfIncident & {
      readonly type: "incident-joined";
      readonly eventId: EventId;
      /** What the incident is from now on: the strictest of its alarms. Absent: as before. */
      readonly kind?: AlarmKind;
      /** May have risen: a silent press during a typed call. */
      readonly priority: Priority;
      /** Those that spoke for the first time. */
      readonly rules: readonly PriorityRule[];
      /** The one of them that raised it; absent: nothing did. */
      readonly reason?: PriorityRule;
      readonly text: string | null;
      readonly isVerified?: boolean;
    })
  /** What happens elsewhere makes it as urgent as this. */
  | (OfIncident & {
      readonly type: "incident-graded";
      readonly priority: Priority;
      readonly rule: PriorityRule;
    })
  /**
   * A second, different alarm under a number or id the hub already holds: recorded, and a fault.
   */
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
  /** `ring`: how often the incident has begun to ring; each level comes once in each. */
  | (OfIncident & {
      readonly type: "incident-escalated";
      readonly level: EscalationLevel;
      readonly ring: number;
    })
  /** Its owner's consoles have been gone for too long: it rings again. */
  | (OfIncident & {
      readonly type: "incident-released";
      readonly reason: "owner-lost";
      readonly from: Username;
      readonly fromName: string;
    })
  /** Its pillar lost its identity: picture and voice ended, the incident is still somebody's. */
  | (ByOperator & {
      readonly type: "incident-pillar-revoked";
      readonly reason: RevocationReason;
    })
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
  | (ByOperator & {
      readonly type: "incident-regraded";
      readonly priority: Priority;
      readonly reason: string;
    })
  | (ByOperator & { readonly type: "incident-noted"; readonly text: string })
  | (ByOperator & { readonly type: "unit-dispatched"; readonly unit: string })
  | (ByOperator & {
      readonly type: "incident-closed";
      readonly disposition: Disposition;
      readonly note: string;
    })
  | (ByOperator & { readonly type: "incident-reopened" });

/** What an operator may order for one incident. */
export type OperatorOrder =
  | { readonly name: "acknowledge" }
  | { readonly name: "answer" }
  | { readonly name: "hold"; readonly held: boolean }
  | { readonly name: "transfer"; readonly to: Username; readonly toName: string }
  | { readonly name: "dispatch"; readonly unit: string }
  | { readonly name: "grade"; readonly priority: Priority; readonly reason: string }
  | { readonly name: "note"; readonly text: string }
  | { readonly name: "close"; readonly disposition: Disposition; readonly note: string }
  | { readonly name: "reopen" };

export type IncidentEvent =
  | {
      readonly type: "alarm";
      readonly at: number;
      readonly pillarId: PillarId;
      /** Signature already verified. */
      readonly alarm: Alarm;
      /** Its link in the pillar's ledger (`linkHash`). */
      readonly hash: Sha256;
      readonly via: Via;
      readonly newIncidentId: IncidentId;
      readonly newRecordingId: RecordingId;
      /**
       * What the journal holds under this number or id,
       * when the core's memory does not reach so far.
       */
      readonly recorded?: readonly KnownAlarm[];
    }
  | {
      readonly type: "operator-order";
      readonly at: number;
      readonly incidentId: IncidentId;
      readonly order: OperatorOrder;
      readonly by: Username;
      readonly byName: string;
      readonly role: Role;
      readonly scope: AreaId;
      readonly newRecordingId: RecordingId;
    };

export interface IncidentSlice {
  /** Not closed. */
  readonly incidents: Map<IncidentId, IncidentRecord>;
  /** The latest `MAX_CLOSED`, oldest first. */
  readonly closed: Map<IncidentId, IncidentRecord>;
  /** Key: `incidentKey`. One open incident per pillar, and one more for tests. */
  readonly openByKey: Map<string, IncidentId>;
}

export interface IncidentKinds {
  readonly fact: IncidentHistory;
  readonly event: IncidentEvent;
  readonly slice: IncidentSlice;
}
