/** What the hub has granted: picture or sound without a call. */
import type { Instant } from "../../../shared/duration.ts";
import type { GrantId } from "../../../shared/ids.ts";
import type { GrantedPurpose } from "../../../shared/protocol/purpose.ts";

/** So many people may look at one pillar at once. */
export const MAX_GRANTS = 8;

export interface Grant {
  readonly purpose: GrantedPurpose;
  readonly until: Instant;
}

/** The hub's last words about so many grants are remembered: a broker may reorder. */
export const MAX_OVER = 16;

export interface Grants {
  /** At most `MAX_GRANTS`. */
  readonly live: ReadonlyMap<GrantId, Grant>;
  /** Ended by the hub, oldest first. */
  readonly over: readonly GrantId[];
}

export const NO_GRANTS: Grants = { live: new Map(), over: [] };
