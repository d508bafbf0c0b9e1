/**
 * One hostile client in a process of its own, so that
 * its work is not measured with the others' presses.
 *
 * It speaks bytes, not MQTT's manners: prepared packets
 * over TLS sockets, again and again until told to stop.
 */
import { readFileSync } from "node:fs";
import { connect as connectTcp, type Socket } from "node:net";
import { connect as connectTls, type TLSSocket } from "node:tls";
import { generate } from "mqtt-packet";
import { KEEP_ALIVE_SECONDS } from "../../../shared/protocol/connection.ts";

export type Attack =
  | "publishes"
  | "announces-before-connect"
  | "announces-after-connect"
  | "reads-nothing"
  | "half-open"
  | "byte-by-byte";

export interface AttackOptions {
  readonly attack: Attack;
  readonly port: number;
  readonly pillarId: string;
  readonly ca: string;
  readonly key: string;
  readonly cert: string;
  /** Of the console's event stream. */
  readonly events: { readonly port: number; readonly token: string };
  /** Signed envelopes of this pillar, each sent once; the hub answers each with a receipt. */
  readonly alarms: readonly string[];
}

/** What it managed, told once a second. */
export interface Counts {
  readonly packets: number;
  readonly connections: number;
}

const PER_SECOND = 10_000;
const TICK_MS = 10;
const SOCKETS = 300;
const CONSOLES = 20;
/** CONNECT, or PUBLISH with QoS 0, of 268,435,455 bytes. */
const ANNOUNCED = {
  connect: [0x10, 0xff, 0xff, 0xff, 0x7f],
  publish: [0x30, 0xff, 0xff, 0xff, 0x7f],
};

const options = JSON.parse(readFileSync(process.argv[2] ?? "", "utf8")) as AttackOptions;
const { attack, port, pillarId, alarms } = options;
const counts = { packets: 0, connections: 0 };
setInterval(() => process.send?.({ ...counts }), 1000);
process.on("disconnect", () => process.exit(0));

const connectPacket = generate({
  ...{ cmd: "connect", protocolId: "MQTT", protocolVersion: 4 },
  ...{ clean: true, clientId: pillarId, keepalive: KEEP_ALIVE_SECONDS },
});
const publish = (channel: string, payload: string, messageId: number): Buffer =>
  generate({
    ...{ cmd: "publish", topic: `p/${pillarId}/up/${channel}`, payload, messageId },
    ...{ qos: channel === "alarm" ? 1 : 0, retain: false, dup: false },
  });

function secure(): TLSSocket {
  const { ca, key, cert } = options;
  const socket = connectTls({ host: "127.0.0.1", port, ca, key, cert });
  socket.on("error", () => undefined);
  socket.once("secureConnect", () => (counts.connections += 1));
  return socket;
}

/** One connection after the other, as soon as the last one is closed. */
function again(open: () => Socket): void {
  open().once("close", () => setImmediate(again, open));
}

function connected(act: (socket: TLSSocket) => void): TLSSocket {
  const socket = secure();
  socket.once("secureConnect", () => socket.write(connectPacket));
  socket.once("data", () => act(socket));
  return socket;
}

function publishes(socket: TLSSocket): void {
  const one = publish("heartbeat", heartbeat(), 0);
  const count = (PER_SECOND * TICK_MS) / 1000;
  const many = Buffer.concat(Array.from({ length: count }, () => one));
  let isFull = false;
  socket.on("drain", () => (isFull = false));
  const timer = setInterval(() => {
    if (isFull) return; // The hub holds it back: that is what should happen.
    isFull = !socket.write(many);
    counts.packets += count;
  }, TICK_MS);
  socket.once("close", () => clearInterval(timer));
  socket.resume();
}

function heartbeat(): string {
  const head = { seq: 0, hash: "0".repeat(64) };
  return JSON.stringify({
    ...{ v: 1, sessionNonce: "5".repeat(32), bootEpoch: 1, uptimeMs: 1, wallMs: Date.now() },
    ...{ outboxDepth: 0, head, faults: [], release: "0" },
  });
}

function announces(socket: TLSSocket, header: readonly number[]): void {
  socket.resume();
  const body = Buffer.alloc(64 * 1024);
  socket.write(Buffer.from(header));
  const writeMore = (): void => {
    while (!socket.destroyed && socket.write(body)) counts.packets += 1;
  };
  socket.on("drain", writeMore);
  writeMore();
}

/** A pillar that calls and never reads the receipts; consoles that never read what happens. */
function readsNothing(): void {
  again(() =>
    connected((socket) => {
      socket.pause();
      alarms.forEach((alarm, n) => socket.write(publish("alarm", alarm, n + 1)));
      counts.packets += alarms.length;
    }),
  );
  const { events } = options;
  const head = `GET /api/v1/events HTTP/1.1\r\nhost: 127.0.0.1\r\nauthorization: Bearer ${events.token}`;
  for (let n = 0; n < CONSOLES; n += 1) {
    again(() => {
      const socket = connectTcp({ host: "127.0.0.1", port: events.port });
      socket.on("error", () => undefined);
      socket.once("connect", () => {
        counts.connections += 1;
        socket.pause();
        socket.write(`${head}\r\naccept: text/event-stream\r\n\r\n`);
      });
      return socket;
    });
  }
}

/** A handshake record begins. */
function halfOpen(everyMs?: number): void {
  for (let n = 0; n < SOCKETS; n += 1) {
    again(() => {
      const socket = connectTcp({ host: "127.0.0.1", port });
      socket.on("error", () => undefined);
      socket.resume();
      socket.write(Buffer.from([0x16, 0x03, 0x01]));
      counts.connections += 1;
      const timer = everyMs && setInterval(() => socket.write(Buffer.from([0])), everyMs);
      if (timer) socket.once("close", () => clearInterval(timer));
      return socket;
    });
  }
}

switch (attack) {
  case "publishes":
    again(() => connected(publishes));
    break;
  case "announces-before-connect":
    again(() => {
      const socket = secure();
      socket.once("secureConnect", () => announces(socket, ANNOUNCED.connect));
      return socket;
    });
    break;
  case "announces-after-connect":
    again(() => connected((socket) => announces(socket, ANNOUNCED.publish)));
    break;
  case "reads-nothing":
    readsNothing();
    break;
  case "half-open":
    halfOpen();
    break;
  case "byte-by-byte":
    halfOpen(10_000);
    break;
}
