/**
 * The poison corpus through real processes: every message of a stolen pillar is correctly signed
 * and hostile, and takes no list, event or receipt from others, and does not end the hub.
 */
import { setTimeout as delay } from "node:timers/promises";
import { afterAll, assert, beforeAll, expect, test } from "vitest";
import { MOST_AGE_MS } from "../../hub/core/time/bounds.ts";
import type { FactOf } from "../../hub/core/facts.ts";
import { ServerEvent } from "../../shared/api/event.ts";
import { Incident, IncidentPage, RecordingPage } from "../../shared/api/incident.ts";
import { Timeline } from "../../shared/api/timeline.ts";
import { Pillar, PillarPage } from "../../shared/api/pillar.ts";
import { ACCOUNTS, PASSWORD } from "../../simulator/demo/demo-hub.ts";
import { hubClient } from "../../simulator/demo/hub-client.ts";
import { poisonCorpus } from "../../simulator/poison/corpus.ts";
import { newPoisoner, type Poisoner } from "./harness/network/poisoner.ts";
import { openStreet, readJournal, type Street } from "./harness/programs/street.ts";
import { wirePillar, type WireLink, type WirePillar } from "./harness/network/wire-pillar.ts";
import { waitFor } from "../kit/run/wait.ts";

/** `ANZHU_POISON_SEED=n` tries another corpus. */
const SEED = Number(process.env["ANZHU_POISON_SEED"] ?? 20_261_128);
const MESSAGES = 2004;
const POISONERS = 6;
const BATCH = 167 * 2;
const PATIENT = { timeout: 20_000, interval: 50 };

let street: Street;
let poisoners: Poisoner[];
let innocent: WirePillar;
let link: WireLink;
let pid: number;
const seen = new Set<string>();
const watching = new AbortController();

beforeAll(async () => {
  street = await openStreet();
  pid = street.hub.process().pid();
  innocent = await wirePillar(street, "innocent");
  link = await innocent.connect();
  poisoners = [];
  for (let n = 0; n < POISONERS; n += 1) {
    poisoners.push(await newPoisoner(street, `stolen-${n}`, "innocent"));
  }
  const username = ACCOUNTS[0]?.username ?? "";
  void hubClient(street.hub.url, { username, password: PASSWORD }).watch((event) => {
    if (event.type === "incident") seen.add(`${event.incident.id} ${event.incident.presses}`);
  }, watching.signal);
});
afterAll(async () => {
  watching.abort();
  await street.close();
});

/** Every list and every stream, asked as a reloaded desk asks, and read by its own schema. */
async function everythingAnswers(): Promise<void> {
  const { operator, url } = street.hub;
  const incidents: Incident[] = [];
  let cursor: string | null = null;
  do {
    const page: IncidentPage = IncidentPage.parse(
      await operator.get(`/incidents?limit=200${cursor === null ? "" : `&cursor=${cursor}`}`),
    );
    incidents.push(...page.items);
    cursor = page.next;
  } while (cursor !== null);
  expect(incidents.filter(({ isDamaged }) => isDamaged)).toEqual([]);
  const { items: pillars } = PillarPage.parse(await operator.get("/pillars"));
  expect(pillars).toHaveLength(POISONERS + 1);
  for (const { id } of pillars) Pillar.parse(await operator.get(`/pillars/${id}`));
  for (const { id } of incidents.slice(0, 20)) {
    Incident.parse(await operator.get(`/incidents/${id}`));
    const { items } = Timeline.parse(await operator.get(`/incidents/${id}/timeline`));
    expect(items.filter(({ type }) => type === "damaged")).toEqual([]);
    RecordingPage.parse(await operator.get(`/incidents/${id}/recordings`));
  }
  for (const path of ["/readyz", "/healthz", "/metrics"]) {
    const { status } = await fetch(`${url}${path}`);
    expect(`${path} ${status}`).toBe(`${path} 200`);
  }
  await replayAnswers();
}

