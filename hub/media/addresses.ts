/**
 * The addresses at which the hub's media can be reached, and those it will talk to.
 *
 * Interfaces are chosen by `media.addresses`, never by their names: a VPN's `tun0` may be the only
 * way to the street. A socket is bound to the one address it is for.
 */
import { BlockList, isIP } from "node:net";
import { networkInterfaces } from "node:os";
import type { HostAddress } from "../../shared/webrtc/werift.ts";
import type { MediaSettings } from "./ipc.ts";

export const LOOPBACK = "127.0.0.1";

export function hostAddresses({ addresses, offersLoopback }: MediaSettings): HostAddress[] {
  const own = ownAddresses();
  if (addresses.length > 0) {
    // An address of a router in front of us (1:1 NAT) cannot be bound, only offered.
    const isOwn = (address: string): boolean => own.some((one) => one.address === address);
    return addresses.map((offered) => ({ offered, bound: isOwn(offered) ? offered : undefined }));
  }
  const external = own.filter((one) => !one.isLoopback && one.isIpv4 && !isLinkLocal(one.address));
  const chosen = external.map((one) => one.address);
  if (offersLoopback || chosen.length === 0) chosen.unshift(LOOPBACK);
  return chosen.map((address) => ({ offered: address, bound: address }));
}

interface OwnAddress {
  readonly address: string;
  readonly isIpv4: boolean;
  readonly isLoopback: boolean;
}

const ownAddresses = (): OwnAddress[] =>
  Object.values(networkInterfaces()).flatMap((all) =>
    (all ?? []).map(({ address, family, internal }) => ({
      address,
      isIpv4: family === "IPv4",
      isLoopback: internal,
    })),
  );

const isLinkLocal = (address: string): boolean => address.startsWith("169.254.");

/** Whether a hub reached by these addresses may have peers on its own machine. */
export const allowsLoopback = (settings: MediaSettings): boolean =>
  hostAddresses(settings).some(({ offered }) => LOOPBACKS.check(offered, familyOf(offered)));

const LOOPBACKS = new BlockList();
LOOPBACKS.addSubnet("127.0.0.0", 8);
LOOPBACKS.addAddress("::1", "ipv6");

/**
 * Addresses that belong to no host: unspecified, multicast,
 * reserved and broadcast, and IPv4 written as IPv6.
 */
const NOBODY = new BlockList();
NOBODY.addSubnet("0.0.0.0", 8);
NOBODY.addSubnet("224.0.0.0", 4);
NOBODY.addSubnet("240.0.0.0", 4);
NOBODY.addAddress("::", "ipv6");
NOBODY.addSubnet("ff00::", 8, "ipv6");

const familyOf = (address: string): "ipv4" | "ipv6" => (isIP(address) === 6 ? "ipv6" : "ipv4");

/** Whether packets may be sent to an address that a stranger names. */
export function isPeerAddress(address: string, loopback: boolean): boolean {
  if (isIP(address) === 0 || /^::ffff:/i.test(address) || address.includes("%")) return false;
  const family = familyOf(address);
  return !NOBODY.check(address, family) && (loopback || !LOOPBACKS.check(address, family));
}
