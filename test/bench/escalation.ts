/**
 * How punctually an unanswered call escalates: desks, supervisor, external contacts; also over
 * restarts and clock steps.
 */
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import type { Fact } from "../../hub/core/facts.ts";
import { until } from "../../simulator/demo/hub-client.ts";
import { openStreet, readJournal, type Street } from "../fault/harness/programs/street.ts";
import { libfaketime, underClock } from "../fault/harness/programs/tool.ts";
import { wirePillar } from "../fault/harness/network/wire-pillar.ts";
import { summarise } from "./rig/percentile.ts";
import type { Row, Section } from "./rig/section.ts";

const CALLS = 12;
/** The calls begin over so long, so that kills and leaps meet every step. */
const SPREAD_MS = 10_000;
const LEVEL_MS = { desks: 10_000, supervisor: 20_000, external: 40_000 } as const;
type Level = keyof typeof LEVEL_MS;
const LATE_MS = 2000;
/** A step is never early; what is measured from outside has this grain. */
const EARLY_MS = 250;
const KILL_EVERY_MS = 9500;
const LEAPS = ["+1d", "-1d", "@1970-01-02 00:00:00", "@2106-02-07 06:28:00", "+0"];
const LEAP_EVERY_MS = 9000;
const END_MS = 15_000;
const LOOK_MS = 50;
const SECRET = `whsec_${Buffer.alloc(32, 7).toString("base64")}`;

interface Phase {
  /** ms after each step was due, or after the hub was back when that was later. */
  readonly errors: readonly number[];
  readonly steps: number;
  /** The external contacts were told once of each call. */
  readonly toldOnce: number;
  readonly outsideMs: readonly number[];
}

interface Outside {
  readonly url: string;
  readonly toldAt: Map<string, number[]>;
  close(): void;
}

export async function benchEscalation(): Promise<Section> {
  const library = libfaketime();
  if (library === undefined) throw new Error("the escalation bench needs libfaketime: apt-get");
  const calm = await phase(() => Promise.resolve());
  const killed = await phase(killing);
  const leapt = await phase(leaping, library);
  return section({ calm, killed, leapt });
}

type Disturbance = (street: Street, isOver: () => boolean) => Promise<void>;

async function killing({ hub }: Street, isOver: () => boolean): Promise<void> {
  while (!isOver()) {
    await delay(KILL_EVERY_MS);
    await hub.crash();
    await hub.start();
  }
}

async function leaping(street: Street, isOver: () => boolean): Promise<void> {
  for (let n = 0; !isOver(); n += 1) {
    await delay(LEAP_EVERY_MS);
    setClock(street, LEAPS[n % LEAPS.length]!);
  }
}

const clockOf = (street: Street): string => join(street.dir, "clock");
const setClock = (street: Street, to: string): void => writeFileSync(clockOf(street), `${to}\n`);

async function phase(disturb: Disturbance, library?: string): Promise<Phase> {
  const [deaf, willing] = [await listen(500), await listen(204)];
  const webhook = [deaf, willing].map(({ url }) => ({ url, secret: SECRET }));
  const street = await openStreet({ incidents: { escalation: { webhook } } });
  try {
    if (library !== undefined) {
      setClock(street, "+0");
      street.history.record({ what: "hub-clock-moved", at: Date.now() });
      await street.hub.stop();
      await street.hub.start(underClock(library, clockOf(street)));
    }
    const seen = watch(street);
    const openedAt = await calls(street, disturb);
    const steps = library === undefined ? journalled(street) : seen.steps;
    await seen.stop();
    const errors = [...steps].map(([key, at]) => {
      const [incidentId, level] = key.split(" ") as [string, Level];
      const dueAt = openedAt.get(incidentId)! + LEVEL_MS[level];
      return at - countsFrom(street, dueAt, at);
    });
    const told = [...willing.toldAt.values()];
    return {
      errors,
      steps: steps.size,
      toldOnce: told.filter(({ length }) => length === 1).length,
      outsideMs: [...willing.toldAt].map(
        ([id, [at = Number.NaN]]) => at - (openedAt.get(id)! + LEVEL_MS.external),
      ),
    };
  } finally {
    await street.close();
    deaf.close();
    willing.close();
  }
}

