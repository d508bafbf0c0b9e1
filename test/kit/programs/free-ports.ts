/** Ports that were free a moment ago. */
import { createSocket } from "node:dgram";
import { once } from "node:events";
import { createServer, type AddressInfo } from "node:net";

/** The system may give a port again that was closed a moment ago: each is given once. */
const given = new Set<number>();

export async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  if (given.has(port)) return await freePort();
  given.add(port);
  return port;
}

/** The first of a range of UDP ports. */
export async function freeUdpRange(length: number): Promise<number> {
  const socket = createSocket("udp4").bind(0, "127.0.0.1");
  await once(socket, "listening");
  const { port } = socket.address();
  await new Promise<void>((resolve) => socket.close(() => resolve()));
  return port + length < 65_000 ? port : port - length;
}
