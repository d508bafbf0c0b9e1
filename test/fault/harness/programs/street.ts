/**
 * A hub and its pillars under one history, in a directory of their own; ended and judged together.
 */
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { copyOut, hasOwnMounts, seenBy } from "../disk/disk.ts";
import { dataPaths } from "../../../../device/adapters/host/data-dir.ts";
import type { JournalRow } from "../../../../hub/journal/chain.ts";
import { ACCOUNTS, PASSWORD } from "../../../../simulator/demo/demo-hub.ts";
import { hubClient, until } from "../../../../simulator/demo/hub-client.ts";
import { check } from "../judge/checker.ts";
import type { Violation } from "../judge/violation.ts";
import { newHistory, type Entry, type History, type LedgerRow } from "../judge/history.ts";
import { newHub, type HubUnderTest, type HubWanted } from "./hub.ts";
import { newPillar, type PillarUnderTest, type PillarWanted } from "./pillar.ts";

const HEAL_MS = 40_000;

export interface Street {
  readonly dir: string;
  readonly history: History;
  readonly hub: HubUnderTest;
  readonly pillars: PillarUnderTest[];
  /** Enrols one more pillar; it is not started yet. */
  add(id: string, wanted?: Partial<PillarWanted>): Promise<PillarUnderTest>;
  /** Waits until no pillar waits for the hub, reads both sides' databases and judges. */
  verdict(): Promise<Violation[]>;
  /** No console is watched any more. */
  closeConsoles(): Promise<void>;
  /** Done last, after everything has ended. */
  onClose(close: () => Promise<void>): void;
  close(): Promise<void>;
}

type Settings = HubWanted["settings"];

/**
 * The hub runs; pillars are added by the test. `wanted` may need the hub's directory, not yet made.
 */
export async function openStreet(
  wanted?: Settings | ((hubDir: string) => Promise<Settings>),
): Promise<Street> {
  const dir = mkdtempSync(join(tmpdir(), "anzhu-fault-"));
  const history = newHistory(join(dir, "history.jsonl"));
  const hubDir = join(dir, "hub");
  const settings = typeof wanted === "function" ? await wanted(hubDir) : wanted;
  const hub = await newHub({ dir: hubDir, history, ...(settings && { settings }) });
  const pillars: PillarUnderTest[] = [];
  const listening = new AbortController();
  const closers: (() => Promise<void>)[] = [];
  try {
    await hub.start();
  } catch (error) {
    // Nothing else refers to it yet.
    await hub.process().cutPower();
    rmSync(dir, { recursive: true, force: true });
    throw error;
  }
  const watching = watchConsole(hub.url, history, listening.signal);
  const street: Street = {
    dir,
    history,
    hub,
    pillars,
    async add(id, wanted = {}) {
      const alarmUrls = [`https://127.0.0.1:${hub.alarmsPort}`];
      const way = { host: "127.0.0.1", mqttPort: hub.mqttPort, httpUrl: hub.url, alarmUrls };
      const pillar = await newPillar(
        { id, dir: join(dir, id), history, hub: way, ...wanted },
        (pillarId) => hub.code(pillarId),
      );
      pillars.push(pillar);
      return pillar;
    },
    async verdict() {
      await settled(pillars);
      const seen: Entry[] = [...history.entries(), { what: "end", at: Date.now() }];
      for (const row of journalOf(hub)) seen.push({ what: "journal", row });
      for (const pillar of pillars) {
        for (const row of readPillarLedger(pillar)) {
          seen.push({ what: "ledger", pillarId: pillar.id, row });
        }
      }
      return check(seen);
    },
    async closeConsoles() {
      listening.abort();
      await watching;
    },
    onClose: (close) => void closers.push(close),
    async close() {
      listening.abort();
      await watching;
      await Promise.all(pillars.map((pillar) => pillar.close()));
      await hub.stop();
      for (const close of closers.toReversed()) await close();
      rmSync(dir, { recursive: true, force: true });
    },
  };
  return street;
}

