/** What one hostile client costs the others, attack by attack. */
import { fork, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { parseDown } from "../../shared/protocol/messages.ts";
import { downTopic } from "../../shared/protocol/topics.ts";
import { ACCOUNTS, PASSWORD } from "../../simulator/demo/demo-hub.ts";
import { openStreet, type Street } from "../fault/harness/programs/street.ts";
import {
  wirePillar,
  type WireLink,
  type WirePillar,
} from "../fault/harness/network/wire-pillar.ts";
import type { Attack, Counts, AttackOptions } from "./rig/hostile-child.ts";
import { summarise } from "./rig/percentile.ts";
import type { Row, Section } from "./rig/section.ts";

const VICTIMS = 4;
const PRESSES = 100;
/** Calm and attack take turns, so that what else the machine does falls on both. */
const ROUNDS = 3;
const EVERY_MS = 25;
const MOST_COST_MS = 100;
const PATIENCE_MS = 30_000;
/** So that what is measured is the attack and not its beginning. */
const UNDER_WAY_MS = 3000;
const REST_MS = 1500;
/** Its own presses; the hub answers 20 a second. */
const HOSTILE_ALARMS = 200;

const ATTACKS: Readonly<Record<Attack, string>> = {
  publishes: "10,000 heartbeats a second from a valid pillar",
  "announces-before-connect": "256 MB announced before CONNECT, again and again",
  "announces-after-connect": "256 MB announced after CONNECT, again and again",
  "reads-nothing": "a pillar and 20 consoles that do not read",
  "half-open": "300 half-open handshakes, opened again when closed",
  "byte-by-byte": "300 handshakes of one byte in 10 s, opened again when closed",
};

interface Case {
  readonly attack: Attack;
  readonly calm: readonly number[];
  readonly attacked: readonly number[];
  readonly growthMib: number;
  readonly counts: Counts;
}

export async function benchHostile(): Promise<Section> {
  const street = await openStreet();
  try {
    const press = await bystanders(street);
    await press(); // What runs for the first time is compiled.
    const cases: Case[] = [];
    for (const attack of Object.keys(ATTACKS) as Attack[]) {
      cases.push(await measured(street, attack, press));
    }
    return section(cases);
  } finally {
    await street.close();
  }
}

/** Presses of several pillars in turn; each answer is timed by the message's arrival. */
async function bystanders(street: Street): Promise<() => Promise<number[]>> {
  const arrivedAt = new Map<string, number>();
  const links: WireLink[] = [];
  for (let n = 0; n < VICTIMS; n += 1) {
    const pillar = await wirePillar(street, `bystander-${n}`);
    street.onClose(() => pillar.close());
    const link = await pillar.connect();
    link.client.on("message", (topic, bytes) => {
      if (topic !== downTopic(pillar.id, "accepted")) return;
      const parsed = parseDown("accepted", bytes);
      if (!parsed.ok || parsed.value.channel !== "accepted") return;
      arrivedAt.set(parsed.value.message.receipt.eventId, performance.now());
    });
    links.push(link);
  }
  return async () => {
    const taken: Promise<number>[] = [];
    for (let n = 0; n < PRESSES; n += 1) {
      const link = links[n % VICTIMS]!;
      const pressedAt = performance.now();
      const waited = async (): Promise<number> => {
        const { event } = await link.press();
        while (!arrivedAt.has(event.eventId)) {
          if (performance.now() - pressedAt > PATIENCE_MS) return Infinity;
          await delay(2);
        }
        return arrivedAt.get(event.eventId)! - pressedAt;
      };
      taken.push(waited());
      await delay(EVERY_MS);
    }
    return Promise.all(taken);
  };
}

async function measured(
  street: Street,
  attack: Attack,
  press: () => Promise<number[]>,
): Promise<Case> {
  const hostile = await wirePillar(street, `hostile-${attack}`);
  const options = join(street.dir, `${attack}.json`);
  writeFileSync(options, JSON.stringify(await optionsFor(street, hostile, attack)));
  const rssBefore = residentMib(street);
  const [calm, attacked]: [number[], number[]] = [[], []];
  const done = { packets: 0, connections: 0 };
  let mostMib = 0;
  for (let round = 0; round < ROUNDS; round += 1) {
    calm.push(...(await press()));
    const child = fork(join(import.meta.dirname, "rig/hostile-child.ts"), [options]);
    let counts: Counts = { packets: 0, connections: 0 };
    child.on("message", (told) => (counts = told as Counts));
    await delay(UNDER_WAY_MS);
    attacked.push(...(await press()));
    mostMib = Math.max(mostMib, residentMib(street));
    await end(child);
    done.packets += counts.packets;
    done.connections += counts.connections;
    await delay(REST_MS);
  }
  await hostile.close();
  await street.hub.operator.clear();
  return { attack, calm, attacked, growthMib: mostMib - rssBefore, counts: done };
}

async function end(child: ChildProcess): Promise<void> {
  const exited = once(child, "exit");
  child.disconnect();
  await exited;
}

async function optionsFor(
  street: Street,
  hostile: WirePillar,
  attack: Attack,
): Promise<AttackOptions> {
  const { ca, tlsKey: key, tlsCert: cert } = hostile.identity;
  const alarms =
    attack === "reads-nothing"
      ? Array.from({ length: HOSTILE_ALARMS }, () =>
          JSON.stringify(hostile.envelope(hostile.seal())),
        )
      : [];
  const events = { port: Number(new URL(street.hub.url).port), token: await token(street) };
  return { attack, port: street.hub.mqttPort, pillarId: hostile.id, ca, key, cert, events, alarms };
}

async function token({ hub }: Street): Promise<string> {
  const answer = await fetch(`${hub.url}/api/v1/sessions`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ username: ACCOUNTS[1]?.username, password: PASSWORD }),
  });
  if (!answer.ok) throw new Error(`sign-in: ${answer.status} ${await answer.text()}`);
  return ((await answer.json()) as { token: string }).token;
}

