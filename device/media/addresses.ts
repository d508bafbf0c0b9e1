/**
 * The addresses of this pillar that are offered to the hub.
 *
 * All of them, whatever their interfaces are called: a VPN over the mobile network is `tun0` or
 * `wg0`, and may be the only way. Unless some are chosen, the sockets are bound to no address, so
 * that a call goes on when the mobile network gives out another one.
 */
import { networkInterfaces } from "node:os";
import type { HostAddress } from "../../shared/webrtc/werift.ts";

const LOOPBACK = "127.0.0.1";

/** Throws with advice when none of the chosen ones is there. */
export function hostAddresses(chosen: readonly string[]): HostAddress[] {
  const all = Object.values(networkInterfaces()).flatMap((addresses) => addresses ?? []);
  const own = new Set(all.map(({ address }) => address));
  if (chosen.length > 0) {
    const usable = chosen.filter((address) => own.has(address));
    if (usable.length > 0) return usable.map((address) => ({ offered: address, bound: address }));
    const found = [...own].join(", ");
    throw new Error(
      `media.addresses: expected an address of this machine (${found}), found ${chosen.join(", ")}`,
    );
  }
  const external = all.filter(({ family, internal }) => family === "IPv4" && !internal);
  // Without a network the hub can only be on this machine: a demo, a test.
  const found = external.length === 0 ? [LOOPBACK] : external.map(({ address }) => address);
  return found.map((address) => ({ offered: address, bound: undefined }));
}
