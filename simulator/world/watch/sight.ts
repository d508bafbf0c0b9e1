/**
 * What the parts of the watch share, and what they look
 * at: the hub as it shows itself, and the truth.
 */
import type { SessionNonce } from "../../../shared/ids.ts";
import type { Hub } from "../hub/hub-state.ts";
import type { Network } from "../network/network-state.ts";
import type { Pillar } from "../pillar/pillar-state.ts";
import type { People, WorldBase } from "../ports.ts";

export interface WatchWorld extends Pick<WorldBase, "scheduler" | "coverage" | "happened"> {
  readonly pillars: readonly Pick<Pillar, "index" | "id" | "agent">[];
  readonly hub: Pick<Hub, "state" | "clock" | "failure" | "isUp" | "life" | "journal" | "durable">;
  readonly network: Network;
  readonly people: Pick<People, "goneSince">;
  isExpired(pillar: number): boolean;
}

/** Whether the hub holds this pillar's identity for revoked. */
export const isRevoked = ({ hub, pillars }: WatchWorld, index: number): boolean => {
  const pillar = pillars[index];
  return pillar !== undefined && Boolean(hub.state.pillars.get(pillar.id)?.revocation);
};

/** What the parts of the watch share. */
export interface Sight {
  readonly world: WatchWorld;
  /** Since when the hub has been watching undisturbed. */
  since: number;
  /** By pillar: when the hub last heard something that counts. */
  readonly heardAt: number[];
  /**
   * Revoked pillars that could be told their last words, and may be corrected no more: by index.
   */
  readonly toldLast: Set<number>;
  /** By pillar: the session of its latest heartbeat, and which life of the hub heard it. */
  readonly sessions: { readonly nonce: SessionNonce; readonly hubLife: number }[];
}
