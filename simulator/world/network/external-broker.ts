/**
 * A broker that is not the hub's own: it runs on when the hub ends, and the hub is its client.
 *
 * Pillars stay connected to it and are acknowledged while no hub hears them. What it took meanwhile
 * is gone, as a clean session has it, or comes late, from a broker that kept what it should not
 * have. Nobody tells the hub who came or went; when its own connection ends, it counts no pillar as
 * connected.
 */
import type { DownMessage, UpMessage } from "../../../shared/protocol/messages.ts";
import { brokerGone } from "./link.ts";
import type { ExternalBroker, Network } from "./network-state.ts";
import type { BrokerKind } from "../faults/profile.ts";

/** A queue that is full drops what comes last, as they all do. */
const MAX_KEPT = 1000;
/** Bytes a kernel keeps, in messages. */
const MAX_HELD = 256;
const MAX_OVERHEARD = 96;
/** TLS, CONNECT, SUBSCRIBE, and the probe that must come back. */
const REACH_MS: readonly [number, number] = [100, 3000];
const RESTART_MS: readonly [number, number] = [500, 20_000];
/** A probe away for so long means that nothing can be heard. */
const MISSED_MS: readonly [number, number] = [2500, 10_000];

export function newExternalBroker(kind: BrokerKind): ExternalBroker | undefined {
  if (kind === "embedded") return undefined;
  const doesKeep = kind === "external-keeping";
  const kept: ExternalBroker["kept"] = [];
  const own = { hubLife: 0, cuts: 0, held: [], heard: new Set<number>(), overheard: new Map() };
  return { isUp: true, isReached: false, doesKeep, kept, reader: undefined, ...own };
}

/** The hub has started, or may try again. */
export function hubReaches(network: Network): void {
  const { external, scheduler, chance, peers } = network;
  if (!external) return;
  const life = ++external.hubLife;
  const attempt = (): void => {
    if (external.hubLife !== life || external.isReached || !peers.isHubUp()) return;
    if (!external.isUp || external.cuts > 0) {
      scheduler.plan(scheduler.now() + chance.between(...REACH_MS), attempt);
      return;
    }
    external.isReached = true;
    network.coverage.count("broker-reached");
    const { kept } = external;
    external.kept = [];
    for (const { pillar, message } of kept) {
      network.coverage.count("broker-kept-for-hub");
      hear(network, external, { pillar, message });
    }
  };
  scheduler.plan(scheduler.now() + chance.between(...REACH_MS), attempt);
}

/** The hub's process is gone, and with it all it knew. */
export function hubLeaves({ external }: Network): void {
  if (!external) return;
  external.hubLife += 1;
  external.isReached = false;
  external.held = [];
  external.heard.clear();
}

export function passUp(network: Network, pillar: number, message: UpMessage): void {
  const { external, peers } = network;
  if (external ? external.isReached && external.cuts === 0 : peers.isHubUp()) {
    if (external) hear(network, external, { pillar, message });
    else peers.hubHears(pillar, message);
    return;
  }
  const isKept = external?.doesKeep && message.channel !== "heartbeat";
  if (isKept && external.kept.length < MAX_KEPT) external.kept.push({ pillar, message });
  else network.coverage.count("acknowledged-then-lost");
}

function hear(
  { peers }: Network,
  external: ExternalBroker,
  { pillar, message }: { readonly pillar: number; readonly message: UpMessage },
): void {
  external.heard.add(pillar);
  peers.hubHears(pillar, message);
}

/**
 * Whether what the hub says now gets as far as the broker; `later`: how it does when a cut is over.
 */
export function mayPassDown({ external, coverage }: Network, later: () => void): boolean {
  if (!external || (external.isReached && external.cuts === 0)) return true;
  coverage.count("told-without-broker");
  if (external.isReached && external.held.length < MAX_HELD) external.held.push(later);
  return false;
}

/** A stranger reads along. */
export function overhear(network: Network, pillar: number, message: DownMessage): void {
  const { external } = network;
  if (!external) return;
  const heard = external.overheard.get(pillar) ?? [];
  external.overheard.set(pillar, [...heard, message].slice(-MAX_OVERHEARD));
  external.reader?.(pillar, message);
}

/**
 * The hub loses its broker: it counts no pillar as connected
 * now, and what it told last may not have arrived.
 */
function lose(network: Network, external: ExternalBroker): void {
  if (!external.isReached) return;
  external.isReached = false;
  external.held = [];
  network.coverage.count("broker-lost-to-hub");
  const heard = [...external.heard];
  external.heard.clear();
  if (!network.peers.isHubUp()) return;
  for (const pillar of heard) network.peers.hubDisconnected(pillar);
  hubReaches(network);
}

/** It restarts: every session and everything in it is gone, the pillars' and the hub's. */
export function restartBroker(network: Network): void {
  const { external, scheduler, chance } = network;
  if (!external?.isUp) return;
  external.isUp = false;
  external.kept = [];
  network.coverage.count("broker-restarted");
  brokerGone(network, chance.isTrue(0.5));
  lose(network, external);
  scheduler.plan(scheduler.now() + chance.between(...RESTART_MS), () => {
    external.isUp = true;
  });
}

/** The way between hub and broker is cut; returns how it is mended. */
export function cutFromBroker(network: Network): () => void {
  const { external, scheduler, chance } = network;
  if (!external) return () => undefined;
  external.cuts += 1;
  const { hubLife } = external;
  scheduler.plan(scheduler.now() + chance.between(...MISSED_MS), () => {
    if (external.cuts > 0 && external.hubLife === hubLife) lose(network, external);
  });
  return () => {
    external.cuts = Math.max(0, external.cuts - 1);
    if (external.cuts === 0) for (const send of external.held.splice(0)) send();
  };
}
