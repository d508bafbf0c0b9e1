/** Group H: one hostile client at a real hub process, while another pillar's person presses. */
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { connect as connectTcp, type Socket } from "node:net";
import { connect as connectTls } from "node:tls";
import { afterAll, assert, beforeAll, expect, test } from "vitest";
import { PROMISED_MS } from "../../shared/promises.ts";
import { upTopic } from "../../shared/protocol/topics.ts";
import { closeOf } from "../kit/wire/pillar-clients.ts";
import { fuzzBroker } from "./harness/network/broker-fuzz.ts";
import { openStreet, type Street } from "./harness/programs/street.ts";
import {
  tlsOf,
  wirePillar,
  type WireLink,
  type WirePillar,
} from "./harness/network/wire-pillar.ts";
import { waitFor } from "../kit/run/wait.ts";

const SLOW = 60_000;
const PRESSES = 15;
/** Of one stranger with much to announce. */
const SOCKETS = 100;
/** `npm run fault -- --sweep` bends a million. */
const BENT = 2000;
const MAX_GROWTH_MIB = 60;
const MIB = 1024 * 1024;

let street: Street;
let hostile: WirePillar;
let bystander: WirePillar;
let link: WireLink;
let calmMs: number;
beforeAll(async () => {
  street = await openStreet();
  [hostile, bystander] = [
    await wirePillar(street, "hostile"),
    await wirePillar(street, "bystander"),
  ];
  link = await bystander.connect();
  calmMs = await slowestPress();
});
afterAll(async () => {
  await Promise.all([hostile?.close(), bystander?.close()]);
  await street?.close();
});

/** From the press to the receipt, the worst of several. */
async function slowestPress(): Promise<number> {
  let worst = 0;
  for (let n = 0; n < PRESSES; n += 1) {
    const startedAt = performance.now();
    const alarm = await link.press();
    await waitFor(() => assert(link.isAccepted(alarm)), { timeout: 15_000, interval: 5 });
    worst = Math.max(worst, performance.now() - startedAt);
  }
  return worst;
}

function residentBytes(): number {
  const status = readFileSync(`/proc/${street.hub.process().pid()}/status`, "utf8");
  return Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1]) * 1024;
}

async function openTls(): Promise<Socket> {
  const { ca, tlsKey: key, tlsCert: cert } = hostile.identity;
  const socket = connectTls({ host: "127.0.0.1", port: street.hub.mqttPort, ca, key, cert });
  socket.on("error", () => undefined);
  await once(socket, "secureConnect");
  return socket;
}

test(
  "H1 a packet of 256 MB announced before CONNECT, on 100 sockets, is cut at 4 KiB and costs no memory",
  { timeout: SLOW },
  async () => {
    const before = residentBytes();
    const sockets = await Promise.all(Array.from({ length: SOCKETS }, openTls));
    const closed = sockets.map((socket) => once(socket, "close"));
    const announced = Buffer.concat([
      Buffer.from([0x10, 0xff, 0xff, 0xff, 0x7f]),
      Buffer.alloc(4200),
    ]);
    for (const socket of sockets) socket.write(announced);
    await Promise.all(closed);
    expect(residentBytes() - before).toBeLessThan(20 * MIB);
  },
);

test(
  "H2 packets of every type, bent at random, cannot stop the hub or make it grow",
  { timeout: SLOW },
  async () => {
    const { pid } = street.hub.process();
    const [before, hub] = [residentBytes(), pid()];
    await fuzzBroker(street, { cases: BENT, seed: 1 });
    await slowestPress();
    expect(pid()).toBe(hub);
    expect(residentBytes() - before).toBeLessThan(MAX_GROWTH_MIB * MIB);
  },
);

test(
  "H3 a pillar that publishes as fast as it can does not delay another's press",
  { timeout: SLOW },
  async () => {
    const flood = await hostile.connect();
    const topic = upTopic(hostile.id, "heartbeat");
    const sessionNonce = "5".repeat(32);
    const base = {
      v: 1,
      sessionNonce,
      bootEpoch: 1,
      uptimeMs: 1,
      wallMs: Date.now(),
      outboxDepth: 0,
    };
    const head = { seq: 0, hash: "0".repeat(64) };
    const heartbeat = JSON.stringify({ ...base, head, faults: [], release: "0" });
    const flooding = setInterval(() => {
      for (let n = 0; n < 200 && flood.client.connected; n += 1) {
        flood.client.publish(topic, heartbeat, { qos: 0 });
      }
    }, 20);
    const worstMs = await slowestPress();
    clearInterval(flooding);
    expect(worstMs - calmMs).toBeLessThan(PROMISED_MS.hostileCost);
  },
);

test(
  "H4 half-open handshakes are closed in about 5 s and delay nobody",
  { timeout: SLOW },
  async () => {
    const sockets = Array.from({ length: 300 }, () => {
      const socket = connectTcp({ host: "127.0.0.1", port: street.hub.mqttPort });
      socket.on("error", () => undefined);
      socket.resume();
      // A handshake record begins, and goes on for ever.
      socket.write(Buffer.from([0x16, 0x03, 0x01]));
      return socket;
    });
    const closed = Promise.all(sockets.map((socket) => once(socket, "close")));
    const startedAt = performance.now();
    const worstMs = await slowestPress();
    expect(worstMs - calmMs).toBeLessThan(PROMISED_MS.hostileCost);
    await closed;
    expect(performance.now() - startedAt).toBeLessThan(PROMISED_MS.halfOpenClosed);
  },
);

test(
  "H8 deep topics, prototype names and half-open QoS 2 have no effect",
  { timeout: SLOW },
  async () => {
    const topics = ["a/".repeat(500), "__proto__/up/alarm", "anzhu/v1/constructor/up/alarm", "/"];
    for (const topic of topics) {
      const attacker = await hostile.connect();
      const closed = closeOf(attacker.client);
      attacker.client.publish(topic, "x", { qos: 1 }, () => undefined);
      await closed;
    }
    const { tlsKey, tlsCert } = hostile.identity;
    expect(tlsKey).not.toBe(tlsCert);
    const half = await hostile.connect(tlsOf(street.hub, hostile));
    const closed = closeOf(half.client);
    half.client.publish(upTopic(hostile.id, "alarm"), "{}", { qos: 2 }, () => undefined);
    await closed;
    await slowestPress();
    expect(await street.verdict()).toEqual([]);
  },
);

test("E5 a pillar and a console that do not read delay nobody", { timeout: SLOW }, async () => {
  const frozen = await hostile.connect();
  frozen.client.stream.pause();
  const answer = await street.hub.operator.request("/events", {
    headers: { accept: "text/event-stream" },
  });
  const worstMs = await slowestPress();
  expect(worstMs - calmMs).toBeLessThan(PROMISED_MS.hostileCost);
  await answer.body?.cancel();
});
