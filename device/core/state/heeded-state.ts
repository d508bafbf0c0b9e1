/**
 * What the agent knows of the hub's messages in this session:
 * the run that sends them and the highest number.
 */
import type { HubRun } from "../../../shared/ids.ts";

/** What this session has heard. */
export interface Heeded {
  readonly hubRun: HubRun | undefined;
  /** The highest of that run. */
  readonly number: number;
  readonly earlierRuns: readonly HubRun[];
  /** Refused since the last ten minutes without any. */
  readonly refused: number;
}

export const UNHEARD: Heeded = {
  hubRun: undefined,
  number: 0,
  earlierRuns: [],
  refused: 0,
};
