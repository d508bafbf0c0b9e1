/**
 * The TLS port the pillars come to: mutual TLS 1.3 with the hub's own authority, or nothing.
 *
 * Whoever is turned away leaves one line in the log with address and cause. Nothing behind this file
 * ever sees a connection without an identity.
 */
import {
  createServer as createTlsServer,
  type Server as TlsServer,
  type TLSSocket,
} from "node:tls";
import type { Socket } from "node:net";
import type { HubConfig } from "../config.ts";
import type { Authority } from "../ports.ts";
import { addressOf, explainTls, identify, type Peer } from "./peer-identity.ts";
import type { SampledLog } from "./sampled-log.ts";
import { createWaitingRoom } from "./waiting-room.ts";
import { openWidePort, type WidePort, type WidePortOptions } from "./wide-port.ts";

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
  const turnedAway = (socket: Pick<TLSSocket, "remoteAddress" | "remotePort">, why: Why): void => {
    const peer = addressOf(socket);
    refused({
      cause: `${socket.remoteAddress} ${why.code}`,
      text: `pillar link: refused ${peer}: ${why.words} (${why.code})`,
      fields: { peer, code: why.code },
    });
  };
  const handshakes = shakeHands(options, sockets, turnedAway);
  const room = createWaitingRoom({
    letIn: (socket) => void handshakes.emit("connection", socket),
    onLate: (socket, reason) => turnedAway(socket, LATE[reason]),
  });
  const letInto = countedEntry(config.maxConnections, {
    enter: room.enter,
    onFull: (peer) =>
      refused({
        cause: "full",
        text: `pillar link: refused a connection: ${config.maxConnections} are open, see mqtt.maxConnections`,
        fields: { peer },
      }),
  });
  const { port, close } = await open(config, {
    // Two small packets in a row (PUBACK, then our answer) otherwise wait 40 ms for a delayed ACK.
    noDelay: options.noDelay ?? true,
    onSocket: letInto,
    onError: (error) =>
      refused({ cause: "server", text: `pillar link: ${error.message}`, fields: { err: error } }),
  });
  return {
    port,
    close: async () => {
      const closed = close();
      room.close();
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
}

/** Lets so many in at once, and shows the others out. */
function countedEntry(
  most: number,
  { enter, onFull }: { enter(socket: Socket): void; onFull(peer: string | undefined): void },
): (socket: Socket) => void {
  let present = 0;
  return (socket) => {
    if (present >= most) {
      onFull(socket.remoteAddress);
      socket.destroy();
      return;
    }
    present += 1;
    socket.once("close", () => void (present -= 1));
    enter(socket);
  };
}

interface Why {
  readonly code: string;
  readonly words: string;
}

const LATE: Readonly<Record<"hello" | "turn", Why>> = {
  hello: { code: "ERR_TLS_HANDSHAKE_TIMEOUT", words: "it did not finish the handshake in time" },
  turn: {
    code: "BUSY",
    words: "too many came at once, and its turn never came: it will try again",
  },
};

/** A TLS server that listens to nobody: connections are handed to it when their turn has come. */
function shakeHands(
  { authority, onPeer }: PillarServerOptions,
  sockets: Set<TLSSocket>,
  turnedAway: (socket: TLSSocket, why: Why) => void,
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
    turnedAway(socket, { code: "NO_PILLAR", words: "its certificate names no single pillar" });
    socket.destroy();
  });
  server.on("tlsClientError", (error: NodeJS.ErrnoException, socket) => {
    turnedAway(socket, explainTls(error, socket));
    // Node tells of the time-out and leaves the socket open; of all other errors it closes it, and an
    // alert that says why is still on its way.
    if (error.code === "ERR_TLS_HANDSHAKE_TIMEOUT") socket.destroy();
  });
  return server;
}

async function open(
  { host, port }: HubConfig["mqtt"],
  events: Omit<WidePortOptions, "host" | "port">,
): Promise<WidePort> {
  try {
    return await openWidePort({ host, port, ...events });
  } catch (error) {
    const found = (error as NodeJS.ErrnoException).code ?? String(error);
    throw new Error(
      `The pillars' port ${host}:${port} must be free, found ${found}. ` +
        "Stop what uses it or change mqtt.port.",
      { cause: error },
    );
  }
}
