/**
 * The TLS port the pillars connect to: mutual TLS 1.3 with the hub's own authority, or nothing.
 *
 * Each refused connection leaves one line in the log with address and cause. Nothing behind this
 * file ever sees a connection without an identity.
 */
import {
  createServer as createTlsServer,
  type Server as TlsServer,
  type TLSSocket,
} from "node:tls";
import type { Socket } from "node:net";
import type { HubConfig } from "../../config.ts";
import type { Authority } from "../../identity/ports.ts";
import { addressOf, explainTls, identify, type Peer } from "./peer-identity.ts";
import type { SampledKind, SampledLog } from "../sampled-log.ts";
import { createConnectionLimit, type ConnectionLimits, type Refusal } from "./connection-limit.ts";
import { followRenewals } from "../../identity/server-renewal.ts";
import { createHandshakeQueue } from "./handshake-queue.ts";
import { openReusePort, type ReusePort, type ReusePortOptions } from "./reuse-port.ts";

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
  const { config, refused } = options;
  const sockets = new Set<TLSSocket>();
  const tellRefused = (socket: Pick<TLSSocket, "remoteAddress" | "remotePort">, why: Why): void => {
    const peer = addressOf(socket);
    refused({
      kind: why.kind ?? "handshake",
      cause: why.cause,
      sender: { address: socket.remoteAddress },
      text: `pillar link: refused ${peer}: ${why.words} (${why.code})`,
      fields: { peer, code: why.code },
    });
  };
  const limit = createConnectionLimit({ limits: limitsOf(config.maxConnections) });
  const knownPeer: PillarServerOptions["onPeer"] = (peer, socket) => {
    limit.known(socket, peer.pillarId);
    options.onPeer(peer, socket);
  };
  const handshakes = shakeHands({ ...options, onPeer: knownPeer }, sockets, tellRefused);
  const queue = createHandshakeQueue({
    onTurn: (socket) => void handshakes.emit("connection", socket),
    onHello: limit.heard,
    onLate: (socket, reason) => tellRefused(socket, LATE[reason]),
  });
  const enter = (socket: Socket): void => {
    const { remoteAddress, remotePort } = socket;
    const refusal = limit.enter(socket);
    if (refusal === undefined) queue.enter(socket);
    else tellRefused({ remoteAddress, remotePort }, full(refusal, config.maxConnections));
  };
  const { port, close } = await open(config, {
    // Two small packets in a row (PUBACK, then our answer) otherwise wait 40 ms for a delayed ACK.
    noDelay: options.noDelay ?? true,
    onSocket: enter,
    onError: (error) =>
      refused({
        kind: "crowd",
        cause: "server",
        sender: "all",
        text: `pillar link: ${error.message}`,
        fields: { err: error },
      }),
  });
  return {
    port,
    close: async () => {
      const closed = close();
      queue.close();
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
}

/**
 * A whole district may connect from one address of its provider, all at once, so only silent
 * connections are limited by address.
 */
const MAX_SILENT_OF_ONE_ADDRESS = 2048;
/** One in use, and what is left of those before it. */
const MAX_OF_ONE_PILLAR = 4;

const limitsOf = (all: number): ConnectionLimits => ({
  ...{ all, strangers: all, strangersOfOne: all },
  silentOfOne: MAX_SILENT_OF_ONE_ADDRESS,
  knownOfOne: MAX_OF_ONE_PILLAR,
});

function full(refusal: Refusal, all: number): Why {
  const words =
    refusal === "all"
      ? `${all} connections are open, see mqtt.maxConnections`
      : `${MAX_SILENT_OF_ONE_ADDRESS} connections of its address have said nothing yet`;
  return { kind: "crowd", cause: refusal, code: "FULL", words };
}

interface Why {
  readonly kind?: SampledKind;
  /** One of a few: what is told together in the log. */
  readonly cause: string;
  readonly code: string;
  readonly words: string;
}

const LATE: Readonly<Record<"hello" | "turn", Why>> = {
  hello: {
    cause: "hello",
    code: "ERR_TLS_HANDSHAKE_TIMEOUT",
    words: "it did not finish the handshake in time",
  },
  turn: {
    cause: "turn",
    code: "BUSY",
    words: "too many came at once, and its turn never came: it will try again",
  },
};

/** A TLS server that listens to nobody: connections are handed to it when their turn has come. */
function shakeHands(
  { authority, onPeer }: PillarServerOptions,
  sockets: Set<TLSSocket>,
  tellRefused: (socket: TLSSocket, why: Why) => void,
): TlsServer {
  const server = createTlsServer({
    key: authority.server.key,
    cert: authority.server.cert,
    ca: authority.caCertificate,
    requestCert: true,
    rejectUnauthorized: true,
    minVersion: "TLSv1.3",
    handshakeTimeout: HANDSHAKE_TIMEOUT_MS,
  });
  const { caCertificate: ca } = authority;
  followRenewals(server, authority, { ca, minVersion: "TLSv1.3" });
  server.on("secureConnection", (socket) => {
    sockets.add(socket);
    socket.once("close", () => sockets.delete(socket));
    // Once the broker has taken over, its own listener reports; before that an error only ends it.
    socket.on("error", () => socket.destroy());
    const peer = identify(socket);
    if (peer) {
      onPeer(peer, socket);
      return;
    }
    tellRefused(socket, {
      ...{ cause: "no pillar", code: "NO_PILLAR" },
      words: "its certificate names no single pillar",
    });
    socket.destroy();
  });
  server.on("tlsClientError", (error: NodeJS.ErrnoException, socket) => {
    tellRefused(socket, explainTls(error, socket));
    // Node tells of the time-out and leaves the socket open; of all other errors it closes it, and
    // an alert that says why is still on its way.
    if (error.code === "ERR_TLS_HANDSHAKE_TIMEOUT") socket.destroy();
  });
  return server;
}

async function open(
  { host, port }: HubConfig["mqtt"],
  events: Omit<ReusePortOptions, "host" | "port">,
): Promise<ReusePort> {
  try {
    return await openReusePort({ host, port, ...events });
  } catch (error) {
    const found = (error as NodeJS.ErrnoException).code ?? String(error);
    throw new Error(
      `The pillars' port ${host}:${port} must be free, found ${found}. ` +
        "Stop what uses it or change mqtt.port.",
      { cause: error },
    );
  }
}
