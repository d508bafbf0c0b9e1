/**
 * How soon a pillar that died, a cable that was pulled
 * and a grid that is gone are on the desk's stream.
 */
import { setTimeout as delay } from "node:timers/promises";
import type { ServerEvent } from "../../shared/api/event.ts";
import { ACCOUNTS, PASSWORD } from "../../simulator/demo/demo-hub.ts";
import { hubClient } from "../../simulator/demo/hub-client.ts";
import { mustHaveNamespaces, type Namespace } from "../fault/harness/network/namespace.ts";
import type { PillarUnderTest } from "../fault/harness/programs/pillar.ts";
import { openStreet, type Street } from "../fault/harness/programs/street.ts";
import { summarise } from "./rig/percentile.ts";
import type { Row, Section } from "./rig/section.ts";

const PILLARS = 7;
const ROUNDS = 3;
const SHOWN_MS = 15_000;
const SEEN_MS = 12_000;
const PATIENCE_MS = 60_000;
const LOOK_MS = 25;
/** A heartbeat's interval: the blow falls at every moment of it. */
const SPREAD_MS = 5000;

interface Sight {
  readonly at: number;
  readonly event: ServerEvent;
}

interface Rig {
  readonly street: Street;
  readonly cables: readonly Namespace[];
  readonly pillars: readonly PillarUnderTest[];
  /** What the stream of events told, in order. */
  readonly seen: readonly Sight[];
}

interface Figures {
  readonly late: number[];
  readonly lost: number[];
  /** At the pillar: its own log says that the hub is not reached. */
  readonly noticed: number[];
  /** From the last blow to the one fault of the whole grid. */
  readonly grid: number[];
}

export async function benchPresence(): Promise<Section> {
  const cables = mustHaveNamespaces("the presence bench", PILLARS);
  try {
    const host = "0.0.0.0";
    const names = cables.map(({ outside }) => outside);
    const street = await openStreet({ mqtt: { host, names }, alarms: { host } });
    try {
      return await measured(street, cables);
    } finally {
      await street.close();
    }
  } finally {
    cables.forEach((cable) => cable.remove());
  }
}

async function measured(street: Street, cables: readonly Namespace[]): Promise<Section> {
  const seen: Sight[] = [];
  const watching = new AbortController();
  const client = hubClient(street.hub.url, {
    username: ACCOUNTS[1]?.username ?? "",
    password: PASSWORD,
  });
  const stream = client.watch(
    (event) => void seen.push({ at: Date.now(), event }),
    watching.signal,
  );
  const pillars = await Promise.all(cables.map((cable, n) => pillarOn(street, cable, n)));
  const rig: Rig = { street, cables, pillars, seen };
  pillars.forEach((pillar, n) => pillar.start(cables[n]!.around));
  await Promise.all(pillars.map((pillar) => untilPresence(rig, pillar, "online")));
  const killed = await rounds(rig, async (n) => {
    await pillars[n]!.process().crash();
    return () => pillars[n]!.start(cables[n]!.around);
  });
  const cut = await rounds(rig, (n) => {
    cables[n]!.lose(100);
    return Promise.resolve(() => cables[n]!.lose(0));
  });
  watching.abort();
  await stream;
  return section(killed, cut);
}

async function pillarOn(street: Street, cable: Namespace, n: number): Promise<PillarUnderTest> {
  const { mqttPort, alarmsPort, url: httpUrl } = street.hub;
  const alarmUrls = [`https://${cable.outside}:${alarmsPort}`];
  return street.add(`pillar-${n}`, { hub: { host: cable.outside, mqttPort, httpUrl, alarmUrls } });
}

type Cause = (n: number) => Promise<() => void>;

