/**
 * The way between each pillar and the hub, as TCP makes it: in order while a connection lives, held
 * back while a path is cut, lost when the connection dies, and dead at one end before the other
 * knows.
 *
 * Between the two ends stands the broker (`broker.ts`), which breaks even that.
 */
import type { DownMessage, UpMessage } from "../../../shared/protocol/messages.ts";
import { arriveAtBroker, HONEST_BROKER } from "./broker.ts";
import { mayPassDown, newExternalBroker, overhear } from "./external-broker.ts";
import { endAtPillar, watch } from "./link.ts";
import { arrival, GOOD_NETWORK, isCut, newRoute, routeOf } from "./path.ts";
import type { Connection, Network, NetworkWorld } from "./network-state.ts";
import type { BrokerKind } from "../faults/profile.ts";

export type Direction = "up" | "down";

/** Bytes a kernel keeps for a peer that does not answer, in messages. */
const MAX_HELD = 256;

export function newNetwork(
  world: NetworkWorld,
  settings: { readonly pillars: number; readonly broker: BrokerKind },
): Network {
  return {
    ...world,
    routes: Array.from({ length: settings.pillars }, newRoute),
    conditions: { ...GOOD_NETWORK },
    broker: { ...HONEST_BROKER },
    external: newExternalBroker(settings.broker),
  };
}

export function sendUp(network: Network, pillar: number, message: UpMessage): void {
  const { connection } = routeOf(network, pillar);
  if (!connection?.isAtPillar) return;
  travelUp(network, connection, message);
}

function travelUp(network: Network, connection: Connection, message: UpMessage): void {
  const route = routeOf(network, connection.pillar);
  if (route.upCuts > 0) {
    network.coverage.count("held-up");
    if (connection.heldUp.length < MAX_HELD) connection.heldUp.push(message);
    return;
  }
  connection.upAt = arrival(network, connection.upAt);
  network.scheduler.plan(connection.upAt, () => {
    if (route.upCuts > 0 && connection.heldUp.length < MAX_HELD) connection.heldUp.push(message);
    else arriveUp(network, connection, message);
  });
}

function arriveUp(network: Network, connection: Connection, message: UpMessage): void {
  if (connection.isAtHub) {
    arriveAtBroker(network, connection, message);
    return;
  }
  // The machine is there, the connection is not: a reset comes back.
  const isReset = routeOf(network, connection.pillar).downCuts === 0 && connection.isAtPillar;
  if (isReset) {
    network.scheduler.plan(arrival(network, 0), () => endAtPillar(network, connection, "reset"));
  }
}

export function sendDown(network: Network, pillar: number, message: DownMessage): void {
  if (!mayPassDown(network, () => sendDown(network, pillar, message))) return;
  overhear(network, pillar, message);
  const connection = routeOf(network, pillar).hubConnection;
  if (!connection?.isAtHub) return;
  const { broker, chance, coverage } = network;
  if (broker.downLossRate > 0 && chance.isTrue(broker.downLossRate)) {
    coverage.count("broker-lost-down");
    return;
  }
  travelDown(network, connection, message);
  if (broker.duplicateRate > 0 && chance.isTrue(broker.duplicateRate)) {
    coverage.count("broker-duplicated-down");
    travelDown(network, connection, message);
  }
}

/**
 * Somebody else writes to a pillar's topic. Returns
 * whether the broker has anybody to pass it on to.
 */
export function strangerSends(network: Network, pillar: number, message: DownMessage): boolean {
  const connection = routeOf(network, pillar).hubConnection;
  if (!network.external?.isUp || !connection?.isAtHub) return false;
  travelDown(network, connection, message);
  return true;
}

function travelDown(network: Network, connection: Connection, message: DownMessage): void {
  const route = routeOf(network, connection.pillar);
  const { broker, chance, scheduler } = network;
  if (route.downCuts > 0) {
    network.coverage.count("held-down");
    if (connection.heldDown.length < MAX_HELD) connection.heldDown.push(message);
    return;
  }
  const isReordered = broker.reorderRate > 0 && chance.isTrue(broker.reorderRate);
  if (isReordered) network.coverage.count("broker-reordered-down");
  else connection.downAt = arrival(network, connection.downAt);
  const at = isReordered ? scheduler.now() + chance.between(50, 4000) : connection.downAt;
  scheduler.plan(at, () => {
    if (!connection.isAtPillar) return;
    if (route.downCuts > 0) connection.heldDown.push(message);
    else network.peers.pillarHears(connection.pillar, message);
  });
}

export function cut(network: Network, pillar: number, direction: Direction): void {
  const route = routeOf(network, pillar);
  if (!isCut(route)) route.cutSince = network.scheduler.now();
  if (direction === "up") route.upCuts += 1;
  else route.downCuts += 1;
  for (const connection of new Set([route.connection, route.hubConnection])) {
    if (connection) watch(network, connection);
  }
}

export function mend(network: Network, pillar: number, direction: Direction): void {
  const route = routeOf(network, pillar);
  if (direction === "up") route.upCuts = Math.max(0, route.upCuts - 1);
  else route.downCuts = Math.max(0, route.downCuts - 1);
  const { connection, hubConnection } = route;
  if (connection && route.upCuts === 0) {
    for (const message of connection.heldUp.splice(0)) travelUp(network, connection, message);
  }
  if (hubConnection && route.downCuts === 0) {
    const held = hubConnection.heldDown.splice(0);
    for (const message of held) travelDown(network, hubConnection, message);
  }
}

/** Every path is whole again; connections that died stay dead. */
export function healNetwork(network: Network): void {
  Object.assign(network.conditions, GOOD_NETWORK);
  Object.assign(network.broker, HONEST_BROKER);
  for (const [pillar, route] of network.routes.entries()) {
    while (route.upCuts > 0) mend(network, pillar, "up");
    while (route.downCuts > 0) mend(network, pillar, "down");
  }
}
