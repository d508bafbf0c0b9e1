/** What thousands of silent connections from one address cost everybody else, port by port. */
import { setTimeout as delay } from "node:timers/promises";
import { openStreet, type Street } from "../fault/harness/programs/street.ts";
import { newBystanders, type Action, type Bystanders } from "../fault/harness/bystanders.ts";
import type { SilentCounts } from "../fault/harness/silent-child.ts";
import { silentCrowd } from "../fault/harness/silent-crowd.ts";
import { summarise } from "./rig/percentile.ts";
import type { Row, Section } from "./rig/section.ts";

const CONNECTIONS = 3500;
/** Calm and crowd take turns, so that what else the machine does falls on both. */
const ROUNDS = 4;
/** Of each action, in a round. */
const TIMES = 50;
/** Of each action, while the crowd arrives. */
const ARRIVING = 10;
const EVERY_MS = 25;
/** How long the hub keeps a silent connection. */
const AGAIN_AFTER_MS = 5000;
const REST_MS = 1500;
const MOST_TIMES = 1.5;
/** A person at the pillar sees within a second that the call has arrived. */
const ARRIVAL_MS = 1000;

type Entrance = "http" | "mqtt" | "alarms";
const ENTRANCES: Readonly<Record<Entrance, string>> = {
  http: "http.port (8110)",
  mqtt: "mqtt.port (8883)",
  alarms: "alarms.port (8884)",
};
const ACTIONS: Readonly<Record<Action, string>> = {
  press: "a connected pillar's press → accepted",
  newcomer: "a pillar connects by MQTT (TLS, CONNECT, CONNACK)",
  fallback: "an alarm by HTTPS on a new connection → receipt",
  operator: "an operator's request on a new connection",
  floor: "floor: the same request to a bare server that nobody floods",
};

type Taken = Readonly<Record<Action, number[]>>;
const nothing = (): Taken => ({ press: [], newcomer: [], fallback: [], operator: [], floor: [] });

interface Case {
  readonly entrance: Entrance;
  readonly calm: Taken;
  readonly crowded: Taken;
  readonly arriving: Taken;
  readonly counts: SilentCounts;
}

export async function benchSilent(): Promise<Section> {
  const street = await openStreet();
  try {
    const bystanders = await newBystanders(street);
    await actionsOf(bystanders, nothing(), TIMES); // What runs for the first time is compiled.
    const cases: Case[] = [];
    for (const entrance of Object.keys(ENTRANCES) as Entrance[]) {
      cases.push(await measured(street, entrance, bystanders));
    }
    return section(cases);
  } finally {
    await street.close();
  }
}

async function measured(
  { hub }: Street,
  entrance: Entrance,
  bystanders: Bystanders,
): Promise<Case> {
  const [calm, crowded, arriving] = [nothing(), nothing(), nothing()];
  const ports: Readonly<Record<Entrance, number>> = {
    http: Number(new URL(hub.url).port),
    mqtt: hub.mqttPort,
    alarms: hub.alarmsPort,
  };
  let most: SilentCounts = { connected: 0, open: 0, closedByHub: 0 };
  for (let round = 0; round < ROUNDS; round += 1) {
    await actionsOf(bystanders, calm, TIMES);
    const wanted = { connections: CONNECTIONS, againAfterMs: AGAIN_AFTER_MS };
    const crowd = await silentCrowd({ port: ports[entrance], ...wanted });
    await actionsOf(bystanders, arriving, ARRIVING);
    await crowd.whole();
    await actionsOf(bystanders, crowded, TIMES);
    most = crowd.counts();
    await crowd.leave();
    await delay(REST_MS);
  }
  await hub.operator.clear();
  return { entrance, calm, crowded, arriving, counts: most };
}

/** In turn, at a pace; each without waiting for the one before. */
async function actionsOf(bystanders: Bystanders, taken: Taken, times: number): Promise<void> {
  const all: Promise<void>[] = [];
  for (let n = 0; n < times; n += 1) {
    for (const action of Object.keys(ACTIONS) as Action[]) {
      all.push(bystanders[action]().then((ms) => void taken[action].push(ms)));
      await delay(EVERY_MS);
    }
  }
  await Promise.all(all);
}

function section(cases: readonly Case[]): Section {
  return {
    name: "silent",
    title: "Thousands of silent connections from one address",
    method:
      `${CONNECTIONS} connections from 127.0.0.2 to one port of the hub, which say nothing; one that the hub closes is opened again ` +
      `after ${AGAIN_AFTER_MS / 1000} s. Meanwhile, from 127.0.0.1, each of the actions below every ${EVERY_MS * Object.keys(ACTIONS).length} ms: ${ROUNDS} rounds of ${TIMES} ` +
      `without the crowd and with it, in turns. While all ${CONNECTIONS} arrive at once nothing is compared: the slowest is told. Hub, crowd, bystanders and bare server are four ` +
      `processes on two cores: what the crowd's own process takes from the machine is seen in the floor.`,
    rows: cases.flatMap(({ entrance, calm, crowded, arriving, counts }) => [
      ...(Object.keys(ACTIONS) as Action[]).map((action) =>
        row(entrance, action, [calm[action], crowded[action]]),
      ),
      arrivalRow(entrance, arriving),
      {
        what: `${ENTRANCES[entrance]}: connections`,
        measured: `${counts.connected} made in the last round, ${counts.closedByHub} of them closed by the hub, ${counts.open} open at its end`,
        bar: "none",
        isMet: true,
      },
    ]),
    notTested: "many addresses at once; a network between the two.",
  };
}

function arrivalRow(entrance: Entrance, arriving: Taken): Row {
  const slowest = Math.max(
    ...(Object.keys(ACTIONS) as Action[]).map((action) => Math.max(...arriving[action])),
  );
  return {
    what: `${ENTRANCES[entrance]}: the slowest of all actions while the crowd arrives`,
    measured: `${slowest.toFixed(0)} ms (a press: p50 ${summarise(arriving.press).p50.toFixed(1)} ms)`,
    bar: `≤ ${ARRIVAL_MS} ms`,
    isMet: slowest <= ARRIVAL_MS,
  };
}

function row(
  entrance: Entrance,
  action: Action,
  [calm, crowded]: readonly [number[], number[]],
): Row {
  const [without, under] = [summarise(calm), summarise(crowded)];
  const times = under.p99 / without.p99;
  const hasBar = action !== "floor";
  return {
    what: `${ENTRANCES[entrance]}: ${ACTIONS[action]}, p99`,
    measured:
      `${under.p99.toFixed(1)} ms (without ${without.p99.toFixed(1)} ms): ${times.toFixed(2)} times; ` +
      `p50 ${under.p50.toFixed(1)} ms (${without.p50.toFixed(1)} ms), slowest ${under.max.toFixed(0)} ms (${without.max.toFixed(0)} ms)`,
    bar: hasBar ? `≤ ${MOST_TIMES} times` : "none",
    isMet: !hasBar || times <= MOST_TIMES,
  };
}
