/**
 * What the parts of the watch share, and what they look
 * at: the hub as it shows itself, and the truth.
 */
import type { SessionNonce } from "../../../shared/ids.ts";
import type { Hub } from "../hub/hub-state.ts";
import type { Network } from "../network/network-state.ts";
import type { Pillar } from "../pillar/pillar-state.ts";
import type { People, WorldBase } from "../ports.ts";
import type { Revocations } from "./revocations.ts";

export interface WatchWorld extends Pick<WorldBase, "scheduler" | "coverage" | "happened"> {
  readonly pillars: readonly Pick<Pillar, "index" | "id" | "agent">[];
  readonly hub: Pick<Hub, "state" | "clock" | "failure" | "isUp" | "life" | "journal" | "durable">;
  readonly network: Network;
  readonly people: Pick<People, "goneSince">;
  isExpired(pillar: number): boolean;
}

/** What the parts of the watch share. */
export interface Sight {
  readonly world: WatchWorld;
  /** Since when the hub has been watching undisturbed. */
  since: number;
  /** By pillar: when the hub last heard something that counts. */
  readonly heardAt: number[];
  readonly revocations: Revocations;
  /** By pillar: the session of its latest heartbeat, and which life of the hub heard it. */
  readonly sessions: { readonly nonce: SessionNonce; readonly hubLife: number }[];
}
