/** What the agent knows of the pillar's faults, and which of them the hub was told. */
import type { FaultCode } from "../../../shared/protocol/heartbeat.ts";
import type { FromMedia } from "./media-channel.ts";

export type MediaState = Extract<FromMedia, { type: "state" }>;

export interface Told {
  readonly detail: string;
  readonly beats: number;
}

export interface Health {
  readonly faults: ReadonlyMap<FaultCode, string>;
  /** What was last told of each: another cause is told at a later heartbeat, not at once. */
  readonly told: ReadonlyMap<FaultCode, Told>;
  readonly media: MediaState | undefined;
  /** The spare file is in use: a good write does not mend that. */
  readonly isLedgerMoved: boolean;
}

export const HEALTHY: Health = {
  faults: new Map(),
  told: new Map(),
  media: undefined,
  isLedgerMoved: false,
};
