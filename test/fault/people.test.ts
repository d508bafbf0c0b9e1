/** Group N: nobody answers, somebody vanishes, and the world outside does not pick up. */
import { once } from "node:events";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { PillarUnderTest } from "./harness/pillar.ts";
import { openStreet, readJournal, type Street } from "./harness/street.ts";

const SLOW = 120_000;
const SECRET = `whsec_${Buffer.alloc(32, 7).toString("base64")}`;

let street: Street;
let pillar: PillarUnderTest;
/** The first address outside always fails, the second takes every call. */
let [deaf, willing]: Server[] = [];
let calls = { deaf: 0, willing: 0 };
beforeAll(async () => {
  deaf = await listen((answer) => void answer(500, "deaf"));
  willing = await listen((answer) => void answer(204, "willing"));
  const webhook = [deaf, willing].map((server) => ({
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/ring`,
    secret: SECRET,
  }));
  const escalation = { desksAfterSeconds: 3, supervisorAfterSeconds: 5, externalAfterSeconds: 7 };
  street = await openStreet({ incidents: { escalation: { ...escalation, webhook } } });
  pillar = await street.add("pillar-1");
  pillar.start();
  await pillar.untilArmed();
});
afterAll(async () => {
  await street.close();
  for (const server of [deaf, willing]) server?.close();
});

async function listen(
  reply: (answer: (status: number, who: keyof typeof calls) => void) => void,
): Promise<Server> {
  const server = createServer((request, response) => {
    request.resume();
    reply((status, who) => {
      calls = { ...calls, [who]: calls[who] + 1 };
      response.writeHead(status).end();
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return server;
}

const levels = (): unknown[] =>
  readJournal(street.hub.dir)
    .filter((row) => row.type === "incident-escalated")
    .map((row) => (JSON.parse(row.body) as { level: string }).level);
const typed = (type: string): number =>
  readJournal(street.hub.dir).filter((row) => row.type === type).length;

test(
  "N1 an unanswered call rings the desks, the supervisor and the world outside, each once and in time",
  { timeout: SLOW },
  async () => {
    await pillar.press();
    await pillar.untilLamp("received");
    await expect.poll(levels, { timeout: 20_000 }).toEqual(["desks", "supervisor", "external"]);
    expect(pillar.lamp()).toBe("received");
    expect(await street.verdict()).toEqual([]);
  },
);

test(
  "N2 an address outside that fails is followed by the next, and the call is delivered",
  { timeout: SLOW },
  async () => {
    await expect.poll(() => typed("external-delivered"), { timeout: 60_000 }).toBe(1);
    expect(calls.deaf).toBeGreaterThan(0);
    expect(calls.willing).toBe(1);
    await street.hub.desk.clear();
    await pillar.untilLamp("standby");
  },
);

test(
  "N3 the hub is killed at each step of an escalation: every step still comes, and comes once",
  { timeout: SLOW },
  async () => {
    const before = levels().length;
    await pillar.press();
    await pillar.untilLamp("received");
    for (const step of [1, 2, 3]) {
      await street.hub.crash();
      await street.hub.start();
      await expect
        .poll(() => levels().length - before, { timeout: 20_000 })
        .toBeGreaterThanOrEqual(step);
    }
    await street.hub.crash();
    await street.hub.start();
    expect(levels().slice(before)).toEqual(["desks", "supervisor", "external"]);
    expect(await street.verdict()).toEqual([]);
    await pillar.untilLamp("received");
    await street.hub.desk.clear();
    await pillar.untilLamp("standby");
  },
);

test(
  "N1 an operator who answered and vanished is released within 30 s, and the call rings again",
  { timeout: SLOW },
  async () => {
    await pillar.press();
    await pillar.untilLamp("received");
    const [incident] = await street.hub.desk.active();
    // This one has no console open.
    const path = `/incidents/${incident!.id}/answer`;
    const headers = { "content-type": "application/json" };
    const order = { method: "POST", headers, body: "{}", as: "operator2" };
    expect((await street.hub.desk.request(path, order)).status).toBe(200);
    await pillar.untilLamp("answered");
    await expect.poll(() => typed("incident-released"), { timeout: 45_000 }).toBe(1);
    expect(await street.hub.desk.incident(incident!.id)).toMatchObject({
      state: "open",
      owner: null,
      deadlineAt: expect.any(String),
    });
    expect(await street.verdict()).toEqual([]);
    await street.hub.desk.clear();
  },
);
