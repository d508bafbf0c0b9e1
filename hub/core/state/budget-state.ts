/** What one pillar has cost the journal lately. */
import type { FaultCode } from "../../../shared/protocol/heartbeat.ts";

export interface Budget {
  /** Whole days since 1970 by the hub's clock. */
  readonly day: number;
  readonly facts: number;
  readonly bytes: number;
  readonly renewals: number;
  /** How often each fault was raised today. */
  readonly raised: Readonly<Partial<Record<FaultCode, Raised>>>;
  /** Bytes of alarms that have not drained yet, at `alarmsAt`. */
  readonly alarmBytes: number;
  readonly alarmsAt: number;
}

export interface Raised {
  readonly times: number;
  readonly at: number;
}
