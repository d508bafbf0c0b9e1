/** Pillars, their identity, presence and faults: what happens to them, what they say, what is known. */
import type { Position, Presence, RevocationReason } from "../../../shared/api/pillar.ts";
import type {
  EventId,
  HubEpoch,
  PillarId,
  SessionNonce,
  Signature,
  Username,
} from "../../../shared/ids.ts";
import type { FaultCode, Heartbeat } from "../../../shared/protocol/heartbeat.ts";
import type { Report } from "../../../shared/protocol/report.ts";
import type { At } from "../fact-base.ts";
import type { Budget } from "../state/budget-state.ts";
import type { KnownAlarm } from "../state/known-alarm.ts";
import type { LedgerMark } from "../state/ledger-mark.ts";
import type { PillarRecord } from "../state/pillar-record.ts";

interface OfGrid extends At {
  readonly grid: string;
  readonly count: number;
}

export type PillarHistory =
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
      /** Unix ms. */
      readonly certificateExpiresAt: number;
    })
  /**
   * For a new key of the pillar; the certificate before it stays good until this one is first used.
   */
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
      /**
       * Those that were good until now: the one in use, and one that was issued and not used yet.
       */
      readonly certificateSerials: readonly string[];
      readonly reason: RevocationReason;
      readonly note: string;
      readonly by: Username;
      readonly byName: string;
    })
  /**
   * The session of an identity that was revoked or replaced. Whoever still speaks in it is another
   * machine: nothing it says counts, and nothing is signed for it.
   */
  | (At & {
      readonly type: "pillar-session-ended";
      readonly pillarId: PillarId;
      readonly sessionNonce: SessionNonce;
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
  /**
   * Every pillar of a grid is gone (`count` of them),
   * or the first is back: one piece of news for all.
   */
  | (OfGrid & { readonly type: "grid-lost" })
  | (OfGrid & { readonly type: "grid-back" });

export type PillarEvent =
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
      readonly type: "revoke-order";
      readonly at: number;
      readonly pillarId: PillarId;
      readonly reason: RevocationReason;
      readonly note: string;
      /** Refused when the pillar has another certificate by now. */
      readonly certificateSerial?: string;
      readonly by: Username;
      readonly byName: string;
    };

export interface PillarSlice {
  readonly pillars: Map<PillarId, PillarRecord>;
  readonly marks: Map<PillarId, LedgerMark>;
  /** Recent alarms by signature, oldest first, with two ways to find one. */
  readonly alarms: Map<Signature, KnownAlarm>;
  readonly signatureBySeq: Map<string, Signature>;
  readonly signatureByEvent: Map<EventId, Signature>;
  /** Grids of which every pillar is gone, and how many those were. */
  readonly lostGrids: Map<string, number>;
  /** What pillars have cost the journal lately. */
  readonly budgets: Map<PillarId, Budget>;
  /** Those that have used up theirs. */
  readonly spent: Set<PillarId>;
}

export interface PillarKinds {
  readonly fact: PillarHistory;
  readonly event: PillarEvent;
  readonly slice: PillarSlice;
}
