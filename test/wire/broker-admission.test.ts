/** Who may come to the pillars' port, over real TLS. */
import { connect as connectTcp } from "node:net";
import { connect as connectTls } from "node:tls";
import { once } from "node:events";
import { connect as connectMqtt, type IClientOptions } from "mqtt";
import { afterEach, beforeEach, expect, test } from "vitest";
import {
  closeOf,
  enrol,
  makeAlarm,
  startTestBroker,
  tlsOptions,
} from "../kit/wire/pillar-clients.ts";
import type { Identity, TestBroker } from "../kit/wire/pillar-clients.ts";
import { upTopic } from "../../shared/protocol/topics.ts";

let broker: TestBroker;
let own: Identity;
beforeEach(async () => {
  broker = await startTestBroker({ known: (id) => id !== "stranger" });
  own = await enrol(broker.authority, "demo-001");
});
afterEach(async () => await broker?.close());

const log = (): string => broker.lines.join("\n");

/** Resolves when the connection ends without ever having been accepted. */
async function refusedConnect(options: IClientOptions): Promise<void> {
  const client = connectMqtt(options);
  let isAccepted = false;
  client.on("connect", () => void (isAccepted = true));
  client.on("error", () => {});
  await closeOf(client);
  await client.endAsync(true);
  expect(isAccepted).toBe(false);
}

test("a pillar with the hub's certificate connects and is announced", async () => {
  const client = await broker.connect(own);
  await expect.poll(() => broker.presence).toEqual(["demo-001 connected"]);
  await client.endAsync();
  await expect.poll(() => broker.presence).toEqual(["demo-001 connected", "demo-001 disconnected"]);
});

test("a certificate of another hub's authority is refused, and the log says so", async () => {
  const other = await startTestBroker();
  const foreign = await enrol(other.authority, "demo-001");
  await refusedConnect(tlsOptions(broker, foreign));
  await expect.poll(log).toContain("its certificate comes from another authority");
  expect(broker.presence).toEqual([]);
  await other.close();
});

test("no certificate is refused, and the log says so", async () => {
  const { key: _key, cert: _cert, ...bare } = tlsOptions(broker, own) as Record<string, unknown>;
  await refusedConnect(bare);
  await expect.poll(log).toContain("it showed no client certificate");
});

test("the hub's own server certificate is no pillar, and the log says so", async () => {
  const { key, cert } = broker.authority.server;
  await refusedConnect(tlsOptions(broker, { ...own, key, cert }));
  await expect.poll(log).toContain("its certificate is not a client certificate");
});

test("TLS 1.2 is refused, and the log says so", async () => {
  const options = { ...tlsOptions(broker, own), maxVersion: "TLSv1.2" as const };
  await refusedConnect(options);
  await expect.poll(log).toContain("it does not speak TLS 1.3");
});

test("plain text on the port is refused, and the log says so", async () => {
  const socket = connectTcp(broker.link.port(), "127.0.0.1");
  socket.on("error", () => {});
  socket.write("GET / HTTP/1.1\r\nHost: hub\r\n\r\n");
  await once(socket, "close");
  await expect.poll(log).toContain("it speaks plain HTTP on the pillars' port");
});

test.each([
  ["another client id", { clientId: "demo-002" }, "expected client id demo-001"],
  ["a prototype's name", { clientId: "__proto__" }, "expected client id demo-001"],
  ["a persistent session", { clean: false }, "expected a clean session"],
  ["no keep-alive", { keepalive: 0 }, "keep alive limit exceeded"],
  ["a keep-alive of an hour", { keepalive: 3600 }, "keep alive limit exceeded"],
  ["MQTT 5", { protocolVersion: 5 as const }, "unacceptable protocol version"],
  [
    "a will",
    { will: { topic: "anzhu/v1/demo-001/up/alarm", payload: Buffer.from("x"), qos: 1 as const } },
    "expected no will",
  ],
])("a CONNECT with %s is refused, and the log says so", async (_name, options, words) => {
  await refusedConnect(tlsOptions(broker, own, options));
  await expect.poll(log).toContain(words);
  expect(broker.presence).toEqual([]);
});

test("a pillar the hub does not know is refused although its certificate is right", async () => {
  const stranger = await enrol(broker.authority, "stranger");
  await refusedConnect(tlsOptions(broker, stranger));
  await expect.poll(log).toContain("this hub knows no such pillar");
});

test("the same pillar connecting again takes the place of its older connection", async () => {
  const first = await broker.connect(own);
  const closed = closeOf(first);
  await broker.connect(own);
  await closed;
  await expect
    .poll(() => broker.presence)
    .toEqual(["demo-001 connected", "demo-001 disconnected", "demo-001 connected"]);
});

test("connections beyond the maximum are turned away and those inside stay", async () => {
  const small = await startTestBroker({ maxConnections: 1 });
  const inside = await enrol(small.authority, "demo-001");
  const client = await small.connect(inside);
  const outside = await enrol(small.authority, "demo-002");
  await refusedConnect(tlsOptions(small, outside));
  await client.publishAsync(
    upTopic(inside.pillarId, "alarm"),
    JSON.stringify(makeAlarm(inside.pillarId)),
    { qos: 1 },
  );
  expect(small.received).toHaveLength(1);
  expect(small.lines.join("\n")).toMatch(
    /refused [\d.:]+: 1 connections are open, see mqtt.maxConnections/,
  );
  await small.close();
});

function rawClient(): ReturnType<typeof connectTls> {
  const { ca, key, cert } = tlsOptions(broker, own) as Record<string, string>;
  const options = { host: "127.0.0.1", port: broker.link.port(), ca: ca!, key: key!, cert: cert! };
  const socket = connectTls(options);
  socket.on("error", () => {});
  return socket;
}

test.each([
  ["256 MB announced", [0x10, 0xff, 0xff, 0xff, 0x7f], "before the CONNECT is accepted"],
  ["five length bytes", [0x10, 0x80, 0x80, 0x80, 0x80, 0x80, 0x01], "found a fifth"],
  ["a PUBLISH first", [0x30, 0x02, 0x00, 0x00], "expected an MQTT CONNECT first"],
  ["a broken CONNECT", [0x10, 0x04, 0x00, 0x02, 0x41, 0x41], "refused demo-001"],
])("%s before CONNECT closes the connection", async (_name, bytes, words) => {
  const socket = rawClient();
  await once(socket, "secureConnect");
  socket.write(Buffer.from(bytes));
  await once(socket, "close");
  await expect.poll(log).toContain(words);
});

test("a connection that trickles bytes before CONNECT is closed at 4 KiB", async () => {
  const socket = rawClient();
  await once(socket, "secureConnect");
  socket.write(Buffer.from([0x10, 0xff, 0x1f]));
  socket.write(Buffer.alloc(4095));
  await once(socket, "close");
  await expect.poll(log).toContain("expected at most 4096 bytes before the CONNECT is accepted");
});
