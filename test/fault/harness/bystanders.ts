/**
 * What people and pillars do while somebody else floods the hub, each timed: pillars and an
 * operator at 127.0.0.1.
 *
 * Each action resolves with the milliseconds it took, and
 * with `Infinity` when nothing came of it in time.
 */
import { fork } from "node:child_process";
import { once } from "node:events";
import { get as httpGet, type IncomingMessage } from "node:http";
import { request as httpsRequest } from "node:https";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { connectAsync } from "mqtt";
import { ACCOUNTS, PASSWORD } from "../../../simulator/demo/demo-hub.ts";
import { tlsOf, wirePillar, type WireLink, type WirePillar } from "./network/wire-pillar.ts";
import type { Street } from "./programs/street.ts";

export type Action = "press" | "newcomer" | "fallback" | "operator" | "floor";
export type Bystanders = Readonly<Record<Action, () => Promise<number>>>;

const PATIENCE_MS = 20_000;
/** Each may send 20 alarms a second. */
const PRESSING = 4;
/** So that each has left before it comes again. */
const NEWCOMERS = 8;

export async function newBystanders(street: Street): Promise<Bystanders> {
  const { hub } = street;
  const links: WireLink[] = [];
  for (let n = 0; n < PRESSING; n += 1) {
    links.push(await (await wirePillar(street, `bystander-${n}`)).connect());
  }
  const newcomers: WirePillar[] = [];
  for (let n = 0; n < NEWCOMERS; n += 1) newcomers.push(await wirePillar(street, `newcomer-${n}`));
  const fallback = await wirePillar(street, "fallback");
  const token = await signIn(hub.url);
  const bare = fork(join(import.meta.dirname, "bare-server-child.ts"));
  const [barePort] = (await once(bare, "message")) as [number];
  street.onClose(async () => {
    const exited = once(bare, "exit");
    bare.disconnect();
    await exited;
  });
  const next = inTurn();
  return {
    press: () => timed(() => pressed(next(links))),
    newcomer: () => timed(() => connects(street, next(newcomers))),
    fallback: () => timed(() => posts(street, fallback)),
    operator: () => timed(() => asks(`${hub.url}/api/v1/incidents?state=active&limit=5`, token)),
    floor: () => timed(() => asks(`http://127.0.0.1:${barePort}/`, token)),
  };
}

function inTurn(): <T>(all: readonly T[]) => T {
  let turn = 0;
  return (all) => {
    turn += 1;
    return all[turn % all.length]!;
  };
}

async function timed(act: () => Promise<unknown>): Promise<number> {
  const startedAt = performance.now();
  const late = delay(PATIENCE_MS, "late" as const, { ref: false });
  const done = await Promise.race([act(), late]);
  return done === "late" ? Infinity : performance.now() - startedAt;
}

async function pressed(link: WireLink): Promise<void> {
  const alarm = await link.press();
  while (!link.isAccepted(alarm)) await delay(1);
}

/** A full handshake and the broker's answer; then it leaves. */
async function connects({ hub }: Street, pillar: WirePillar): Promise<void> {
  const client = await connectAsync(tlsOf(hub, pillar));
  client.on("error", () => undefined);
  void client.endAsync(true);
}

async function posts({ hub }: Street, pillar: WirePillar): Promise<void> {
  const { ca, tlsKey: key, tlsCert: cert } = pillar.identity;
  const path = `/api/v1/pillars/${pillar.id}/alarms`;
  const text = JSON.stringify(pillar.envelope(pillar.seal()));
  const asking = httpsRequest({
    ...{ host: "127.0.0.1", port: hub.alarmsPort, path, method: "POST", agent: false },
    ...{ ca, key, cert, headers: { "content-type": "application/json" } },
  });
  asking.end(text);
  const [answer] = (await once(asking, "response")) as [IncomingMessage];
  answer.resume();
  if (answer.statusCode !== 200) throw new Error(`an alarm by HTTPS: ${answer.statusCode}`);
  await once(answer, "end");
}

async function asks(url: string, token: string): Promise<void> {
  const asking = httpGet(url, { agent: false, headers: { authorization: `Bearer ${token}` } });
  const [answer] = (await once(asking, "response")) as [IncomingMessage];
  answer.resume();
  if (answer.statusCode !== 200) throw new Error(`${url}: ${answer.statusCode}`);
  await once(answer, "end");
}

async function signIn(url: string): Promise<string> {
  const answer = await fetch(`${url}/api/v1/sessions`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ username: ACCOUNTS[0]?.username, password: PASSWORD }),
  });
  if (!answer.ok) throw new Error(`sign-in: ${answer.status} ${await answer.text()}`);
  return ((await answer.json()) as { token: string }).token;
}
