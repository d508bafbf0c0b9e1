import { EventEmitter } from "node:events";
import type { Socket } from "node:net";
import { beforeEach, expect, test } from "vitest";
import { addressGroup, createAddressTest } from "../../../../hub/link/entrance/address-group.ts";
import {
  createConnectionLimit,
  type ConnectionLimit,
  type ConnectionLimits,
} from "../../../../hub/link/entrance/connection-limit.ts";

const LIMITS: ConnectionLimits = {
  all: 20,
  strangers: 15,
  strangersOfOne: 8,
  silentOfOne: 4,
  knownOfOne: 2,
};

let now: number;
let port: number;
let limit: ConnectionLimit;
beforeEach(() => {
  [now, port] = [0, 0];
  limit = newLimit(LIMITS);
});

const newLimit = (limits: ConnectionLimits): ConnectionLimit =>
  createConnectionLimit({
    limits,
    isTrusted: createAddressTest(["10.9.0.0/16"]),
    now: () => now,
  });

class FalseSocket extends EventEmitter {
  readonly remoteAddress: string;
  readonly remotePort = (port += 1);
  isOpen = true;
  constructor(address: string) {
    super();
    this.remoteAddress = address;
  }
  destroy(): void {
    this.isOpen = false;
    setImmediate(() => this.emit("close"));
  }
}

function comes(address: string): FalseSocket & Socket {
  const socket = new FalseSocket(address) as unknown as FalseSocket & Socket;
  limit.enter(socket);
  return socket;
}

const several = (count: number, address: string): (FalseSocket & Socket)[] =>
  Array.from({ length: count }, () => comes(address));
const spoken = (count: number, address: string): (FalseSocket & Socket)[] => {
  const sockets = several(count, address);
  sockets.forEach((socket) => limit.heard(socket));
  return sockets;
};
const open = (sockets: readonly FalseSocket[]): number =>
  sockets.filter(({ isOpen }) => isOpen).length;

test("an address that takes every place again and again, always young, gives one up for each newcomer of another", () => {
  limit = newLimit({ ...LIMITS, strangersOfOne: LIMITS.all, silentOfOne: LIMITS.all });
  const crowd = several(LIMITS.strangers, "192.0.2.1");
  const [one, other] = [comes("192.0.2.2"), comes("192.0.2.3")];
  expect([one.isOpen, other.isOpen]).toEqual([true, true]);
  expect(crowd.map(({ isOpen }) => isOpen).slice(0, 3)).toEqual([false, false, true]);
  expect(open(crowd)).toBe(LIMITS.strangers - 2);
  expect(comes("192.0.2.1").isOpen).toBe(false);
});

test("young connections of an address with about as many are not closed for a newcomer", () => {
  limit = newLimit({ ...LIMITS, strangersOfOne: LIMITS.all, silentOfOne: LIMITS.all });
  const [these, those] = [several(9, "192.0.2.1"), several(6, "192.0.2.2")];
  expect(comes("192.0.2.2").isOpen).toBe(false);
  expect([open(these), open(those)]).toEqual([9, 6]);
});

test("a connection that has spoken again gives way after those that have been idle for longer", () => {
  const [first, second] = spoken(2, "192.0.2.1");
  now = 100;
  limit.busy(first!, true);
  now = 200;
  limit.busy(first!, false);
  for (let n = 2; n < LIMITS.strangersOfOne; n += 1) spoken(1, "192.0.2.1");
  now = 1000;
  comes("192.0.2.1");
  expect([first!.isOpen, second!.isOpen]).toEqual([true, false]);
});

test("of one address the longest silent connection gives way to a newcomer of that address", () => {
  const silent = several(LIMITS.silentOfOne, "192.0.2.1");
  now = 600;
  const newcomer = comes("192.0.2.1");
  expect(newcomer.isOpen).toBe(true);
  expect(silent.map(({ isOpen }) => isOpen)).toEqual([false, true, true, true]);
});

