/**
 * What lies between a pillar and the hub: one road for each pillar, cut or whole, and the connection on it.
 *
 * A road is quick or slow for all in the same mood, and loses packets for all at the same rate; it is cut for
 * one pillar and one direction at a time.
 */
import type { DownMessage, UpMessage } from "../../../shared/protocol/messages.ts";
import type { BrokerMood } from "./broker.ts";
import type { Chance } from "../chance.ts";
import type { Coverage } from "../run/coverage.ts";
import type { ExternalBroker } from "./external-broker.ts";
import type { Scheduler } from "../scheduler.ts";

export interface Peers {
  isPillarOn(pillar: number): boolean;
  isHubUp(): boolean;
  /** Whether the hub lets this pillar's certificate in. */
  isAdmitted(pillar: number): boolean;
  linkUp(pillar: number): void;
  linkDown(pillar: number, reason: string): void;
  pillarHears(pillar: number, message: DownMessage): void;
  /** The broker's PUBACK. */
  pillarAcknowledged(pillar: number, message: UpMessage): void;
  hubConnected(pillar: number): void;
  hubDisconnected(pillar: number): void;
  hubHears(pillar: number, message: UpMessage): void;
}

export interface NetworkMood {
  /** One way, ms. */
  delayMs: readonly [number, number];
  /** Packets lost: TCP sends again, and what follows waits. */
  lossRate: number;
}

export const GOOD_NETWORK: NetworkMood = { delayMs: [3, 30], lossRate: 0 };

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
  /** What the other end believes: the hub, or a broker that is not its own. */
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
  readonly mood: NetworkMood;
  readonly broker: BrokerMood;
  /** `undefined`: the broker is a part of the hub's process. */
  readonly external: ExternalBroker | undefined;
}

export const newRoute = (): Route => ({
  upCuts: 0,
  downCuts: 0,
  cutSince: 0,
  connection: undefined,
  hubConnection: undefined,
  isTrying: false,
  attempt: 0,
});

export const routeOf = (network: Network, pillar: number): Route => network.routes[pillar] as Route;

export const isCut = (route: Route): boolean => route.upCuts > 0 || route.downCuts > 0;

export const isBrokerUp = ({ external, peers }: Network): boolean =>
  external ? external.isUp : peers.isHubUp();

/** When a message that leaves now arrives, after everything sent before it. */
export function arrival(network: Network, notBefore: number): number {
  const { chance, mood, scheduler } = network;
  let delay = chance.between(...mood.delayMs);
  while (mood.lossRate > 0 && chance.isTrue(mood.lossRate)) {
    network.coverage.count("packet-lost");
    delay += chance.between(200, 1500);
  }
  return Math.max(scheduler.now() + delay, notBefore);
}
