import { once } from "node:events";
import { connect, createServer, type AddressInfo, type Server, type Socket } from "node:net";
import { afterEach, beforeEach, expect, test } from "vitest";
import {
  createHandshakeQueue,
  type HandshakeQueue,
} from "../../../../hub/link/entrance/handshake-queue.ts";
import { applicationProtocols } from "../../../../shared/protocol/alpn.ts";
import { waitFor } from "../../../kit/run/wait.ts";

let server: Server;
let queue: HandshakeQueue;
let begun: string[];
let late: string[];
const clients: Socket[] = [];

beforeEach(async () => {
  begun = [];
  late = [];
  queue = createHandshakeQueue({
    onTurn: (socket) => {
      // The bytes that the queue has read can be read again for the handshake.
      begun.push(String(socket.read()).slice(-8));
      socket.destroy();
    },
    onLate: (_, reason) => late.push(reason),
  });
  server = createServer(queue.enter).listen(0, "127.0.0.1");
  await once(server, "listening");
});
afterEach(() => {
  queue.close();
  clients.splice(0).forEach((client) => client.destroy());
  server.close();
});

async function arrive(): Promise<Socket> {
  const { port } = server.address() as AddressInfo;
  const before = queue.size();
  const client = connect({ port, host: "127.0.0.1" });
  clients.push(client);
  client.on("error", () => undefined);
  await waitFor(() => expect(queue.size()).toBe(before + 1));
  return client;
}

/** The shortest valid ClientHello, followed by a name by which the test recognises it. */
function hello(hasAlarm: boolean, name: string): Buffer {
  const names = applicationProtocols(hasAlarm).map((one) =>
    Buffer.concat([Buffer.from([one.length]), Buffer.from(one)]),
  );
  const list = Buffer.concat(names);
  const word = (value: number): number[] => [value >> 8, value & 255];
  const alpn = Buffer.concat([
    Buffer.from([0, 16, ...word(list.length + 2), ...word(list.length)]),
    list,
  ]);
  const body = Buffer.concat([
    Buffer.alloc(34),
    Buffer.from([0, 0, 2, 0x13, 0x01, 1, 0, ...word(alpn.length)]),
    alpn,
  ]);
  const head = Buffer.from([22, 3, 1, ...word(body.length + 4), 1, 0, ...word(body.length)]);
  return Buffer.concat([head, body, Buffer.from(name.padStart(8))]);
}

test("nobody waits when nobody else is there", async () => {
  const client = await arrive();
  client.write(hello(false, "alone"));
  await waitFor(() => expect(begun).toEqual(["   alone"]));
  expect(queue.size()).toBe(0);
});

test("those with an alarm come before all who were there first", async () => {
  const ordinary = [await arrive(), await arrive(), await arrive()];
  const urgent = await arrive();
  // All are written without a pause, so that the hub finds all of them at its next turn.
  ordinary.forEach((client, number) => client.write(hello(false, `calm ${number}`)));
  urgent.write(hello(true, "alarm"));
  const until = performance.now() + 100;
  while (performance.now() < until);
  await waitFor(() => expect(begun).toHaveLength(4));
  expect(begun.indexOf("   alarm")).toBeLessThanOrEqual(1);
  expect(begun.filter((name) => name.includes("calm")).toSorted()).toEqual([
    "  calm 0",
    "  calm 1",
    "  calm 2",
  ]);
});

test("of equals the last comes first, because the first is about to give up", async () => {
  const first = await arrive();
  const last = await arrive();
  first.write(hello(false, "first"));
  last.write(hello(false, "last"));
  const until = performance.now() + 100;
  while (performance.now() < until);
  await waitFor(() => expect(begun).toEqual(["    last", "   first"]));
});

test("a hello that comes in pieces is put together", async () => {
  const client = await arrive();
  const bytes = hello(true, "pieces");
  for (let at = 0; at < bytes.length; at += 7) {
    client.write(bytes.subarray(at, at + 7));
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
  await waitFor(() => expect(begun).toHaveLength(1));
});

test("a sender that goes away while waiting is forgotten, also without an error", async () => {
  const silent = await arrive();
  const rude = await arrive();
  silent.end();
  rude.resetAndDestroy();
  await waitFor(() => expect(queue.size()).toBe(0));
  expect(begun).toEqual([]);
  expect(late).toEqual([]);
});

test("who says nothing for five seconds is turned away", async () => {
  const client = await arrive();
  client.write(Buffer.from([22, 3, 1]));
  const closed = once(client, "close");
  client.resume();
  await closed;
  expect(late).toEqual(["hello"]);
  expect(queue.size()).toBe(0);
});

test("closing it sends everybody home", async () => {
  const client = await arrive();
  const closed = once(client, "close");
  client.resume();
  queue.close();
  await closed;
  expect(queue.size()).toBe(0);
});
