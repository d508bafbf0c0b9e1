/**
 * The names and addresses by which this hub may be reached, for its certificate.
 *
 * The addresses it listens on are included without being configured, so that a pillar can enrol at
 * the hub's own address.
 */
import { isIP } from "node:net";
import { networkInterfaces } from "node:os";
import type { HubConfig } from "../config.ts";

/** A machine with more addresses names those it means in `mqtt.names`. */
const MAX_ADDRESSES = 64;
const EVERY_ADDRESS: ReadonlySet<string> = new Set(["0.0.0.0", "::"]);

export function serverNames({ http, mqtt, alarms }: Pick<HubConfig, "http" | "mqtt" | "alarms">) {
  const hosts = [http.host, mqtt.host, alarms.host].flatMap((host) =>
    EVERY_ADDRESS.has(host) ? ownAddresses() : [host],
  );
  return [...new Set([...mqtt.names, ...hosts])];
}

/**
 * Of this machine, as others reach it. An address with
 * a zone (`fe80::1%eth0`) cannot be in a certificate.
 */
export function ownAddresses(): string[] {
  return Object.values(networkInterfaces())
    .flatMap((addresses) => addresses ?? [])
    .filter(({ internal, scopeid, address }) => !internal && !scopeid && isIP(address) !== 0)
    .map(({ address }) => address)
    .slice(0, MAX_ADDRESSES);
}
