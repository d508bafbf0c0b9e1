/** What the agent knows of alarms on their way to the disk. */
import type { EventId, HubEpoch } from "../../../shared/ids.ts";
import type { SealedAlarm } from "../../ports.ts";

export interface Unstored {
  readonly alarm: SealedAlarm;
  readonly isWriting: boolean;
  /** The hub was quicker than the disk. */
  readonly acceptedBy: HubEpoch | undefined;
}

/** In order of `seq`. */
export type Disk = ReadonlyMap<EventId, Unstored>;

export const EMPTY_DISK: Disk = new Map();
