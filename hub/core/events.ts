/** The events of the hub's core, and the effects it decides on. */
import type { Gaps } from "../../shared/api/recording-gap.ts";
import type { Disposition } from "../../shared/api/incident.ts";
import type { RevocationReason } from "../../shared/api/pillar.ts";
import type { Role } from "../../shared/api/session.ts";
import type {
  EventId,
  HubEpoch,
  IncidentId,
  PillarId,
  RecordingId,
  SessionNonce,
  Sha256,
  Signature,
  Username,
} from "../../shared/ids.ts";
import type { Alarm } from "../../shared/protocol/alarm.ts";
import type { Call } from "../../shared/protocol/call.ts";
import type { Heartbeat } from "../../shared/protocol/heartbeat.ts";
import type { Report } from "../../shared/protocol/report.ts";
import type { Via } from "./incident/kinds.ts";
import type { Candidate, RetentionSettings, Space } from "./state/storage-state.ts";

/** An alarm the journal holds. */
export interface KnownAlarm {
  readonly pillarId: PillarId;
  readonly seq: number;
  readonly eventId: EventId;
  readonly bootEpoch: number;
  readonly incidentId: IncidentId;
  /** Identifies the content: another event under the same number has another signature. */
  readonly sig: Signature;
  /** Its place in the journal. */
  readonly index: number;
}

/** What an operator may order for one incident. */
export type OperatorOrder =
  | { readonly name: "acknowledge" }
  | { readonly name: "answer" }
  | { readonly name: "hold"; readonly held: boolean }
  | { readonly name: "transfer"; readonly to: Username; readonly toName: string }
  | { readonly name: "dispatch"; readonly unit: string }
  | { readonly name: "note"; readonly text: string }
  | { readonly name: "close"; readonly disposition: Disposition; readonly note: string }
  | { readonly name: "reopen" };

/** `at`: Unix ms. New ids arrive here, because the core draws no random numbers. */
export type HubEvent =
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
      readonly type: "heartbeat";
      readonly at: number;
      readonly pillarId: PillarId;
      readonly heartbeat: Heartbeat;
      /** Of this hub's journal. */
      readonly hubEpoch?: HubEpoch;
    }
  | {
      readonly type: "report";
      readonly at: number;
      readonly pillarId: PillarId;
      readonly report: Report;
    }
  | {
      readonly type: "pillar-connected";
      readonly at: number;
      readonly pillarId: PillarId;
      /** Of the certificate it showed; absent where no certificate is shown. */
      readonly certificateSerial?: string;
      /** Another connection of the same identity was open, and was closed for this one. */
      readonly hasTakenOver?: boolean;
    }
  | { readonly type: "pillar-disconnected"; readonly at: number; readonly pillarId: PillarId }
  | {
      readonly type: "operator-order";
      readonly at: number;
      readonly incidentId: IncidentId;
      readonly order: OperatorOrder;
      readonly by: Username;
      readonly byName: string;
      readonly role: Role;
      readonly newRecordingId: RecordingId;
    }
  | {
      readonly type: "revoke-order";
      readonly at: number;
      readonly pillarId: PillarId;
      readonly reason: RevocationReason;
      readonly note: string;
      /** Refused when the pillar has another certificate by now. */
      readonly certificateSerial?: string;
      readonly by: Username;
      readonly byName: string;
    }
  | {
      readonly type: "recording-ended";
      readonly at: number;
      readonly recordingId: RecordingId;
      readonly state: "closed" | "recovered" | "failed";
      readonly durationMs: number;
      readonly bytes: number;
      /** What is missing; facts of an older release do not say. */
      readonly gaps?: Gaps;
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
  /** The media process started, or started again: what it recorded before has ended. */
  | {
      readonly type: "media-started";
      readonly at: number;
      readonly newRecordingIds: readonly RecordingId[];
    }
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
      /** The journal holds such an incident, perhaps one that is too old for the core's memory. */
      readonly isKnown: boolean;
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
    }
  /**
   * A person's event stream began or ended, or answered; any other sign of them is `console-seen`.
   */
  | {
      readonly type: "console-connected" | "console-disconnected" | "console-beat" | "console-seen";
      readonly at: number;
      readonly username: Username;
    }
  /** What became of one call to somebody outside. */
  | {
      readonly type: "external-answered";
      readonly at: number;
      readonly incidentId: IncidentId;
      readonly ring: number;
      readonly target: string;
      readonly outcome: "delivered" | "failed" | "gone";
      readonly detail: string;
    }
  | { readonly type: "tick"; readonly at: number };

/** Effects: what the shell must do. All wait for the facts decided with them. */
export type HubEffect =
  | {
      readonly type: "accept";
      readonly pillarId: PillarId;
      readonly eventId: EventId;
      readonly seq: number;
      readonly incidentId: IncidentId;
      /** The incident is closed, or so old that it is not known any more. */
      readonly isOver: boolean;
      /**
       * The pillar's session that the alarm named: the receipt
       * counts there. Absent when it came by HTTPS.
       */
      readonly sessionNonce?: SessionNonce;
      /**
       * Where the journal holds it; absent for one decided just now, whose index the shell knows.
       */
      readonly index?: number;
    }
  | { readonly type: "tell-pillar"; readonly pillarId: PillarId; readonly call: Call }
  | {
      readonly type: "ask-resend";
      readonly pillarId: PillarId;
      readonly fromSeq: number;
      readonly bootEpoch: number;
      readonly sessionNonce: SessionNonce;
    }
  | {
      readonly type: "call-external";
      readonly incidentId: IncidentId;
      readonly ring: number;
      /** Its address. */
      readonly target: string;
      readonly attempt: number;
    }
  | {
      readonly type: "start-recording";
      readonly recordingId: RecordingId;
      readonly incidentId: IncidentId;
      readonly pillarId: PillarId;
      /**
       * The pillar sends already, or should: what is missing at the beginning is a gap from the
       * first moment on.
       */
      readonly isCallRunning: boolean;
    }
  | { readonly type: "stop-recording"; readonly recordingId: RecordingId }
  /** `all`: nobody may watch or talk any more. `talkers`: the owner changed. */
  | {
      readonly type: "end-views";
      readonly incidentId: IncidentId;
      readonly who: "all" | "talkers";
    }
  /**
   * The last words to a pillar, then its connection is cut, and its picture and voice with it.
   * `sessionNonce`: the session they are signed for; null when the hub knows none, and they cannot
   * be said.
   */
  | {
      readonly type: "expel-pillar";
      readonly pillarId: PillarId;
      readonly reason: string;
      readonly sessionNonce: SessionNonce | null;
      readonly lastCalls: readonly Call[];
    }
  | {
      readonly type: "refuse";
      readonly code: "not-found" | "conflict" | "forbidden" | "bad-request";
      readonly detail: string;
      readonly by?: string;
    };
export type Tick = Extract<HubEvent, { type: "tick" }>;
