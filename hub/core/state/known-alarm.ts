/** An alarm that the journal holds, as the core remembers it. */
import type { EventId, IncidentId, PillarId, Signature } from "../../../shared/ids.ts";

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
