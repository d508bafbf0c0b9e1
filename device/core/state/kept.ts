/** What the ledger keeps and says, as plain data. */
import type { HubEpoch, Sha256, Signature } from "../../../shared/ids.ts";
import type { AlarmEvent } from "../../../shared/protocol/alarm.ts";

export interface SealedAlarm {
  readonly event: AlarmEvent;
  readonly hash: Sha256;
  readonly sig: Signature;
}

export interface LedgerHead {
  readonly seq: number;
  readonly hash: Sha256;
}

/** What the ledger says unasked. */
export type LedgerNews =
  /** Something was found wrong, or nothing can be stored for now. */
  | { readonly type: "broken"; readonly reason: string }
  /** The spare file is in use until somebody comes. */
  | { readonly type: "moved"; readonly reason: string }
  /** A file could be opened after a start without one; this is what it held. */
  | ({ readonly type: "back" } & Kept);

export interface Kept {
  readonly hubEpoch: HubEpoch | undefined;
  /** Alarms not yet accepted by any hub, oldest first. */
  readonly unaccepted: readonly SealedAlarm[];
  /**
   * The oldest alarm the present hub has not accepted though another did; a replay was cut short.
   */
  readonly replayFrom: number | undefined;
}
