/**
 * Which addresses count as one sender for limits: an IPv4 address, or a whole /64 of IPv6.
 *
 * A provider gives each customer at least a /64, so a limit
 * for each single IPv6 address would have no effect.
 */
import { BlockList, isIP, isIPv4 } from "node:net";

const GROUPS_OF_64_BITS = 4;
const MAPPED_IPV4 = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i;

/** `unknown` for a socket that has gone already. */
export function addressGroup(address: string | undefined): string {
  if (address === undefined) return "unknown";
  const plain = unmapped(address);
  if (isIP(plain) !== 6) return plain;
  return `${first64Bits(plain)}::/64`;
}

const unmapped = (address: string): string => MAPPED_IPV4.exec(address)?.[1] ?? address;

function first64Bits(address: string): string {
  const [head = "", tail] = (address.split("%")[0] ?? "").toLowerCase().split("::");
  const before = head === "" ? [] : head.split(":");
  const after = tail === undefined || tail === "" ? [] : tail.split(":");
  const missing = tail === undefined ? 0 : Math.max(0, 8 - before.length - after.length);
  const all = [...before, ...Array.from({ length: missing }, () => "0"), ...after];
  return all
    .slice(0, GROUPS_OF_64_BITS)
    .map((word) => word.replace(/^0+(?=.)/, ""))
    .join(":");
}

/**
 * Whether an address is one of these addresses or networks
 * (`192.0.2.1`, `10.0.0.0/8`, `2001:db8::/32`).
 */
export function createAddressTest(
  networks: readonly string[],
): (address: string | undefined) => boolean {
  const list = new BlockList();
  for (const network of networks) {
    const [address = "", bits] = network.split("/");
    const family = isIPv4(address) ? "ipv4" : "ipv6";
    if (bits === undefined) list.addAddress(address, family);
    else list.addSubnet(address, Number(bits), family);
  }
  return (address) => {
    if (address === undefined) return false;
    const plain = unmapped(address);
    return list.check(plain, isIPv4(plain) ? "ipv4" : "ipv6");
  };
}