/** Every pillar fails at a moment of its own, each round at others; then all are made well. */
async function rounds(rig: Rig, cause: Cause): Promise<Figures> {
  const figures: Figures = { late: [], lost: [], noticed: [], grid: [] };
  for (let round = 0; round < ROUNDS; round += 1) {
    const from = rig.seen.length;
    const failures = await Promise.all(
      rig.pillars.map(async (pillar, n) => {
        await delay((((round * PILLARS + n) * 0.618034) % 1) * SPREAD_MS);
        const lines = pillar.lines().length;
        const at = Date.now();
        const heal = await cause(n);
        return { pillar, lines, at, heal };
      }),
    );
    for (const { pillar, lines, at } of failures) {
      const isNews = (wanted: string) => (sight: Sight) => presenceIn(sight, pillar) === wanted;
      const lostAt = (await sighted(rig, from, isNews("lost"))).at;
      figures.lost.push(lostAt - at);
      const late = rig.seen.slice(from).find(isNews("late"));
      if (late && late.at < lostAt) figures.late.push(late.at - at);
      if (pillar.process().isRunning()) figures.noticed.push((await noticedAt(pillar, lines)) - at);
    }
    const isGrid = ({ event }: Sight) =>
      event.type === "notification" && event.notification.code === "grid-lost";
    const gridAt = (await sighted(rig, from, isGrid)).at;
    figures.grid.push(gridAt - Math.max(...failures.map(({ at }) => at)));
    for (const { heal } of failures) heal();
    await Promise.all(rig.pillars.map((pillar) => untilPresence(rig, pillar, "online")));
  }
  return figures;
}

const presenceIn = ({ event }: Sight, { id }: PillarUnderTest): string | undefined =>
  event.type === "pillar" && event.pillar.id === id ? event.pillar.presence : undefined;

async function sighted(rig: Rig, from: number, holds: (sight: Sight) => boolean): Promise<Sight> {
  return eventually("news on the stream", () => rig.seen.slice(from).find(holds));
}

function untilPresence(rig: Rig, pillar: PillarUnderTest, wanted: string): Promise<unknown> {
  const latest = () => rig.seen.findLast((sight) => presenceIn(sight, pillar) !== undefined);
  return eventually(`${pillar.id} ${wanted}`, () => {
    const sight = latest();
    return sight && presenceIn(sight, pillar) === wanted ? sight : undefined;
  });
}

function noticedAt(pillar: PillarUnderTest, from: number): Promise<number> {
  return eventually(`${pillar.id} to miss its hub`, () => {
    const line = pillar
      .lines()
      .slice(from)
      .find((text) => text.includes("hub is not reached"));
    return line === undefined ? undefined : (JSON.parse(line) as { time: number }).time;
  });
}

async function eventually<T>(what: string, look: () => T | undefined): Promise<T> {
  const end = performance.now() + PATIENCE_MS;
  while (performance.now() < end) {
    const found = look();
    if (found !== undefined) return found;
    await delay(LOOK_MS);
  }
  throw new Error(`expected ${what} within ${PATIENCE_MS / 1000} s`);
}

function section(killed: Figures, cut: Figures): Section {
  return {
    name: "presence",
    title: "Who is gone, and how soon it is seen",
    method:
      `${PILLARS} real agents, each in a network namespace of its own, ${ROUNDS} rounds each: killed (kill -9, the kernel closes their connections), ` +
      "and with the cable out (every packet dropped both ways, nobody is told). Each is struck at another moment of its heartbeat's 5 s. " +
      "Times run to the event on the desk's stream; at the pillar to its own log.",
    rows: [
      rowOf("killed → lost on the stream", killed.lost, SHOWN_MS),
      rowOf("cable out → late on the stream", cut.late, SEEN_MS),
      rowOf("cable out → lost on the stream", cut.lost, SHOWN_MS),
      rowOf("cable out → the pillar knows", cut.noticed, SEEN_MS),
      rowOf("last one killed → the whole grid as one fault", killed.grid, SHOWN_MS),
      rowOf("last cable out → the whole grid as one fault", cut.grid, SHOWN_MS),
    ],
    notTested: "the browser's own time to draw it; grids of hundreds.",
  };
}

function rowOf(what: string, values: readonly number[], mostMs: number): Row {
  const { n, p50, max } = summarise(values);
  const measured = `p50 ${seconds(p50)}, slowest ${seconds(max)} (${n})`;
  return { what, measured, bar: `slowest ≤ ${seconds(mostMs)}`, isMet: max <= mostMs };
}

const seconds = (ms: number): string => `${(ms / 1000).toFixed(2)} s`;
