/**
 * Ports for programs under test, each given to one process on this machine.
 *
 * The system hands out ports from 32768 on to whoever connects, so a port from there that was free
 * when it was looked at may be taken when a program opens it. Ours lie below. A process claims each
 * by listening on an abstract unix socket named after it, which the system takes back when the
 * process ends, however it ends; these names reach as far as ports do: one network namespace.
 */
import { randomInt } from "node:crypto";
import { createSocket } from "node:dgram";
import { once } from "node:events";
import { createServer, type ListenOptions, type Server } from "node:net";

/** From the first to the last port, handed out so many at a time. */
interface Ports {
  readonly kind: "tcp" | "udp";
  readonly first: number;
  readonly last: number;
  readonly blockLength: number;
  isFree(port: number): Promise<boolean>;
}
const TCP: Ports = { kind: "tcp", first: 20_000, last: 31_999, blockLength: 1, isFree: isTcpFree };
const UDP: Ports = { kind: "udp", first: 10_000, last: 19_999, blockLength: 20, isFree: isUdpFree };

export async function freePort(): Promise<number> {
  return await take(TCP, 1);
}

/** The first of a range of UDP ports. */
export async function freeUdpRange(length: number): Promise<number> {
  return await take(UDP, Math.ceil(length / UDP.blockLength));
}

/** Tries each place once, from anywhere on: processes that begin together seldom meet. */
async function take(ports: Ports, blocks: number): Promise<number> {
  const { kind, first, last, blockLength } = ports;
  const places = Math.floor((last - first + 1) / blockLength) - blocks + 1;
  if (places < 1) {
    throw new Error(
      `expected a range of at most ${last - first + 1} ${kind} ports, found ${blocks * blockLength}`,
    );
  }
  const from = randomInt(places);
  for (let tried = 0; tried < places; tried += 1) {
    const port = first + ((from + tried) % places) * blockLength;
    if (await claimAll(ports, port, blocks)) return port;
  }
  throw new Error(
    `expected a free ${kind} port from ${first} to ${last}, found none: end some programs`,
  );
}

/** Claims this many blocks from `port` on, or none of them. */
async function claimAll(ports: Ports, port: number, blocks: number): Promise<boolean> {
  const claims: Server[] = [];
  for (let block = 0; block < blocks; block += 1) {
    const at = port + block * ports.blockLength;
    const claim = await listen({ path: `\0anzhu-test-port-${ports.kind}-${at}` });
    if (claim) claims.push(claim);
    if (!claim || !(await isBlockFree(ports, at))) {
      await Promise.all(claims.map(close));
      return false;
    }
  }
  claims.forEach((claim) => claim.unref());
  return true;
}

/** Somebody who does not claim ports may have one open. */
async function isBlockFree({ blockLength, isFree }: Ports, first: number): Promise<boolean> {
  for (let port = first; port < first + blockLength; port += 1) {
    if (!(await isFree(port))) return false;
  }
  return true;
}

/** On every address at once: a port that is open on one of them is not free. */
async function isTcpFree(port: number): Promise<boolean> {
  const server = await listen({ port });
  if (server) await close(server);
  return server !== undefined;
}

async function isUdpFree(port: number): Promise<boolean> {
  const socket = createSocket("udp4");
  try {
    await once(socket.bind(port), "listening");
    return true;
  } catch (error) {
    return refuseOther(error);
  } finally {
    await once(socket.close(), "close");
  }
}

/** Undefined: somebody else has it. */
async function listen(where: ListenOptions): Promise<Server | undefined> {
  const server = createServer();
  try {
    await once(server.listen(where), "listening");
    return server;
  } catch (error) {
    refuseOther(error);
    return undefined;
  }
}

async function close(server: Server): Promise<void> {
  server.close();
  await once(server, "close");
}

/** "In use" is an answer; anything else is a failure. */
function refuseOther(error: unknown): false {
  if ((error as NodeJS.ErrnoException).code === "EADDRINUSE") return false;
  throw error;
}
