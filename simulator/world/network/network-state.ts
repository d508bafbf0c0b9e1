/**
 * The state of the network: one road for each pillar,
 * the connection on it, and the broker at its end.
 */
import type { DownMessage, UpMessage } from "../../../shared/protocol/messages.ts";
import type { Chance } from "../chance.ts";
import type { Coverage } from "../run/coverage.ts";
import type { Scheduler } from "../scheduler.ts";

export interface Peers {
  isPillarOn(pillar: number): boolean;
  isHubUp(): boolean;
  /** Why the broker does not let this pillar's certificate in; `undefined`: it does. */
  whyNotAdmitted(pillar: number): "expired" | "unknown" | undefined;
  linkUp(pillar: number): void;
  linkDown(pillar: number, reason: string): void;
  pillarHears(pillar: number, message: DownMessage): void;
  /** The broker's PUBACK. */
  pillarAcknowledged(pillar: number, message: UpMessage): void;
  hubConnected(pillar: number): void;
  hubDisconnected(pillar: number): void;
  hubHears(pillar: number, message: UpMessage): void;
}

export interface NetworkConditions {
  /** One way, ms. */
  delayMs: readonly [number, number];
  /** Packets lost: TCP sends again, and what follows waits. */
  lossRate: number;
}

export interface Connection {
  readonly pillar: number;
  isAtPillar: boolean;
  isAtHub: boolean;
  /** When the last message of each direction arrives: nothing overtakes it. */
  upAt: number;
  downAt: number;
  heldUp: UpMessage[];
  heldDown: DownMessage[];
  /** How many of its alarms the broker has passed on: what comes late is overtaken. */
  passed: number;
}

export interface Route {
  upCuts: number;
  downCuts: number;
  cutSince: number;
  connection: Connection | undefined;
  /** The state at the other end: the hub, or a broker that is not its own. */
  hubConnection: Connection | undefined;
  isTrying: boolean;
  attempt: number;
}

export interface NetworkWorld {
  readonly scheduler: Scheduler;
  readonly chance: Chance;
  readonly coverage: Coverage;
  readonly peers: Peers;
}

export interface Network extends NetworkWorld {
  readonly routes: readonly Route[];
  readonly conditions: NetworkConditions;
  readonly broker: BrokerConditions;
  /** `undefined`: the broker is a part of the hub's process. */
  readonly external: ExternalBroker | undefined;
}

export interface BrokerConditions {
  /** Acknowledged and then forgotten: a lost session, a crash before the store. */
  upLossRate: number;
  downLossRate: number;
  duplicateRate: number;
  reorderRate: number;
  /** A message that a later one has overtaken is taken for a duplicate. */
  doesDropOvertaken: boolean;
}

export interface ExternalBroker {
  isUp: boolean;
  /** The hub is its client now. */
  isReached: boolean;
  /** Raised whenever the hub's connection ends, so that an older attempt is no connection. */
  hubLife: number;
  cuts: number;
  /**
   * Told by the hub since the way was cut: TCP brings it when the way is whole, unless the
   * connection ends before.
   */
  held: (() => void)[];
  /** It gives a hub that returns what came while it was away. */
  readonly doesKeep: boolean;
  kept: { readonly pillar: number; readonly message: UpMessage }[];
  /** Since the hub reached it. */
  readonly heard: Set<number>;
  /** The latest that the hub told through it, by pillar: whoever may read it has them. */
  readonly overheard: Map<number, DownMessage[]>;
  /** Whoever reads along. */
  reader: ((pillar: number, message: DownMessage) => void) | undefined;
}