/** What was missed since a while ago, as a desk that was asleep asks. */
async function replayAnswers(): Promise<void> {
  const from = Math.max(0, (await headIndex()) - 300);
  const stop = new AbortController();
  const answer = await street.hub.operator.request("/events", {
    headers: { accept: "text/event-stream", "last-event-id": String(from) },
    signal: stop.signal,
  });
  expect(answer.status).toBe(200);
  let text = "";
  const decoder = new TextDecoder();
  const readUntil = setTimeout(() => stop.abort(), 1500);
  try {
    for await (const chunk of answer.body!) text += decoder.decode(chunk, { stream: true });
  } catch {
    // Ended by us.
  }
  clearTimeout(readUntil);
  const events = [...text.matchAll(/^data: (.*)$/gm)].map(
    ([, data]) => JSON.parse(data!) as unknown,
  );
  expect(events.length).toBeGreaterThan(1);
  for (const event of events) {
    const read = ServerEvent.parse(event);
    if (read.type === "notification")
      expect(read.notification.code).not.toMatch(/row-damaged|news-unreadable/);
  }
}

async function headIndex(): Promise<number> {
  const { id } = (await street.hub.operator.active())[0] ?? {};
  if (id === undefined) return 0;
  const { items } = Timeline.parse(await street.hub.operator.get(`/incidents/${id}/timeline`));
  return items.at(-1)?.index ?? 0;
}

/**
 * An operator who closes whatever rings, so that many
 * alarms open an incident and not only the first.
 */
async function closeWhile(poisoning: Promise<unknown>): Promise<void> {
  const poison = { isOver: false };
  const over = poisoning.finally(() => (poison.isOver = true));
  while (!poison.isOver) {
    await street.hub.operator.clear().catch((error: unknown) => {
      // An answer of another may have come between; a failure of the hub is an error.
      if (/: 5\d\d /.test(String(error))) throw error;
    });
    await delay(50);
  }
  await over;
}

async function innocentIsHeard(): Promise<void> {
  const alarm = await link.press();
  await waitFor(() => assert(link.isAccepted(alarm), "no receipt for the innocent"), PATIENT);
  const incident = (await street.hub.operator.active()).find(
    (one) => one.pillarId === innocent.id,
  )!;
  const news = `${incident.id} ${incident.presses}`;
  await waitFor(() => assert(seen.has(news), "the console did not hear of it"), PATIENT);
}

type Press = FactOf<"alarm-recorded" | "incident-opened">;

/**
 * When the hub wrote down that somebody pressed. Its readers bound what they show, so what they
 * show says nothing of what is written.
 */
const presses = (): Press[] =>
  readJournal(street.hub.dir)
    .filter(({ type }) => type === "alarm-recorded" || type === "incident-opened")
    .map(({ body }) => JSON.parse(body) as Press);

function noPressIsOutOfTime(): void {
  const ages = presses().map(({ at, pressedAt }) => at - pressedAt);
  expect(ages.filter((age) => !(age >= 0 && age <= MOST_AGE_MS))).toEqual([]);
  // And such were sent.
  const doubts = new Set(presses().map((fact) => ("doubt" in fact ? fact.doubt : undefined)));
  expect(doubts).toEqual(new Set([undefined, "age", "wall-clock"]));
}

test(
  "H2 two thousand validly signed hostile messages of every family cost no list, no receipt and no process",
  {
    timeout: 480_000,
  },
  async () => {
    const corpus = poisonCorpus(SEED, MESSAGES);
    for (let from = 0; from < corpus.length; from += BATCH) {
      const batch = corpus.slice(from, from + BATCH);
      const poisoning = Promise.all(
        poisoners.map(async (poisoner, n) => {
          // Each has all families: neighbours in the corpus are of different ones.
          const own = batch.filter((_, i) => Math.floor(i / 6) % POISONERS === n);
          for (const poison of own) await poisoner.send(poison);
        }),
      );
      await closeWhile(poisoning);
      await innocentIsHeard();
      await everythingAnswers();
      expect(street.hub.process().pid()).toBe(pid);
      expect(street.hub.process().isRunning()).toBe(true);
    }
    noPressIsOutOfTime();
    const answers = poisoners.flatMap((one) => [...one.answers.keys()]);
    expect(answers.filter((status) => status >= 500)).toEqual([]);
    expect(answers).toContain(200);
    const said = street.hub
      .lines()
      .filter((line) => /bug|Invalid time value|cannot be read/.test(line));
    expect(said).toEqual([]);
  },
);

test(
  "what the poison left behind is folded at the next start, and every list answers again",
  {
    timeout: 120_000,
  },
  async () => {
    await street.hub.crash();
    await street.hub.start();
    link = await innocent.connect();
    await everythingAnswers();
    const alarm = await link.press();
    await waitFor(() => assert(link.isAccepted(alarm)), PATIENT);
    expect(await street.hub.command("verify")).toMatch(/\d/);
  },
);
