/**
 * The TLS port the pillars come to: mutual TLS 1.3 with the hub's own authority, or nothing.
 *
 * Whoever is turned away leaves one line in the log with address and cause. Nothing behind this file
 * ever sees a connection without an identity.
 */
import { createServer, type Server, type TLSSocket } from "node:tls";
import type { AddressInfo } from "node:net";
import type { HubConfig } from "../config.ts";
import type { Authority } from "../ports.ts";
import { addressOf, explainTls, identify, type Peer } from "./peer-identity.ts";
import type { SampledLog } from "./sampled-log.ts";

const HANDSHAKE_TIMEOUT_MS = 5000;

export interface PillarServerOptions {
  readonly config: HubConfig["mqtt"];
  readonly authority: Authority;
  readonly refused: SampledLog;
  /** Tests show with it what Nagle's algorithm costs. */
  readonly noDelay?: boolean;
  onPeer(peer: Peer, socket: TLSSocket): void;
}

export interface PillarServer {
  readonly port: number;
  close(): Promise<void>;
}

export async function listenForPillars(options: PillarServerOptions): Promise<PillarServer> {
  const { config, authority, refused } = options;
  const sockets = new Set<TLSSocket>();
  const server = createServer({
    key: authority.server.key,
    cert: authority.server.cert,
    ca: authority.caCertificate,
    requestCert: true,
    rejectUnauthorized: true,
    minVersion: "TLSv1.3",
    handshakeTimeout: HANDSHAKE_TIMEOUT_MS,
    // Two small packets in a row (PUBACK, then our answer) otherwise wait 40 ms for a delayed ACK.
    noDelay: options.noDelay ?? true,
  });
  server.maxConnections = config.maxConnections;
  server.on("secureConnection", (socket) => {
    sockets.add(socket);
    socket.once("close", () => sockets.delete(socket));
    // Once the broker has taken over, its own listener reports; before that an error only ends it.
    socket.on("error", () => socket.destroy());
    const peer = identify(socket);
    if (peer) {
      options.onPeer(peer, socket);
      return;
    }
    turnedAway(socket, { code: "NO_PILLAR", words: "its certificate names no single pillar" });
    socket.destroy();
  });
  server.on("tlsClientError", (error: NodeJS.ErrnoException, socket) => {
    turnedAway(socket, explainTls(error, socket));
    // Node tells of the time-out and leaves the socket open; of all other errors it closes it, and an
    // alert that says why is still on its way.
    if (error.code === "ERR_TLS_HANDSHAKE_TIMEOUT") socket.destroy();
  });
  server.on("drop", (drop) =>
    refused({
      cause: "full",
      text: `pillar link: refused a connection: ${config.maxConnections} are open, see mqtt.maxConnections`,
      fields: { peer: drop?.remoteAddress },
    }),
  );
  await listen(server, config);
  server.on("error", (error) =>
    refused({ cause: "server", text: `pillar link: ${error.message}`, fields: { err: error } }),
  );
  return {
    port: (server.address() as AddressInfo).port,
    close: async () => {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };

  function turnedAway(socket: TLSSocket, why: { code: string; words: string }): void {
    const peer = addressOf(socket);
    refused({
      cause: `${socket.remoteAddress} ${why.code}`,
      text: `pillar link: refused ${peer}: ${why.words} (${why.code})`,
      fields: { peer, code: why.code },
    });
  }
}

async function listen(server: Server, config: HubConfig["mqtt"]): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    server.once("error", (error: NodeJS.ErrnoException) =>
      reject(
        new Error(
          `The pillars' port ${config.host}:${config.port} must be free, found ${error.code}. ` +
            "Stop what uses it or change mqtt.port.",
          { cause: error },
        ),
      ),
    );
    server.listen({ host: config.host, port: config.port }, () => {
      server.removeAllListeners("error");
      resolve();
    });
  });
}
