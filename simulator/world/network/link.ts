/**
 * One pillar's connection, from the attempt to the end, as TCP makes it: it lives at both ends, or
 * at one that has not heard yet.
 *
 * A dead one is found by keep-alive within 12 s at either
 * end, or not at all when the path is mended sooner.
 */
import type { Connection, Network } from "./network-state.ts";
import { arrival, isBrokerUp, isCut, routeOf } from "./path.ts";

/** Keep-alive 8 s, and half as much again. */
const KEEP_ALIVE_MS: readonly [number, number] = [8000, 12_000];
const ATTEMPT_MS = 10_000;

/** One attempt of the pillar, answered by `linkUp` or `linkDown`. */
export function connect(network: Network, pillar: number): void {
  const route = routeOf(network, pillar);
  if (route.isTrying) return;
  route.isTrying = true;
  const attempt = ++route.attempt;
  const { scheduler, peers } = network;
  const end = (reason: string): void => {
    if (route.attempt !== attempt || !route.isTrying) return;
    route.isTrying = false;
    peers.linkDown(pillar, reason);
  };
  scheduler.plan(scheduler.now() + ATTEMPT_MS, () => end("no answer within 10 s"));
  scheduler.plan(arrival(network, arrival(network, 0)), () => {
    if (route.attempt !== attempt || !route.isTrying || isCut(route)) return;
    const refusal = whyRefused(network, pillar);
    if (refusal === undefined) accept(network, pillar, attempt);
    else scheduler.plan(arrival(network, 0), () => end(refusal));
  });
}

function whyRefused(network: Network, pillar: number): string | undefined {
  if (!isBrokerUp(network)) return "ECONNREFUSED";
  const refusal = network.peers.whyNotAdmitted(pillar);
  if (refusal !== undefined) network.coverage.count(`connection-refused-${refusal}`);
  return refusal;
}

function accept(network: Network, pillar: number, attempt: number): void {
  const route = routeOf(network, pillar);
  const before = route.hubConnection;
  if (before) before.isAtHub = false;
  const now = network.scheduler.now();
  const connection: Connection = {
    pillar,
    isAtPillar: false,
    isAtHub: true,
    upAt: now,
    downAt: now,
    heldUp: [],
    heldDown: [],
    passed: 0,
  };
  route.hubConnection = connection;
  connection.downAt = arrival(network, now);
  network.scheduler.plan(connection.downAt, () => {
    const isAwaited =
      route.attempt === attempt && route.isTrying && network.peers.isPillarOn(pillar);
    if (!isAwaited || route.downCuts > 0) {
      watch(network, connection);
      return;
    }
    route.isTrying = false;
    route.connection = connection;
    connection.isAtPillar = true;
    network.coverage.count("connected");
    network.peers.linkUp(pillar);
  });
  // A broker that is not the hub's own tells it nothing of who comes and goes.
  if (!network.external) network.peers.hubConnected(pillar);
}

/** Each end finds out for itself that nothing comes any more. */
export function watch(network: Network, connection: Connection): void {
  const { scheduler, chance } = network;
  const route = routeOf(network, connection.pillar);
  const since = route.cutSince;
  const isDead = (): boolean =>
    (isCut(route) && route.cutSince === since) || connection.isAtPillar !== connection.isAtHub;
  scheduler.plan(scheduler.now() + chance.between(...KEEP_ALIVE_MS), () => {
    if (isDead()) endAtPillar(network, connection, "keep-alive");
  });
  scheduler.plan(scheduler.now() + chance.between(...KEEP_ALIVE_MS), () => {
    if (isDead()) endAtHub(network, connection);
  });
}

export function endAtPillar(network: Network, connection: Connection, reason: string): void {
  if (!connection.isAtPillar) return;
  connection.isAtPillar = false;
  connection.heldUp = [];
  network.coverage.count(`link-ended-by-${reason}`);
  watch(network, connection);
  network.peers.linkDown(connection.pillar, reason);
}

function endAtHub(network: Network, connection: Connection): void {
  if (!connection.isAtHub) return;
  connection.isAtHub = false;
  connection.heldDown = [];
  const route = routeOf(network, connection.pillar);
  if (route.hubConnection !== connection) return;
  route.hubConnection = undefined;
  watch(network, connection);
  const isNews = !network.external && network.peers.isHubUp();
  if (isNews) network.peers.hubDisconnected(connection.pillar);
}

/** A middlebox resets it: both ends hear soon. */
export function reset(network: Network, pillar: number): void {
  const { connection, hubConnection } = routeOf(network, pillar);
  const { scheduler } = network;
  if (connection) {
    scheduler.plan(arrival(network, 0), () => endAtPillar(network, connection, "reset"));
  }
  if (hubConnection) scheduler.plan(arrival(network, 0), () => endAtHub(network, hubConnection));
}

/** The pillar's program is gone; with its power the hub hears nothing of it. */
export function pillarGone(network: Network, pillar: number, isSilent: boolean): void {
  const route = routeOf(network, pillar);
  route.isTrying = false;
  route.attempt += 1;
  const { connection } = route;
  route.connection = undefined;
  for (const one of new Set([connection, route.hubConnection])) {
    if (!one) continue;
    one.isAtPillar = false;
    if (isSilent || route.upCuts > 0) watch(network, one);
    else network.scheduler.plan(arrival(network, one.upAt), () => endAtHub(network, one));
  }
}

/** The program at the other ends is gone: the hub with its own broker, or the broker alone. */
export function brokerGone(network: Network, isSilent: boolean): void {
  for (const route of network.routes) {
    const connection = route.hubConnection;
    route.hubConnection = undefined;
    if (!connection) continue;
    connection.isAtHub = false;
    if (isSilent || route.downCuts > 0) watch(network, connection);
    else {
      const at = arrival(network, connection.downAt);
      network.scheduler.plan(at, () => endAtPillar(network, connection, "closed"));
    }
  }
}

/** The hub throws one pillar out. */
export function expel(network: Network, pillar: number): void {
  const route = routeOf(network, pillar);
  const connection = route.hubConnection;
  if (!connection || network.external) return;
  endAtHub(network, connection);
  if (route.downCuts > 0) return;
  const at = arrival(network, connection.downAt);
  network.scheduler.plan(at, () => endAtPillar(network, connection, "closed"));
}
