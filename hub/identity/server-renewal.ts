/**
 * The hub's own certificates, renewed while it runs, as the pillars' are: a hub may run for years.
 * New connections get the new one, old ones go on.
 */
import type { SecureContextOptions, Server } from "node:tls";
import type { Logger } from "pino";
import type { HubConfig } from "../config.ts";
import type { Authority } from "./ports.ts";

/** A certificate has months left when it is renewed, so an hour is soon enough. */
const CERTIFICATE_CHECK_MS = 3_600_000;

export interface RenewalOptions {
  readonly authority: Authority;
  readonly log: Logger;
  /** For tests: how often they are looked at. */
  readonly certificateCheckMs?: number;
}

/** Returns what ends it. */
export function keepServerRenewed(
  { mqtt: { external } }: HubConfig,
  { authority, log, certificateCheckMs = CERTIFICATE_CHECK_MS }: RenewalOptions,
): () => void {
  const look = async (): Promise<void> => {
    try {
      if (await authority.renewServer()) log.info("the hub's own certificate was renewed");
      if (external !== "none" && external.certificate === "own") {
        await authority.brokerClient(external.clientId);
      }
    } catch (error) {
      log.error({ error }, `the hub's own certificate could not be renewed: ${String(error)}`);
    }
  };
  const timer = setInterval(() => void look(), certificateCheckMs);
  return () => clearInterval(timer);
}

/** `options`: what the server was made with, beside its key and certificate. */
export function followRenewals(
  server: Pick<Server, "setSecureContext">,
  authority: Pick<Authority, "server" | "onServerRenewed">,
  options: SecureContextOptions,
): void {
  authority.onServerRenewed(() => server.setSecureContext({ ...options, ...authority.server }));
}
