/** What the hub holds of one pillar's ledger. */
import type { Sha256, IncidentId, EventId, PillarId } from "../../../shared/ids.ts";

export interface LedgerMark {
  /** Highest number the hub holds. */
  readonly headSeq: number;
  /** The link of that alarm; null when the journal does not know it. */
  readonly headHash: Sha256 | null;
  /** The boot that alarm was born in. */
  readonly headBoot: number | null;
  /** Every number up to here is held; null after a new enrolment, until its first alarm. */
  readonly contiguousSeq: number | null;
  /** Held numbers beyond a gap, as runs, ascending. */
  readonly ahead: readonly Run[];
  /** Journal index of the latest enrolment: numbers before it belong to another ledger. */
  readonly since: number;
  readonly enrolments: number;
  readonly lastIncidentId: IncidentId | null;
  readonly lastEventId: EventId | null;
}

export const NEW_MARK: LedgerMark = {
  headSeq: 0,
  headHash: null,
  headBoot: null,
  contiguousSeq: 0,
  ahead: [],
  since: 0,
  enrolments: 0,
  lastIncidentId: null,
  lastEventId: null,
};

export const seqKey = (pillarId: PillarId, seq: number): string => `${pillarId}/${seq}`;
/** First and last of numbers without a gap. */
export type Run = readonly [from: number, to: number];
