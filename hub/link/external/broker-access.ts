/**
 * How the hub reaches a broker that is not its own, from its settings: files read, names resolved.
 */
import { readFileSync } from "node:fs";
import type { ExternalBroker } from "../../config.ts";
import type { Authority } from "../../identity/ports.ts";
import type { BrokerAccess } from "./broker-client.ts";

const DEFAULT_PORT = 8883;

/** Throws when a file cannot be read: the hub would never reach its pillars. */
export async function accessTo(
  external: ExternalBroker,
  authority: Pick<Authority, "caCertificate" | "brokerClient">,
): Promise<BrokerAccess> {
  const { clientId, username, password, ca } = external;
  const shown =
    external.certificate === "own"
      ? await authority.brokerClient(clientId)
      : { cert: read("certificate", external.certificate), key: read("key", external.key) };
  return {
    ...addressOf(external),
    ...shown,
    ca: ca === "own" ? authority.caCertificate : read("ca", ca),
    clientId,
    username,
    password,
  };
}

export function addressOf({ url }: Pick<ExternalBroker, "url">): { host: string; port: number } {
  const { hostname, port } = new URL(url);
  // An IPv6 address stands in brackets there, and nowhere else.
  return { host: hostname.replaceAll(/[[\]]/g, ""), port: Number(port) || DEFAULT_PORT };
}

function read(setting: string, file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    throw new Error(
      `mqtt.external.${setting} must be a PEM file, found ${file}: ${String(error)}. ` +
        "Correct it, or leave it out to use the hub's own.",
      { cause: error },
    );
  }
}
