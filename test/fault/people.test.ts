/** Group N: nobody answers, somebody vanishes, and the external contacts do not answer. */
import { once } from "node:events";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { PillarUnderTest } from "./harness/programs/pillar.ts";
import { openStreet, readJournal, type Street } from "./harness/programs/street.ts";

const SLOW = 120_000;
const SECRET = `whsec_${Buffer.alloc(32, 7).toString("base64")}`;

let street: Street;
let pillar: PillarUnderTest;
/** In the order in which they are called; the last alone takes a call. */
const servers: Server[] = [];
const calls = { failing: 0, redirecting: 0, silent: 0, willing: 0, beyond: 0 };
beforeAll(async () => {
  const beyond = await listen("beyond", () => 204);
  const urls = [
    await listen("failing", () => 500),
    await listen("redirecting", () => [307, beyond]),
    await listen("silent", () => undefined),
    await listen("willing", () => 204),
  ];
  const webhook = urls.map((url) => ({ url, secret: SECRET }));
  const escalation = { desksAfterSeconds: 3, supervisorAfterSeconds: 5, externalAfterSeconds: 7 };
  street = await openStreet({ incidents: { escalation: { ...escalation, webhook } } });
  pillar = await street.add("pillar-1");
  pillar.start();
  await pillar.untilArmed();
});
afterAll(async () => {
  await street?.close();
  for (const server of servers) {
    server.closeAllConnections();
    server.close();
  }
});

type Reply = number | readonly [status: number, location: string] | undefined;

/** Counts and answers; `undefined`: takes the request and never says a word. */
async function listen(who: keyof typeof calls, reply: () => Reply): Promise<string> {
  const server = createServer((request, response) => {
    request.resume();
    calls[who] += 1;
    const answer = reply();
    if (answer === undefined) return;
    const [status, location] = typeof answer === "number" ? [answer] : answer;
    response.writeHead(status, location === undefined ? {} : { location }).end();
  });
  servers.push(server);
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/ring`;
}

const levels = (): unknown[] =>
  readJournal(street.hub.dir)
    .filter((row) => row.type === "incident-escalated")
    .map((row) => (JSON.parse(row.body) as { level: string }).level);
const typed = (type: string): number =>
  readJournal(street.hub.dir).filter((row) => row.type === type).length;

test(
  "N1 a call that the open consoles show and no operator takes rings the desks, the supervisor and the external contacts, each once and in time",
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
  "N2 addresses outside that fail, redirect and never answer are followed by the next; the call is delivered once, and no redirect is followed",
  { timeout: SLOW },
  async () => {
    await expect.poll(() => typed("external-delivered"), { timeout: 60_000 }).toBe(1);
    expect(calls).toEqual({ failing: 1, redirecting: 1, silent: 1, willing: 1, beyond: 0 });
    await street.hub.operator.clear();
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
    await street.hub.operator.clear();
    await pillar.untilLamp("standby");
  },
);

test(
  "N1 with all consoles closed a call rings the desks, the supervisor and the external contacts, each once and in time",
  { timeout: SLOW },
  async () => {
    await street.closeConsoles();
    const before = levels().length;
    await pillar.press();
    await pillar.untilLamp("received");
    await expect
      .poll(() => levels().slice(before), { timeout: 20_000 })
      .toEqual(["desks", "supervisor", "external"]);
    expect(await street.verdict()).toEqual([]);
    await street.hub.operator.clear();
    await pillar.untilLamp("standby");
  },
);

test(
  "N1 an operator who answered and vanished is released within 30 s, and the call rings again",
  { timeout: SLOW },
  async () => {
    await pillar.press();
    await pillar.untilLamp("received");
    const [incident] = await street.hub.operator.active();
    // This one has no console open.
    const path = `/incidents/${incident!.id}/answer`;
    const headers = { "content-type": "application/json" };
    const order = { method: "POST", headers, body: "{}", as: "operator2" };
    expect((await street.hub.operator.request(path, order)).status).toBe(200);
    await pillar.untilLamp("answered");
    await expect.poll(() => typed("incident-released"), { timeout: 45_000 }).toBe(1);
    expect(await street.hub.operator.incident(incident!.id)).toMatchObject({
      state: "open",
      owner: null,
      deadlineAt: expect.any(String),
    });
    expect(await street.verdict()).toEqual([]);
    await street.hub.operator.clear();
  },
);
