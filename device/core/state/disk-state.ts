/** What the agent knows of alarms on their way to the disk. */
import type { EventId, HubEpoch } from "../../../shared/ids.ts";
import type { SealedAlarm } from "./kept.ts";

export interface Unstored {
  readonly alarm: SealedAlarm;
  readonly isWriting: boolean;
  /** The hub accepted it before the disk had it. */
  readonly acceptedBy: HubEpoch | undefined;
}

/** In order of `seq`. */
export type Disk = ReadonlyMap<EventId, Unstored>;

export const EMPTY_DISK: Disk = new Map();
