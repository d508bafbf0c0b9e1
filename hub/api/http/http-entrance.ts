/**
 * The port of an HTTP server: how many connections each sender may hold, and how soon each must
 * have sent something.
 *
 * Connections are accepted here and handed to the server, so that a limit can close one of a
 * sender's own connections before anything is computed for the next. With TLS they wait for their
 * handshake as pillars do.
 */
import type { TLSSocket } from "node:tls";
import type { Server } from "node:http";
import type { Socket } from "node:net";
import type { FastifyInstance } from "fastify";
import { createAddressTest } from "../../link/entrance/address-group.ts";
import {
  createConnectionLimit,
  type ConnectionLimit,
  type ConnectionLimits,
  type Refusal,
} from "../../link/entrance/connection-limit.ts";
import { identify } from "../../link/entrance/peer-identity.ts";
import type { SampledLog } from "../../link/sampled-log.ts";
import { createHandshakeQueue } from "../../link/entrance/handshake-queue.ts";
import { openReusePort } from "../../link/entrance/reuse-port.ts";

/**
 * A room of thirty desks behind one address holds about two hundred connections, all of them known.
 */
const LIMITS: ConnectionLimits = {
  all: 2000,
  strangers: 1500,
  strangersOfOne: 512,
  silentOfOne: 256,
  knownOfOne: 64,
};

export interface HttpEntranceOptions {
  readonly host: string;
  readonly port: number;
  readonly refused: SampledLog;
  /** Addresses or networks of reverse proxies: many people come from one of them. */
  readonly trustedProxies?: readonly string[];
}

export interface HttpEntrance {
  /** Instead of the server's own `listen`, after `ready`. */
  listen(): Promise<void>;
  /** Before it listens, as configured. */
  port(): number;
  /** Ends every connection. */
  close(): Promise<void>;
}

/** The limit of the entrance that a request came by, for who finds out that its sender is known. */
const limitByServer = new WeakMap<Server, ConnectionLimit>();

/** A person with a session: their connections are not closed for a stranger's. */
export function knowConnection(
  server: FastifyInstance["server"],
  socket: Socket,
  who: string,
): void {
  limitByServer.get(server)?.known(socket, who);
}

export function createHttpEntrance(
  app: FastifyInstance,
  options: HttpEntranceOptions,
): HttpEntrance {
  let open: OpenEntrance | undefined;
  return {
    listen: async () => {
      open = await openEntrance(app, options);
    },
    port: () => open?.port ?? options.port,
    close: async () => await open?.close(),
  };
}

interface OpenEntrance {
  readonly port: number;
  close(): Promise<void>;
}

async function openEntrance(
  app: FastifyInstance,
  { host, port, refused, trustedProxies = [] }: HttpEntranceOptions,
): Promise<OpenEntrance> {
  const { server } = app;
  const limit = createConnectionLimit({
    limits: LIMITS,
    isTrusted: createAddressTest(trustedProxies),
  });
  limitByServer.set(server, limit);
  followRequests(server, limit);
  const hand = (socket: Socket): void => {
    socket.setKeepAlive(true);
    server.emit("connection", socket);
  };
  const queue = createHandshakeQueue({
    onTurn: hand,
    onLate: (socket, reason) => tellLate(refused, socket, reason),
  });
  const isSecure = "setSecureContext" in server;
  const shared = await openReusePort({
    ...{ host, port, noDelay: true, allowHalfOpen: !isSecure },
    onSocket: (socket) => {
      const { remoteAddress } = socket;
      const refusal = limit.enter(socket);
      if (refusal !== undefined) tellFull(refused, remoteAddress, refusal);
      else if (isSecure) queue.enter(socket);
      else hand(socket);
    },
    onError: (error) =>
      refused({
        ...{ kind: "crowd", cause: "server", sender: "all" },
        ...{ text: `http: ${error.message}`, fields: { err: error } },
      }),
  });
  // Node begins to count a connection's time when it is told that its server listens.
  server.emit("listening");
  return {
    port: shared.port,
    close: async () => {
      const closed = shared.close();
      queue.close();
      limit.closeAll();
      await closed;
    },
  };
}

function followRequests(server: FastifyInstance["server"], limit: ConnectionLimit): void {
  server.on("secureConnection", (socket: TLSSocket) => {
    const peer = socket.authorized ? identify(socket) : undefined;
    if (peer) limit.known(socket, peer.pillarId);
  });
  server.prependListener("request", (request, response) => {
    const { socket } = request;
    const ends = { remoteAddress: socket.remoteAddress, remotePort: socket.remotePort };
    limit.busy(ends, true);
    response.once("close", () => limit.busy(ends, false));
  });
}

function tellFull(refused: SampledLog, address: string | undefined, refusal: Refusal): void {
  const found =
    refusal === "all"
      ? `${LIMITS.all} connections are open`
      : `${LIMITS.strangersOfOne} connections of its address are open, or ${LIMITS.silentOfOne} silent ones`;
  const text = `http: refused a connection of ${address}: ${found}`;
  refused({ kind: "crowd", cause: refusal, sender: { address }, text, fields: { peer: address } });
}

function tellLate(refused: SampledLog, socket: Socket, reason: "hello" | "turn"): void {
  const { remoteAddress: address } = socket;
  const words =
    reason === "hello" ? "it did not begin the handshake in time" : "too many came at once";
  const text = `http: refused ${address}: ${words}`;
  refused({
    kind: "handshake",
    cause: reason,
    sender: { address },
    text,
    fields: { peer: address },
  });
}
