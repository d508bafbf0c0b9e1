/**
 * Which connections stay when too many come to one port:
 * a limit for all, and limits for each address.
 *
 * A connection is silent until it has sent something whole (a TLS hello, the headers of a request),
 * a stranger until it has proven who it is (a pillar's certificate, a person's session), and known
 * from then on. The limits apply to the silent and to strangers: a known connection is never closed
 * for a new one. When one address has too many, one of its own is closed; when there are too many
 * in all, one of the address that has most. So a sender that opens thousands closes its own.
 *
 * Addresses come from the kernel; IPv6 counts by /64. Limit:
 * one sender with many addresses counts as many.
 */
import type { Socket } from "node:net";
import { addressGroup } from "./address-group.ts";

export interface ConnectionLimits {
  /** Connections of every kind. */
  readonly all: number;
  /**
   * Connections that have not proven who they are; the rest of `all` is kept for those who have.
   */
  readonly strangers: number;
  readonly strangersOfOne: number;
  readonly silentOfOne: number;
  /** Of one pillar or one person; more of theirs stay strangers. */
  readonly knownOfOne: number;
}

/**
 * Younger ones may still be on their way to their first word:
 * they do not give way to one of their own address.
 */
const YOUNG_MS = 500;
/** An address with so many times the strangers of a newcomer's gives up a young one for it too. */
const TIMES_MORE = 2;
/**
 * A request that is being answered gives way only after
 * this: longer than the receipt of an alarm takes.
 */
const BUSY_MS = 6000;

export type Refusal = "address" | "all";

export interface ConnectionLimit {
  /**
   * `undefined`: it may stay, and another may have been closed
   * for it. Otherwise it was closed, for this reason.
   */
  enter(socket: Socket): Refusal | undefined;
  /** It said something whole. */
  heard(socket: Ends): void;
  /** A request begins or ends. */
  busy(socket: Ends, isBusy: boolean): void;
  /** It has proven to be of this pillar or person. */
  known(socket: Ends, who: string): void;
  counts(): { readonly all: number; readonly strangers: number };
  closeAll(): void;
}

/** A TLS socket has the same ends as the socket below it, and is another object. */
export type Ends = Pick<Socket, "remoteAddress" | "remotePort">;

type Standing = "silent" | "idle" | "busy";

interface Stranger {
  readonly socket: Socket;
  readonly group: Group;
  standing: Standing;
  /** Of its standing, by the monotonic clock. */
  since: number;
}

export interface ConnectionLimitOptions {
  readonly limits: ConnectionLimits;
  /** Reverse proxies: many people come by one address. They count as known. */
  readonly isTrusted?: (address: string | undefined) => boolean;
  readonly now?: () => number;
}

/** The strangers of one address by standing, each set in the order in which they came to it. */
type Group = Readonly<Record<Standing, Set<Stranger>>>;

interface Limited extends ConnectionLimitOptions {
  readonly now: () => number;
  readonly sockets: Set<Socket>;
  readonly strangerByEnds: Map<string, Stranger>;
  readonly groups: Map<string, Group>;
  readonly knownByWho: Map<string, number>;
}

export function createConnectionLimit(options: ConnectionLimitOptions): ConnectionLimit {
  const limited: Limited = {
    ...options,
    now: options.now ?? (() => performance.now()),
    sockets: new Set(),
    strangerByEnds: new Map(),
    groups: new Map(),
    knownByWho: new Map(),
  };
  const become = (ends: Ends, standing: Standing): void => {
    const stranger = limited.strangerByEnds.get(nameOf(ends));
    if (!stranger || stranger.standing === standing) return;
    stranger.group[stranger.standing].delete(stranger);
    stranger.group[standing].add(stranger);
    stranger.standing = standing;
    stranger.since = limited.now();
  };
  return {
    enter: (socket) => enter(limited, socket),
    heard: (ends) => become(ends, "idle"),
    busy: (ends, isBusy) => become(ends, isBusy ? "busy" : "idle"),
    known: (ends, who) => becomeKnown(limited, ends, who),
    counts: () => ({ all: limited.sockets.size, strangers: limited.strangerByEnds.size }),
    closeAll: () => {
      for (const socket of limited.sockets) socket.destroy();
    },
  };
}

const nameOf = ({ remoteAddress, remotePort }: Ends): string => `${remoteAddress} ${remotePort}`;
const groupOf = ({ remoteAddress }: Ends): string => addressGroup(remoteAddress);