test("a connection that came a moment ago may still say something: it does not give way", () => {
  const silent = several(LIMITS.silentOfOne, "192.0.2.1");
  now = 100;
  expect(comes("192.0.2.1").isOpen).toBe(false);
  expect(open(silent)).toBe(LIMITS.silentOfOne);
});

test("silent connections of one address, however many, close none of another's", () => {
  const others = several(3, "192.0.2.2");
  for (let n = 0; n < 3500; n += 1) {
    now += 1;
    comes("192.0.2.1");
  }
  expect(open(others)).toBe(3);
  expect(limit.counts().strangers).toBe(3 + LIMITS.silentOfOne);
  expect(comes("192.0.2.2").isOpen).toBe(true);
});

test("when strangers are too many, the address with most of them gives one up", () => {
  const half = LIMITS.strangersOfOne / 2;
  const many = [...spoken(half, "192.0.2.1"), ...spoken(half, "192.0.2.1")];
  const few = several(4, "192.0.2.2").concat(several(3, "192.0.2.3"));
  now = 600;
  expect(comes("192.0.2.4").isOpen).toBe(true);
  expect(open(many)).toBe(LIMITS.strangersOfOne - 1);
  expect(open(few)).toBe(7);
});

test("a request that is being answered gives way to nobody before its time", () => {
  const many = several(LIMITS.silentOfOne, "192.0.2.1");
  many.forEach((socket) => limit.busy(socket, true));
  const more = several(LIMITS.silentOfOne, "192.0.2.1");
  more.forEach((socket) => limit.busy(socket, true));
  now = 5000;
  expect(comes("192.0.2.1").isOpen).toBe(false);
  now = 6000;
  expect(comes("192.0.2.1").isOpen).toBe(true);
  expect(open([...many, ...more])).toBe(LIMITS.strangersOfOne - 1);
});

test("a known connection never gives way, and of one person only so many are known", () => {
  limit = newLimit({ ...LIMITS, all: 3, strangersOfOne: 3 });
  const own = several(3, "192.0.2.1");
  own.forEach((socket) => limit.known(socket, "wangfang"));
  expect(limit.counts()).toEqual({ all: 3, strangers: 1 });
  now = 60_000;
  expect(comes("192.0.2.2").isOpen).toBe(true);
  expect(own.map(({ isOpen }) => isOpen)).toEqual([true, true, false]);
});

test("with every place taken by known connections a newcomer is refused", () => {
  limit = newLimit({ ...LIMITS, all: 2 });
  const own = several(2, "192.0.2.1");
  own.forEach((socket) => limit.known(socket, "wangfang"));
  now = 60_000;
  expect(comes("192.0.2.2").isOpen).toBe(false);
  expect(open(own)).toBe(2);
});

test("a trusted proxy has no limit of its own: everybody comes by its address", () => {
  const many = several(LIMITS.all, "10.9.1.2");
  expect(open(many)).toBe(LIMITS.all);
  expect(limit.counts()).toEqual({ all: LIMITS.all, strangers: 0 });
});

test("a place is free again when a connection closes", async () => {
  for (let n = 0; n < 100; n += 1) comes("192.0.2.1").destroy();
  await new Promise((resolve) => setImmediate(resolve));
  expect(limit.counts()).toEqual({ all: 0, strangers: 0 });
});

test.each([
  ["192.0.2.1", "192.0.2.1"],
  ["::ffff:192.0.2.1", "192.0.2.1"],
  ["2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"],
  ["2001:db8:1:2::9", "2001:db8:1:2::/64"],
  ["2001:DB8:0001:2:ffff::", "2001:db8:1:2::/64"],
  ["fe80::1%eth0", "fe80:0:0:0::/64"],
  ["::1", "0:0:0:0::/64"],
  [undefined, "unknown"],
])("the address %s counts as %s", (address, group) => {
  expect(addressGroup(address)).toBe(group);
});
