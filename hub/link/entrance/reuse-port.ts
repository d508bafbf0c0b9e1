/**
 * One port with several listening sockets, so that many connections can be accepted at once.
 *
 * Node takes one connection from a listening socket in a turn of its event loop. While each turn
 * also computes a handshake, the others wait in the kernel, in the order in which they came, and an
 * alarm waits behind thousands. From several sockets that share the port (SO_REUSEPORT) several are
 * accepted in each turn, wait in our queue, and can be served in our order.
 *
 * Sharing would also let a second hub use the same port
 * unnoticed, so the port is first opened exclusively.
 */
import { once } from "node:events";
import { createServer, type AddressInfo, type Server, type Socket } from "node:net";

/** Each is one more connection in a turn; the kernel spreads connections over them. */
const SOCKETS = process.platform === "linux" ? 8 : 1;
/**
 * Connections the system holds for each socket while
 * we compute: a city may come back within seconds.
 */
const BACKLOG = 4096;

export interface ReusePortOptions {
  readonly host: string;
  /** 0: any that is free. */
  readonly port: number;
  readonly noDelay: boolean;
  /** HTTP also answers a client that has closed its side; TLS and MQTT do not. */
  readonly allowHalfOpen?: boolean;
  readonly onSocket: (socket: Socket) => void;
  readonly onError: (error: Error) => void;
}

export interface ReusePort {
  readonly port: number;
  /** Resolves when every connection has ended. */
  close(): Promise<void>;
}

/** Throws as `listen` does, with `EADDRINUSE` when another program has the port. */
export async function openReusePort(options: ReusePortOptions): Promise<ReusePort> {
  if (options.port !== 0) await askAlone(options);
  const servers: Server[] = [];
  const close = async (): Promise<void> => void (await Promise.all(servers.map(ended)));
  let { port } = options;
  try {
    while (servers.length < SOCKETS) {
      const server = await listening({ ...options, port });
      servers.push(server);
      port = (server.address() as AddressInfo).port;
    }
  } catch (error) {
    await close();
    throw error;
  }
  return { port, close };
}

async function listening(options: ReusePortOptions): Promise<Server> {
  const { host, port, noDelay, allowHalfOpen = false, onSocket, onError } = options;
  const server = createServer({ noDelay, allowHalfOpen }, onSocket);
  server.listen({ host, port, backlog: BACKLOG, reusePort: SOCKETS > 1 });
  await once(server, "listening");
  server.on("error", onError);
  return server;
}

async function askAlone({ host, port }: ReusePortOptions): Promise<void> {
  const server = createServer();
  server.listen({ host, port });
  await once(server, "listening");
  await ended(server);
}

async function ended(server: Server): Promise<void> {
  server.close();
  await once(server, "close");
}
