/**
 * What lies between a pillar and the hub: one road for
 * each pillar, cut or whole, and the connection on it.
 *
 * A path is quick or slow for all under the same conditions, and loses packets for all at the same
 * rate; it is cut for one pillar and one direction at a time.
 */
import type { Network, NetworkConditions, Route } from "./network-state.ts";

export const GOOD_NETWORK: NetworkConditions = { delayMs: [3, 30], lossRate: 0 };

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
  const { chance, conditions, scheduler } = network;
  let delay = chance.between(...conditions.delayMs);
  while (conditions.lossRate > 0 && chance.isTrue(conditions.lossRate)) {
    network.coverage.count("packet-lost");
    delay += chance.between(200, 1500);
  }
  return Math.max(scheduler.now() + delay, notBefore);
}
