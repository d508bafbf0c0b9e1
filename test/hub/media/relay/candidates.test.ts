import { describe, expect, test } from "vitest";
import { hostAddresses, isPeerAddress } from "../../../../hub/media/addresses.ts";
import { MAX_REMOTE_CANDIDATES, newCandidateBook } from "../../../../hub/media/relay/candidates.ts";

const candidate = (address: string, port = 50_000, transport = "udp"): string =>
  `candidate:1 1 ${transport} 2113937151 ${address} ${port} typ host`;

describe("the candidates of a peer", () => {
  test("are few, and two of one address", () => {
    const book = newCandidateBook(false);
    const foreign = Array.from({ length: 32 }, (_, n) => candidate("203.0.113.9", 2000 + n));
    expect(foreign.filter((one) => book.take(one))).toHaveLength(2);
    const many = Array.from({ length: 32 }, (_, n) => candidate(`203.0.113.${n + 10}`));
    expect(many.filter((one) => book.take(one))).toHaveLength(MAX_REMOTE_CANDIDATES - 2);
  });

  test("that a second section repeats are the same ones", () => {
    const book = newCandidateBook(false);
    for (let n = 0; n < 20; n += 1) expect(book.take(candidate("203.0.113.9"))).toBe(true);
    expect(book.take(candidate("203.0.113.9", 50_001))).toBe(true);
  });

  test("are never the unspecified address, a name, TCP or the port of a service", () => {
    const nobody = ["0.0.0.0", "224.0.0.251", "239.1.2.3", "255.255.255.255", "::", "ff02::fb"];
    const disguised = ["::ffff:127.0.0.1", "fe80::1%eth0", "anzhu.example", ""];
    const take = newCandidateBook(true).take;
    for (const address of [...nobody, ...disguised]) expect(take(candidate(address))).toBe(false);
    expect(take(candidate("203.0.113.9", 53))).toBe(false);
    expect(take(candidate("203.0.113.9", 70_000))).toBe(false);
    expect(take(candidate("203.0.113.9", 50_000, "tcp"))).toBe(false);
    expect(take("")).toBe(false);
  });

  test("are on loopback only where the hub itself is", () => {
    for (const address of ["127.0.0.1", "127.8.8.8", "::1"]) {
      expect(isPeerAddress(address, false)).toBe(false);
      expect(isPeerAddress(address, true)).toBe(true);
    }
    expect(isPeerAddress("192.168.1.5", false)).toBe(true);
    expect(isPeerAddress("2001:db8::5", false)).toBe(true);
  });
});

test("the addresses of the settings are bound, and one of a router in front is offered only", () => {
  const settings = { udpPorts: [40_000, 40_999], maxViewers: 1, offersLoopback: false } as const;
  const addresses = ["127.0.0.1", "203.0.113.9"];
  expect(hostAddresses({ ...settings, addresses })).toEqual([
    { offered: "127.0.0.1", bound: "127.0.0.1" },
    { offered: "203.0.113.9", bound: undefined },
  ]);
});