/** Answers every request the same way and keeps when each call was told. */
async function listen(status: number): Promise<Outside> {
  const toldAt = new Map<string, number[]>();
  const server: Server = createServer((request, response) => {
    const [id = ""] = String(request.headers["webhook-id"]).split(".");
    toldAt.set(id, [...(toldAt.get(id) ?? []), Date.now()]);
    request.resume();
    response.writeHead(status).end();
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  return { url: `http://127.0.0.1:${port}/ring`, toldAt, close: () => void server.close() };
}

/** Everybody presses once; resolves with when each incident was opened, by the test's clock. */
async function calls(street: Street, disturb: Disturbance): Promise<Map<string, number>> {
  const pillars = await Promise.all(
    Array.from({ length: CALLS }, (_, n) => wirePillar(street, `caller-${n}`)),
  );
  const openedAt = new Map<string, number>();
  let isOver = false;
  await Promise.all(
    pillars.map(async (pillar, n) => {
      const link = await pillar.connect();
      await delay((n * SPREAD_MS) / CALLS);
      const { event } = await link.press();
      const openedMs = Date.now();
      const receipt = () =>
        link.received.find(
          (one) => one.channel === "accepted" && one.message.receipt.eventId === event.eventId,
        );
      await until(END_MS, () => Promise.resolve(receipt() !== undefined));
      const found = receipt();
      if (found?.channel === "accepted") openedAt.set(found.message.receipt.incidentId, openedMs);
    }),
  );
  const disturbing = disturb(street, () => isOver);
  await delay(LEVEL_MS.external + END_MS - SPREAD_MS);
  isOver = true;
  await disturbing;
  await Promise.all(pillars.map((pillar) => pillar.close()));
  return openedAt;
}

/**
 * By asking again and again: the answers' moments are the test's own, whatever clock the hub has.
 */
function watch(street: Street): { readonly steps: Map<string, number>; stop(): Promise<void> } {
  const steps = new Map<string, number>();
  const stopping = new AbortController();
  const look = async (): Promise<void> => {
    while (!stopping.signal.aborted) {
      for (const { id, escalation } of await street.hub.operator.active().catch(() => [])) {
        const key = `${id} ${escalation}`;
        if (escalation !== "none" && !steps.has(key)) steps.set(key, Date.now());
      }
      await delay(LOOK_MS);
    }
  };
  const watching = look();
  return {
    steps,
    stop: async () => {
      stopping.abort();
      await watching;
    },
  };
}

function journalled(street: Street): Map<string, number> {
  const facts = readJournal(street.hub.dir).map(({ body }) => JSON.parse(body) as Fact);
  return new Map(
    facts.flatMap((fact) =>
      fact.type === "incident-escalated"
        ? [[`${fact.incidentId} ${fact.level}`, fact.at] as const]
        : [],
    ),
  );
}

/**
 * From when a step counts that came at `at`: when it
 * was due, or the hub's return if it was away then.
 */
function countsFrom({ history }: Street, dueAt: number, at: number): number {
  let downAt = Infinity;
  for (const entry of history.entries()) {
    if (entry.what !== "hub") continue;
    if (entry.state === "down") downAt = entry.at;
    else if (downAt <= dueAt + LATE_MS && dueAt <= entry.at && downAt < at) {
      return Math.max(dueAt, Math.min(at, entry.at));
    }
  }
  return dueAt;
}

interface Figures {
  readonly calm: Phase;
  readonly killed: Phase;
  readonly leapt: Phase;
}

function section({ calm, killed, leapt }: Figures): Section {
  return {
    name: "escalation",
    title: "Nobody answers",
    method:
      `${CALLS} calls that nobody takes, begun over ${SPREAD_MS / 1000} s, with the levels as they are set out of the box (10, 20, 40 s). First ` +
      `undisturbed, then with the hub killed (kill -9) every ${KILL_EVERY_MS / 1000} s, then with its wall clock set every ${LEAP_EVERY_MS / 1000} s: ` +
      `${LEAPS.join(", ")}. The error is from when a step was due, or from the hub's return when it was away. The first address outside answers 500, the second 204.`,
    rows: [
      ...rowsOf("undisturbed", calm),
      ...rowsOf("hub killed", killed),
      ...rowsOf("clock set", leapt),
    ],
    notTested: "a machine that sleeps; hundreds of calls at once.",
  };
}

function rowsOf(how: string, { errors, steps, toldOnce, outsideMs }: Phase): Row[] {
  const { p50, max } = summarise(errors);
  const least = Math.min(...errors);
  const wanted = CALLS * Object.keys(LEVEL_MS).length;
  const outside = summarise(outsideMs);
  return [
    {
      what: `${how}: steps that came`,
      measured: `${steps} of ${wanted}`,
      bar: "all",
      isMet: steps === wanted,
    },
    {
      what: `${how}: error of a step`,
      measured: `p50 ${seconds(p50)}, earliest ${seconds(least)}, latest ${seconds(max)}`,
      bar: `not early, ≤ ${seconds(LATE_MS)} late`,
      isMet: least >= -EARLY_MS && max <= LATE_MS,
    },
    {
      what: `${how}: told outside, after the first address failed`,
      measured: `${toldOnce} of ${CALLS} once; p50 ${seconds(outside.p50)}, latest ${seconds(outside.max)} after the level was due`,
      bar: "all, once",
      isMet: toldOnce === CALLS,
    },
  ];
}

const seconds = (ms: number): string => `${(ms / 1000).toFixed(2)} s`;
