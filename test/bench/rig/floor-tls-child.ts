/**
 * The floor under a connected pillar: a bare broker behind
 * mutual TLS 1.3, with the hub's own certificates.
 *
 * No guard, no identity, no rate, no presence, no journal. Started as a process of its own, which
 * tells its port through the channel.
 */
import type { AddressInfo } from "node:net";
import { createServer } from "node:tls";
import { Aedes } from "aedes";
import { openAuthority } from "../../../hub/identity/authority.ts";

const [hubDir = ""] = process.argv.slice(2);
const authority = await openAuthority(hubDir, []);
const broker = await Aedes.createBroker();
const server = createServer(
  {
    ...authority.server,
    ca: authority.caCertificate,
    requestCert: true,
    rejectUnauthorized: true,
    minVersion: "TLSv1.3",
  },
  broker.handle,
);
server.listen(0, "127.0.0.1", () => process.send?.((server.address() as AddressInfo).port));
process.on("disconnect", () => process.exit(0));