const CALL_MS = 20_000;

/** Answers and closes a call that is received. */
export async function endCall(street: Street, pillar: PillarUnderTest): Promise<void> {
  await pillar.untilArmed();
  await pillar.untilLamp("received");
  await endCalls(street, pillar);
}

/**
 * Answers and closes until the pillar is ready again. Once is not enough: a press that is on its
 * way when the desk closes is another call, and a press that a crash kept from the disk is told
 * again by the board.
 */
export async function endCalls(street: Street, pillar: PillarUnderTest): Promise<void> {
  const isOver = await until(CALL_MS, async () => {
    await street.hub.operator.clear();
    return pillar.lamp() === "standby";
  });
  if (!isOver) throw new Error(`expected the call to end, found the lamp ${pillar.lamp()}`);
}

/** A press that was recorded is accepted in the end, however long the fault was. */
async function settled(pillars: readonly PillarUnderTest[]): Promise<void> {
  const waiting = (): string[] =>
    pillars.flatMap((pillar) =>
      readPillarLedger(pillar)
        .filter((row) => row.accepted_by === null)
        .map(({ seq }) => `${pillar.id}/${seq}`),
    );
  if (await until(HEAL_MS, () => Promise.resolve(waiting().length === 0))) return;
  throw new Error(`not accepted ${HEAL_MS / 1000} s after the fault: ${waiting().join(", ")}`);
}

const JOURNAL = "SELECT * FROM journal ORDER BY idx";
const LEDGER = "SELECT seq, event_id, event, hash, accepted_by FROM alarm ORDER BY seq";

/** A pillar that ended was judged before, and may have taken a disk of its own with it. */
export function readPillarLedger({ dataDir, process: life }: PillarUnderTest): LedgerRow[] {
  const { ledger } = dataPaths(dataDir);
  if (!life().isRunning()) return [];
  return readLedger(seenBy(life().pid(), ledger));
}

/** Through a copy: a reader must not lock a file that is being written. */
export function readLedger(file: string): LedgerRow[] {
  const copy = copyOut(file);
  try {
    return existsSync(copy.file) ? readRows<LedgerRow>(copy.file, LEDGER) : [];
  } finally {
    copy.remove();
  }
}

export const readJournal = (dir: string): JournalRow[] =>
  readRows<JournalRow>(join(dir, "journal.db"), JOURNAL);

/** Of a hub that runs, wherever its disk is mounted. */
export function journalOf({ dir, process: life }: HubUnderTest): JournalRow[] {
  const pid = life().pid();
  if (!hasOwnMounts(pid)) return readJournal(dir);
  const copy = copyOut(seenBy(pid, join(dir, "journal.db")));
  try {
    return readRows<JournalRow>(copy.file, JOURNAL);
  } finally {
    copy.remove();
  }
}

/** What the journal holds of one pillar's alarms. */
export const alarmRows = (dir: string, pillarId: string): JournalRow[] =>
  readJournal(dir).filter((row) => row.type === "alarm-recorded" && row.pillar_id === pillarId);

function readRows<T>(file: string, query: string): T[] {
  const database = new DatabaseSync(file, { readOnly: true, timeout: 5000 });
  const [, table = ""] = / FROM (\w+) /.exec(query) ?? [];
  try {
    // A disk that failed from the first write on holds no table; the agent then works from memory.
    const isThere = database.prepare("SELECT 1 FROM sqlite_schema WHERE name = ?").get(table);
    if (!isThere) return [];
    return database.prepare(query).all() as unknown as T[];
  } finally {
    database.close();
  }
}

async function watchConsole(url: string, history: History, signal: AbortSignal): Promise<void> {
  const username = ACCOUNTS[0]?.username ?? "";
  const client = hubClient(url, { username, password: PASSWORD });
  await client.watch((event) => {
    if (event.type !== "incident") return;
    const { id: incidentId, state, owner } = event.incident;
    history.record({ what: "console", at: Date.now(), incidentId, state, owner });
  }, signal);
}