function residentMib({ hub }: Street): number {
  const status = readFileSync(`/proc/${hub.process().pid()}/status`, "utf8");
  return Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1]) / 1024;
}

function section(cases: readonly Case[]): Section {
  return {
    name: "hostile",
    title: "One hostile client",
    method:
      `${VICTIMS} pillars at protocol level press in turn every ${EVERY_MS} ms while one process attacks the same hub; press → accepted, ` +
      `${ROUNDS} times ${PRESSES} presses without and under each attack, in turns, so that what else the machine does falls on both. Hub, ` +
      "attacker and pillars are three processes on two cores and nobody is niced: the attacker's own work is in the figures. Whom the hub " +
      "cuts off comes back at once.",
    rows: cases.flatMap(rowsOf),
    notTested:
      "an attack from many addresses at once, attackers on other machines, a network that is itself full.",
  };
}

function rowsOf({ attack, calm, attacked, growthMib, counts }: Case): Row[] {
  const [without, under] = [summarise(calm), summarise(attacked)];
  const cost = under.p99 - without.p99;
  const did = `${counts.packets} packets, ${counts.connections} connections`;
  return [
    {
      what: `${ATTACKS[attack]}: press → accepted, p99`,
      measured: `${under.p99.toFixed(1)} ms (without ${without.p99.toFixed(1)} ms; slowest ${under.max.toFixed(0)} ms; ${did})`,
      bar: `< ${MOST_COST_MS} ms more than without`,
      isMet: cost < MOST_COST_MS,
    },
    {
      what: `${ATTACKS[attack]}: the hub's resident memory`,
      measured: `${growthMib.toFixed(1)} MiB more`,
      bar: "none: connections that come and go are freed later; H1 holds 100 of them to 20 MiB",
      isMet: true,
    },
  ];
}
