/**
 * What happened, as the journal keeps it for ever.
 *
 * Facts are evidence: they say what was, never what to do, and they must mean the same after an upgrade. `at` is
 * the hub's wall clock, Unix ms.
 */
import type {
  DeletionReason,
  Disposition,
  Escalation,
  Priority,
  Recording,
} from "../../shared/api/incident.ts";
import type { CommandOutcome } from "../../shared/api/audit.ts";
import type { HubFaultCode } from "../../shared/api/hub.ts";
import type { Gaps } from "../../shared/api/recording-gap.ts";
import type { Position, Presence, RevocationReason } from "../../shared/api/pillar.ts";
import type { Role } from "../../shared/api/session.ts";
import type { DeadlineReason } from "../../shared/api/timeline.ts";
import type {
  CommandId,
  EventId,
  IncidentId,
  PillarId,
  RecordingId,
  Sha256,
  Signature,
  Username,
} from "../../shared/ids.ts";
import type { AlarmEvent, AlarmKind } from "../../shared/protocol/alarm.ts";
import type { PillarCommand } from "../../shared/protocol/command.ts";
import type { FaultCode } from "../../shared/protocol/heartbeat.ts";
import type { Doubt } from "./bounds.ts";

/** How an alarm reached the hub. */
export type Via = "mqtt" | "https";

export type EscalationLevel = Exclude<Escalation, "none">;

