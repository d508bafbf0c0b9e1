/**
 * The broker between a pillar and the hub's core, with every bad habit that was seen in one.
 *
 * It acknowledges a message before it has passed it on, forgets what it acknowledged, passes it on
 * twice or out of order, and drops what a later message has overtaken. Nothing in Anzhu may depend
 * on it; the embedded one is better than this.
 */
import type { UpMessage } from "../../../shared/protocol/messages.ts";
import { passUp } from "./external-broker.ts";
import type { BrokerConditions, Connection, Network } from "./network-state.ts";

export const HONEST_BROKER: BrokerConditions = {
  upLossRate: 0,
  downLossRate: 0,
  duplicateRate: 0,
  reorderRate: 0,
  doesDropOvertaken: false,
};

/** Between the acknowledgement and the hub's core. */
const STORE_MS: readonly [number, number] = [0.2, 3];
const LATE_STORE_MS: readonly [number, number] = [50, 4000];

export function arriveAtBroker(network: Network, connection: Connection, message: UpMessage): void {
  if (message.channel === "heartbeat") {
    // QoS 0: no acknowledgement, and the next one replaces it.
    passUp(network, connection.pillar, message);
    return;
  }
  acknowledge(network, connection, message);
  const { broker, chance, coverage } = network;
  if (broker.upLossRate > 0 && chance.isTrue(broker.upLossRate)) {
    coverage.count("broker-lost-up");
    return;
  }
  store(network, connection, message);
  if (broker.duplicateRate > 0 && chance.isTrue(broker.duplicateRate)) {
    coverage.count("broker-duplicated-up");
    store(network, connection, message);
  }
}

function acknowledge(network: Network, connection: Connection, message: UpMessage): void {
  if (message.channel !== "alarm") return;
  network.scheduler.plan(network.scheduler.now() + 5, () => {
    if (connection.isAtPillar) network.peers.pillarAcknowledged(connection.pillar, message);
  });
}

function store(network: Network, connection: Connection, message: UpMessage): void {
  const { broker, chance, scheduler, coverage } = network;
  const isReordered = broker.reorderRate > 0 && chance.isTrue(broker.reorderRate);
  if (isReordered) coverage.count("broker-reordered-up");
  const delay = chance.between(...(isReordered ? LATE_STORE_MS : STORE_MS));
  const passedBefore = connection.passed;
  scheduler.plan(scheduler.now() + delay, () => {
    const isOvertaken = isReordered && connection.passed > passedBefore;
    if (isOvertaken && broker.doesDropOvertaken) {
      coverage.count("broker-dropped-overtaken");
      return;
    }
    connection.passed += 1;
    // What it has taken it passes on even when the pillar has gone meanwhile.
    passUp(network, connection.pillar, message);
  });
}