function enter(limited: Limited, socket: Socket): Refusal | undefined {
  const { remoteAddress } = socket;
  const isTrusted = limited.isTrusted?.(remoteAddress) ?? false;
  const group = groupOf(socket);
  const refusal = makeRoom(limited, group, isTrusted);
  if (refusal) {
    socket.destroy();
    return refusal;
  }
  // Asked now: a socket that has closed does not know its address any more.
  const name = nameOf(socket);
  limited.sockets.add(socket);
  if (!isTrusted) remember(limited, { name, group, socket });
  socket.once("close", () => {
    limited.sockets.delete(socket);
    if (limited.strangerByEnds.get(name)?.socket === socket) forget(limited, name, group);
  });
  return undefined;
}

function becomeKnown(limited: Limited, ends: Ends, who: string): void {
  const name = nameOf(ends);
  const stranger = limited.strangerByEnds.get(name);
  const count = limited.knownByWho.get(who) ?? 0;
  if (!stranger || count >= limited.limits.knownOfOne) return;
  forget(limited, name, groupOf(ends));
  limited.knownByWho.set(who, count + 1);
  stranger.socket.once("close", () => {
    const left = (limited.knownByWho.get(who) ?? 1) - 1;
    if (left > 0) limited.knownByWho.set(who, left);
    else limited.knownByWho.delete(who);
  });
}

function makeRoom(limited: Limited, group: string, isTrusted: boolean): Refusal | undefined {
  const { limits, groups, strangerByEnds, sockets } = limited;
  const own = groups.get(group);
  if (own && !isTrusted) {
    const isFull = own.silent.size >= limits.silentOfOne || sizeOf(own) >= limits.strangersOfOne;
    if (isFull && !giveWay(limited, own)) return "address";
  }
  const isFull = sockets.size >= limits.all;
  const hasManyStrangers = !isTrusted && strangerByEnds.size >= limits.strangers;
  if (!isFull && !hasManyStrangers) return undefined;
  const most = largest(groups);
  // Otherwise a sender that connects again and again would keep
  // all places, because its connections are always young.
  const hasFarMore = sizeOf(most) > TIMES_MORE * (own ? sizeOf(own) : 1);
  return giveWay(limited, most, hasFarMore ? 0 : YOUNG_MS) ? undefined : "all";
}

const newGroup = (): Group => ({ silent: new Set(), idle: new Set(), busy: new Set() });
const sizeOf = ({ silent, idle, busy }: Group): number => silent.size + idle.size + busy.size;

function largest(groups: Limited["groups"]): Group {
  let found = newGroup();
  for (const group of groups.values()) if (sizeOf(group) > sizeOf(found)) found = group;
  return found;
}

/**
 * Whether one of them was closed: the longest silent, or the longest idle, or the longest busy.
 *
 * It looks at one of each standing and no more: in a
 * flood this runs for every connection that comes.
 */
function giveWay(limited: Limited, group: Group, youngMs = YOUNG_MS): boolean {
  const now = limited.now();
  const leastMs: Readonly<Record<Standing, number>> = {
    silent: youngMs,
    idle: youngMs,
    busy: BUSY_MS,
  };
  const order: readonly Standing[] = ["silent", "idle", "busy"];
  for (const standing of order) {
    const [longest] = group[standing];
    if (!longest || now - longest.since < leastMs[standing]) continue;
    // At once, not with its `close`, which comes a turn later: many may enter in one turn.
    limited.sockets.delete(longest.socket);
    forget(limited, nameOf(longest.socket), groupOf(longest.socket));
    longest.socket.destroy();
    return true;
  }
  return false;
}

interface NewConnection {
  readonly name: string;
  readonly group: string;
  readonly socket: Socket;
}

function remember(limited: Limited, { name, group: key, socket }: NewConnection): void {
  const group = limited.groups.get(key) ?? newGroup();
  const stranger: Stranger = { socket, group, standing: "silent", since: limited.now() };
  limited.groups.set(key, group);
  group.silent.add(stranger);
  limited.strangerByEnds.set(name, stranger);
}

function forget(limited: Limited, name: string, key: string): void {
  const stranger = limited.strangerByEnds.get(name);
  if (!stranger) return;
  const { group, standing } = stranger;
  limited.strangerByEnds.delete(name);
  group[standing].delete(stranger);
  if (sizeOf(group) === 0) limited.groups.delete(key);
}
