/**
 * What the agent knows of the hub's commands: which it has seen, and what one of them has begun.
 */
import type { Instant } from "../../../shared/duration.ts";
import type { CommandId, EventId } from "../../../shared/ids.ts";

export interface Commands {
  /**
   * Our monotonic clock minus the hub's wall clock, from the least delayed command of this session.
   * With it the delay of another command is known without our wall clock, which may be years off.
   */
  readonly offset: number | undefined;
  /** Oldest first. */
  readonly seen: readonly CommandId[];
  readonly identify: { readonly until: Instant; readonly isLit: boolean } | undefined;
  readonly selfTest:
    | { readonly commandId: CommandId; readonly eventId: EventId; readonly since: Instant }
    | undefined;
}

export const NO_COMMANDS: Commands = {
  offset: undefined,
  seen: [],
  identify: undefined,
  selfTest: undefined,
};
