/**
 * A hub with years of work behind it starts: after
 * an ordinary end, after a crash, after an upgrade.
 */
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { sha256 } from "../../../hub/journal/chain.ts";
import { ageJournal } from "../../../simulator/load/aged-journal.ts";
import { seconds } from "./hub-restart.ts";
import { openLoad, type LoadRig } from "../rig/load-rig.ts";
import type { Row, Section } from "../rig/section.ts";

const PILLARS = 1000;
const ROWS = 1_000_000;
const STARTS = 3;
const LISTENS_MS = 2000;

export async function benchStart(): Promise<Section> {
  const { rows, orderly, killed, upgraded } = await measureStarts(ROWS);
  return {
    name: "start",
    title: "A start with a million rows",
    method:
      `A journal of ${rows} rows over ${PILLARS} pillars, decided by the hub's core and written by its journal, projections and snapshots ` +
      `included. From the start of the process to the open port for pillars, the slowest of ${STARTS}. After an upgrade whose fold has ` +
      "another meaning no snapshot can be read, and every fact is folded again; here the snapshots are marked as of another version.",
    rows: [
      startRow("after an orderly end", orderly, true),
      startRow("after kill -9", killed, true),
      startRow("after an upgrade that folds everything again", upgraded, false),
    ],
    notTested: "a slow disk; a file that is not in the system's cache.",
  };
}

function startRow(what: string, tookMs: readonly number[], hasBar: boolean): Row {
  const most = Math.max(...tookMs);
  return {
    what: `process started → port open, ${what}`,
    measured: seconds(most),
    bar: hasBar ? `≤ ${LISTENS_MS / 1000} s` : "none",
    isMet: !hasBar || most <= LISTENS_MS,
  };
}

export interface StartFigures {
  readonly rows: number;
  readonly orderly: readonly number[];
  readonly killed: readonly number[];
  readonly upgraded: readonly number[];
}

export async function measureStarts(rows: number): Promise<StartFigures> {
  const rig = await openLoad(PILLARS);
  try {
    await ageJournal(rig.hubDir, rows);
    const orderly = await times(STARTS, () => startOnce(rig, () => rig.hub.stop()));
    const killed = await times(STARTS, () => startOnce(rig, () => rig.hub.crash()));
    await rig.hub.start();
    await rig.hub.stop();
    const upgraded = await times(STARTS, () => {
      ageSnapshots(rig);
      return startOnce(rig, () => rig.hub.crash());
    });
    return { rows: rowsOf(rig), orderly, killed, upgraded };
  } finally {
    await rig.close();
  }
}

async function times(count: number, work: () => Promise<number>): Promise<number[]> {
  const found: number[] = [];
  for (let n = 0; n < count; n += 1) found.push(await work());
  return found;
}

async function startOnce({ hub }: LoadRig, end: () => Promise<void>): Promise<number> {
  const { tookMs } = await hub.start();
  await hub.isReady();
  await end();
  return tookMs;
}

/** As a release of another version would have left them: whole, and not to be read. */
function ageSnapshots(rig: LoadRig): void {
  inJournal(rig, (database) => {
    const rows = database.prepare("select idx, body from snapshot").all();
    const save = database.prepare("update snapshot set body = ?, sha256 = ? where idx = ?");
    for (const { idx, body } of rows) {
      const older = String(body).replace(/"version":\d+/, '"version":0');
      save.run(older, sha256(older), Number(idx));
    }
  });
}

function rowsOf(rig: LoadRig): number {
  let rows = 0;
  inJournal(rig, (database) => {
    rows = Number(database.prepare("select max(idx) as rows from journal").get()?.["rows"]);
  });
  return rows;
}

function inJournal({ hubDir }: LoadRig, work: (database: DatabaseSync) => void): void {
  const database = new DatabaseSync(join(hubDir, "journal.db"), { timeout: 5000 });
  try {
    work(database);
  } finally {
    database.close();
  }
}