interface At {
  readonly at: number;
}
interface OfIncident extends At {
  readonly incidentId: IncidentId;
}
/** One try to call somebody outside; `target` is its address. */
interface OfExternal extends OfIncident {
  readonly ring: number;
  readonly target: string;
  readonly attempt: number;
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
      /** Unix ms. Absent in journals before certificates were watched. */
      readonly certificateExpiresAt?: number;
    })
  /** For a new key of the pillar; the certificate before it stays good until this one is first used. */
  | (At & {
      readonly type: "certificate-renewed";
      readonly pillarId: PillarId;
      /** Serial of the certificate that was shown for it. */
      readonly replaces: string;
      readonly certificateSerial: string;
      readonly certificateExpiresAt: number;
    })
  /** Its first use: the one before it is refused from now on. */
  | (At & {
      readonly type: "certificate-adopted";
      readonly pillarId: PillarId;
      readonly certificateSerial: string;
    })
  /** It has been over for a day: setting the clock back does not make it valid again. */
  | (At & {
      readonly type: "certificate-expired";
      readonly pillarId: PillarId;
      readonly certificateSerial: string;
    })
  /** Nothing this identity sends counts any more; only a new enrolment brings the pillar back. */
  | (At & {
      readonly type: "pillar-revoked";
      readonly pillarId: PillarId;
      /** Those that were good until now: the one in use, and one that was issued and not used yet. */
      readonly certificateSerials: readonly string[];
      readonly reason: RevocationReason;
      readonly note: string;
      readonly by: Username;
      readonly byName: string;
    })
  | (OfIncident & {
      readonly type: "alarm-recorded";
      readonly event: AlarmEvent;
      /**
       * UTF-8 bytes of the event that was signed, where only the fields known here were kept of it, because its
       * pillar had used up its budget. `hash` covers all of it: the pillar's own copy can still be proven.
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
      readonly hash?: Sha256;
      /** False: signed with the pillar's key, but the pillar's identity is in doubt. Absent: verified. */
      readonly isVerified?: boolean;
    })
  | (OfIncident & {
      readonly type: "incident-opened";
      readonly pillarId: PillarId;
      readonly kind: AlarmKind;
      readonly priority: Priority;
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
      readonly text: string | null;
      readonly isVerified?: boolean;
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
  | (OfExternal & { readonly type: "external-delivered" })
  | (OfExternal & { readonly type: "external-failed"; readonly detail: string })
  /** The receiver wants no more (HTTP 410): it is not called again. */
  | (OfExternal & { readonly type: "external-gone" })
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
  /** Two machines use one identity: messages of both are doubted until it is enrolled again. */
  | (At & {
      readonly type: "pillar-cloned";
      readonly pillarId: PillarId;
      readonly detail: string;
    })
  /** Every pillar of a grid is gone (`count` of them), or the first is back: one piece of news for all. */
  | (At & {
      readonly type: "grid-lost" | "grid-back";
      readonly grid: string;
      readonly count: number;
    })
  /** `by` is null for the command line, which only the machine's own administrators can use. */
  | (At & {
      readonly type: "account-changed";
      readonly username: Username;
      readonly displayName: string;
      readonly role: Role;
      readonly change: "created" | "renamed" | "role" | "disabled" | "enabled" | "password";
      readonly by: Username | null;
      readonly byName: string | null;
    })
  | (At & {
      readonly type: "session-opened" | "session-closed";
      readonly username: Username;
      /** Address. Absent in journals before the audit. */
      readonly from?: string;
    })
  /**
   * The words of an earlier fact were taken out of the journal, because they hold a secret. The row at `index` keeps
   * its hash (`originalHash`), which no longer fits its body; what stands there now gives `replacementHash`.
   */
  | (At & {
      readonly type: "fact-sealed";
      readonly index: number;
      readonly originalHash: Sha256;
      readonly replacementHash: Sha256;
      readonly reason: string;
      /** The command line, which only the machine's own administrators can use. */
      readonly by: null;
      readonly byName: string;
    })
  /** `count` wrong sign-ins of a few minutes. Null: names nobody has, or more than are told one by one. */
  | (At & {
      readonly type: "sign-in-refused";
      readonly username: Username | null;
      readonly from: string | null;
      readonly count: number;
    })
  /** Somebody read what is personal, `count` times within a few minutes. `of`: one incident; null for lists. */
  | (At & {
      readonly type: "records-read";
      readonly what: "incident" | "incidents" | "audit" | "accounts";
      readonly of: IncidentId | null;
      readonly by: Username;
      readonly byName: string;
      readonly from: string;
      readonly count: number;
    })
  /** Somebody watches and listens (`watch`) or talks (`talk`), by name. */
  | (ByOperator & {
      readonly type: "view-opened";
      readonly role: "watch" | "talk";
      readonly from?: string;
    })
  | (ByOperator & { readonly type: "view-closed"; readonly role: "watch" | "talk" })
  | (At & {
      readonly type: "command-sent";
      readonly pillarId: PillarId;
      readonly commandId: CommandId;
      readonly command: PillarCommand;
      readonly by: Username;
      /** Of a siren that a supervisor ordered without owning an incident there. */
      readonly reason?: string;
    })
  /** What became of a command. `by`: who gave it. */
  | (At & {
      readonly type: "command-result";
      readonly pillarId: PillarId;
      readonly commandId: CommandId;
      readonly name: PillarCommand["name"];
      readonly outcome: CommandOutcome;
      readonly detail: string;
      /** Of a self-test: from its press to the hub's receipt at the pillar. */
      readonly confirmedAfterMs?: number;
      readonly by: Username;
    })
  | (At & {
      readonly type: "recording-viewed";
      readonly recordingId: RecordingId;
      readonly by: Username;
      /** The rest is absent in journals before the audit. */
      readonly byName?: string;
      readonly from?: string;
      readonly of?: IncidentId;
      readonly how?: "play" | "download";
    });

/** Facts of one incident: its timeline. */
export type IncidentFact = Extract<Fact, { incidentId: IncidentId }>;
/** What becomes of an identity after the enrolment. */
export type CertificateFact = FactOf<
  "certificate-renewed" | "certificate-adopted" | "certificate-expired" | "pillar-revoked"
>;
/** Facts that change a pillar's row. */
export type PillarFact = FactOf<
  | "pillar-registered"
  | "pillar-enrolled"
  | CertificateFact["type"]
  | "pillar-started"
  | "presence-changed"
  | "pillar-fault"
  | "pillar-cloned"
>;
export type RecordingFact = FactOf<"recording-started" | "recording-ended" | "recording-deleted">;

/** Facts for the record alone: what somebody read, said or wanted. No state follows from them. */
export const FOR_THE_RECORD = [
  "account-changed",
  "command-result",
  "command-sent",
  "fact-sealed",
  "recording-viewed",
  "records-read",
  "session-closed",
  "session-opened",
  "sign-in-refused",
] as const satisfies readonly Fact["type"][];
export type RecordFact = FactOf<(typeof FOR_THE_RECORD)[number]>;
const forTheRecord: ReadonlySet<string> = new Set(FOR_THE_RECORD);
export const isForTheRecord = (fact: Fact): fact is RecordFact => forTheRecord.has(fact.type);

export type FactOf<T extends Fact["type"]> = Extract<Fact, { type: T }>;
