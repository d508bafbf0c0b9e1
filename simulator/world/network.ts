/**
 * The way between each pillar and the hub, as TCP makes it: in order while a connection lives, held back
 * while a path is cut, lost when the connection dies, and dead at one end before the other knows.
 *
 * Between the two ends stands the broker (`broker.ts`), which breaks even that. A cut path is found by
 * keep-alive within 12 s at either end, or not at all when it is mended sooner.
 */
import type { DownMessage, UpMessage } from "../../shared/protocol/messages.ts";
import { arriveAtBroker, HONEST_BROKER, type BrokerMood } from "./broker.ts";
import type { Chance } from "./chance.ts";
import type { Coverage } from "./coverage.ts";
import type { Scheduler } from "./scheduler.ts";

export interface Peers {
  isPillarOn(pillar: number): boolean;
  isHubUp(): boolean;
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

interface Route {
  upCuts: number;
  downCuts: number;
  cutSince: number;
  connection: Connection | undefined;
  /** What the hub believes. */
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
}

export type Direction = "up" | "down";

/** Keep-alive 8 s, and half as much again. */
const KEEP_ALIVE_MS: readonly [number, number] = [8000, 12_000];
const ATTEMPT_MS = 10_000;
/** Bytes a kernel keeps for a peer that does not answer, in messages. */
const MAX_HELD = 256;

export function newNetwork(world: NetworkWorld, pillars: number): Network {
  const routes = Array.from({ length: pillars }, (): Route => ({
    upCuts: 0,
    downCuts: 0,
    cutSince: 0,
    connection: undefined,
    hubConnection: undefined,
    isTrying: false,
    attempt: 0,
  }));
  return { ...world, routes, mood: { ...GOOD_NETWORK }, broker: { ...HONEST_BROKER } };
}

const routeOf = (network: Network, pillar: number): Route => network.routes[pillar] as Route;
const isCut = (route: Route): boolean => route.upCuts > 0 || route.downCuts > 0;

/** When a message that leaves now arrives, after everything sent before it. */
function arrival(network: Network, notBefore: number): number {
  const { chance, mood, scheduler } = network;
  let delay = chance.between(...mood.delayMs);
  while (mood.lossRate > 0 && chance.isTrue(mood.lossRate)) {
    network.coverage.count("packet-lost");
    delay += chance.between(200, 1500);
  }
  return Math.max(scheduler.now() + delay, notBefore);
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
  const route = routeOf(network, pillar);
  const connection = route.hubConnection;
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
    if (!peers.isHubUp()) {
      scheduler.plan(arrival(network, 0), () => end("ECONNREFUSED"));
      return;
    }
    accept(network, pillar, attempt);
  });
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
  network.peers.hubConnected(pillar);
}

/** Each end finds out for itself that nothing comes any more. */
function watch(network: Network, connection: Connection): void {
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

function endAtPillar(network: Network, connection: Connection, reason: string): void {
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
  if (network.peers.isHubUp()) network.peers.hubDisconnected(connection.pillar);
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

/** A middlebox resets it: both ends hear soon. */
export function reset(network: Network, pillar: number): void {
  const route = routeOf(network, pillar);
  const { connection, hubConnection } = route;
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

export function hubGone(network: Network, isSilent: boolean): void {
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

/** Every path is whole again; connections that died stay dead. */
export function healNetwork(network: Network): void {
  Object.assign(network.mood, GOOD_NETWORK);
  Object.assign(network.broker, HONEST_BROKER);
  for (const [pillar, route] of network.routes.entries()) {
    while (route.upCuts > 0) mend(network, pillar, "up");
    while (route.downCuts > 0) mend(network, pillar, "down");
  }
}
