/** The ports of the HTTP interfaces, with silent, slow and many connections, over real sockets. */
import { connect, type Socket } from "node:net";
import { once } from "node:events";
import { setTimeout as delay } from "node:timers/promises";
import { afterEach, beforeEach, expect, test } from "vitest";
import { createHttpEntrance, type HttpEntrance } from "../../hub/api/http/http-entrance.ts";
import { createSampledLog, type SampledLog } from "../../hub/link/sampled-log.ts";
import { startTestApi, type TestApi } from "../kit/hub/api-on-doubles.ts";
import { keptLog } from "../kit/wire/pillar-clients.ts";
import { waitFor } from "../kit/run/wait.ts";

const HOSTILE = "127.0.0.1";
const OTHER = "127.0.0.2";
/** More than all places of the port. */
const CROWD = 2200;
/** Of one address, by the port's limits. */
const SILENT_OF_ONE = 256;

let api: TestApi;
let entrance: HttpEntrance;
let refused: SampledLog;
const sockets: Socket[] = [];

async function openEntrance(trustedProxies: readonly string[] = []): Promise<void> {
  refused = createSampledLog(keptLog().log);
  entrance = createHttpEntrance(api.app, { host: HOSTILE, port: 0, refused, trustedProxies });
  await entrance.listen();
}
beforeEach(async () => {
  api = await startTestApi();
});
afterEach(async () => {
  sockets.splice(0).forEach((socket) => socket.destroy());
  await entrance.close();
  await api.close();
});

function comes(localAddress: string): Socket {
  const socket = connect({ port: entrance.port(), host: HOSTILE, localAddress });
  socket.on("error", () => undefined);
  sockets.push(socket);
  return socket;
}

/** Its first bytes, or nothing when it was closed. */
async function answered(socket: Socket): Promise<string> {
  const closed = once(socket, "close").then(() => "");
  const heard = once(socket, "data").then(([bytes]) => String(bytes));
  return await Promise.race([closed, heard]);
}

const ask = (socket: Socket, more = ""): Promise<string> => {
  socket.write(`GET /healthz HTTP/1.1\r\nhost: hub\r\n${more}\r\n`);
  return answered(socket);
};

const crowd = async (): Promise<Socket[]> => {
  const many = Array.from({ length: CROWD }, () => comes(HOSTILE));
  await Promise.all(many.map((socket) => Promise.race([once(socket, "connect"), delay(5000)])));
  return many;
};
const stillOpen = (many: readonly Socket[]): number =>
  many.filter((socket) => !socket.closed && !socket.destroyed).length;

test("thousands of silent connections of one address leave every other address its place", async () => {
  await openEntrance();
  const many = await crowd();
  for (let n = 0; n < 20; n += 1) expect(await ask(comes(OTHER))).toContain("HTTP/1.1 200");
  await expect.poll(() => stillOpen(many)).toBeLessThanOrEqual(SILENT_OF_ONE);
  // How many of them came before the first had had its
  // time, and were refused, is the machine's affair.
  expect(refused.counts().crowd).toBeGreaterThan(0);
});

test("an operator behind the crowd's own address gets in as soon as a silent one has had its time", async () => {
  await openEntrance();
  await crowd();
  await waitFor(async () => expect(await ask(comes(HOSTILE))).toContain("HTTP/1.1 200"), {
    timeout: 5000,
    interval: 100,
  });
});

test("a connection that says nothing, or does not finish its headers, is closed after 5 s", async () => {
  await openEntrance();
  const startedAt = performance.now();
  const [silent, slow] = [comes(HOSTILE), comes(HOSTILE)];
  slow.write("GET /healthz HTTP/1.1\r\nhost: hub\r\nx-slow: ");
  slow.resume();
  silent.resume();
  await Promise.all([once(silent, "close"), once(slow, "close")]);
  const took = performance.now() - startedAt;
  expect(took).toBeGreaterThan(4000);
  expect(took).toBeLessThan(9000);
});

test("a person with a session keeps the connection while strangers crowd the port", async () => {
  await openEntrance();
  const token = await api.signIn("operator");
  const own = comes(HOSTILE);
  const authorization = `authorization: Bearer ${token}\r\n`;
  own.write(`GET /api/v1/sessions/current HTTP/1.1\r\nhost: hub\r\n${authorization}\r\n`);
  expect(await answered(own)).toContain("HTTP/1.1 200");
  await crowd();
  expect(await ask(own)).toContain("HTTP/1.1 200");
});

test("behind a trusted proxy everybody comes by one address, and the address has no limit", async () => {
  await openEntrance([`${HOSTILE}/32`]);
  const many = Array.from({ length: 2 * SILENT_OF_ONE }, () => comes(HOSTILE));
  await Promise.all(many.map((socket) => once(socket, "connect")));
  expect(await ask(comes(HOSTILE))).toContain("HTTP/1.1 200");
  expect(stillOpen(many)).toBe(2 * SILENT_OF_ONE);
});
