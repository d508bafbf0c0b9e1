/** A server's certificate renewed while it runs: new connections get the new one, old ones go on. */
import type { SecureContextOptions, Server } from "node:tls";
import type { Authority } from "../ports.ts";

/** `options`: what the server was made with, beside its key and certificate. */
export function followRenewals(
  server: Pick<Server, "setSecureContext">,
  authority: Pick<Authority, "server" | "onServerRenewed">,
  options: SecureContextOptions,
): void {
  authority.onServerRenewed(() => server.setSecureContext({ ...options, ...authority.server }));
}
