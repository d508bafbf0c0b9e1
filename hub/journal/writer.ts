/**
 * Writes batches of facts: journal rows, their chain and the read models, in one transaction.
 *
 * Statements come compiled (`statements.ts`) and are prepared once; the hot path runs them with
 * plain parameters. A batch is all or nothing, and after a failure the writer must be opened anew,
 * because a failed fsync leaves nothing to trust.
 */
import { randomBytes } from "node:crypto";
import type { DatabaseSync, StatementSync } from "node:sqlite";
import { assert } from "../../shared/assert.ts";
import type { CellId, HubEpoch } from "../../shared/ids.ts";
import type { Fact } from "../core/facts.ts";
import { auditRow } from "./audit.ts";
import { BEGINNING, rowHash, sha256, type Link } from "./chain.ts";
import { openForWriting } from "../../shared/host/sqlite.ts";
import { project, untouched, type Rows, type Touched } from "./projection.ts";
import type { StatementTexts } from "./statements.ts";

export interface Writer {
  readonly hubEpoch: HubEpoch;
  readonly headIndex: () => number;
  /** Durable when it returns; throws when nothing of the batch was kept. */
  append(facts: readonly Fact[], first: number): void;
  saveSnapshot(idx: number, body: string): void;
  close(): void;
}

/** Snapshots kept: the latest, and the one before in case it does not check. */
const KEPT_SNAPSHOTS = 2;

export interface WriterSettings {
  readonly file: string;
  /** The writer before this one failed, so the file is checked and written through first. */
  readonly isSuspect: boolean;
  readonly statements: StatementTexts;
  readonly cell: CellId;
}

/** The file's tables must be up to date. */
export function openWriter({ file, isSuspect, statements, cell }: WriterSettings): Writer {
  const database = openForWriting(file);
  try {
    if (isSuspect) recheck(database, file);
    checkCell(database, file, cell);
    return newWriter(database, prepare(database, statements));
  } catch (error) {
    database.close();
    throw error;
  }
}

/** Pages of a failed fsync may look written and not be: check, then write them again. */
function recheck(database: DatabaseSync, file: string): void {
  const found = Object.values(database.prepare("PRAGMA quick_check(1)").get() ?? {})[0];
  if (found !== "ok") throw new Error(`${file}: quick_check found: ${String(found)}`);
  const [busy] = Object.values(database.prepare("PRAGMA wal_checkpoint(TRUNCATE)").get() ?? {});
  if (busy !== 0) throw new Error(`${file}: the write-ahead log could not be written through`);
}

function newWriter(database: DatabaseSync, statements: Statements): Writer {
  const hubEpoch = epochOf(database);
  let head = headOf(statements);
  return {
    hubEpoch,
    headIndex: () => head.idx,
    append(facts, first) {
      assert(first === head.idx + 1, `expected facts from ${head.idx + 1}, found ${first}`);
      head = transaction(statements, () => appendAll(statements, { facts, head }));
    },
    saveSnapshot(idx, body) {
      transaction(statements, () => {
        const row = statements.rowHash.get(idx) as { hash: string } | undefined;
        assert(row, `a snapshot at ${idx}, where the journal has no row`);
        statements.saveSnapshot.run(idx, row.hash, sha256(body), body);
        statements.dropSnapshots.run(KEPT_SNAPSHOTS);
      });
    },
    close: () => database.close(),
  };
}

type Statements = ReturnType<typeof prepare>;

function prepare(database: DatabaseSync, texts: StatementTexts) {
  const entries = Object.entries(texts).map(([name, text]) => [name, database.prepare(text)]);
  const prepared = Object.fromEntries(entries) as Record<keyof StatementTexts, StatementSync>;
  return {
    ...prepared,
    begin: database.prepare("begin immediate"),
    commit: database.prepare("commit"),
    rollback: database.prepare("rollback"),
    isInTransaction: () => database.isTransaction,
  };
}

function transaction<T>(statements: Statements, work: () => T): T {
  statements.begin.run();
  try {
    const result = work();
    statements.commit.run();
    return result;
  } catch (error) {
    // SQLite has rolled back by itself after a full disk or an I/O error.
    if (statements.isInTransaction()) statements.rollback.run();
    throw error;
  }
}

function appendAll(
  statements: Statements,
  batch: { readonly facts: readonly Fact[]; readonly head: Link },
): Link {
  const touched = untouched();
  const rows = stored(statements);
  let link = batch.head;
  for (const fact of batch.facts) {
    link = addRow(statements, link, fact);
    project(rows, touched, { fact, index: link.idx });
  }
  save(statements, touched);
  return link;
}

function addRow(statements: Statements, before: Link, fact: Fact): Link {
  const idx = before.idx + 1;
  const { at, type } = fact;
  const incident_id = "incidentId" in fact ? fact.incidentId : null;
  const pillar_id = pillarOf(fact);
  const body = JSON.stringify(fact);
  const prev_hash = before.hash;
  const hash = rowHash({ idx, at, type, incident_id, pillar_id, body, prev_hash });
  statements.addRow.run(idx, at, type, incident_id, pillar_id, body, prev_hash, hash);
  if (fact.type === "alarm-recorded") {
    const { pillarId, seq, eventId } = fact.event;
    statements.addAlarm.run(idx, pillarId, seq, eventId, fact.incidentId, fact.sig);
  }
  const row = auditRow(fact);
  if (row) statements.addAudit.run(idx, at, row.person, row.kind, row.incidentId);
  return { idx, hash };
}

function pillarOf(fact: Fact): string | null {
  if (fact.type === "alarm-recorded") return fact.event.pillarId;
  return "pillarId" in fact ? fact.pillarId : null;
}

// oxlint-disable-next-line typescript/no-unnecessary-type-parameters -- the caller knows the brand
function bodyOf<T>(statement: StatementSync, id: string): T | undefined {
  const row = statement.get(id) as { body: string } | undefined;
  return row && (JSON.parse(row.body) as T);
}

function stored(statements: Statements): Rows {
  return {
    incident: (id) => bodyOf(statements.incident, id),
    pillar: (id) => bodyOf(statements.pillar, id),
    recording: (id) => bodyOf(statements.recording, id),
  };
}

function save(statements: Statements, touched: Touched): void {
  for (const { record, index } of touched.incident.values()) {
    const { id, pillarId, state, pressedAt } = record;
    const isLocked = record.lock === null ? 0 : 1;
    const body = JSON.stringify(record);
    statements.saveIncident.run(id, pillarId, state, pressedAt, index, isLocked, body);
  }
  for (const { record } of touched.pillar.values()) {
    statements.savePillar.run(record.id, record.name, JSON.stringify(record));
  }
  for (const { record, index } of touched.recording.values()) {
    const isKept = record.endedAt !== null && record.deletion === null ? 1 : 0;
    const { id, incidentId } = record;
    statements.saveRecording.run(id, incidentId, index, isKept, JSON.stringify(record));
  }
}

function headOf(statements: Statements): Link {
  const row = statements.head.get(1);
  return row ? (row as unknown as Link) : BEGINNING;
}

/** A new journal takes the name that it is opened under. */
function checkCell(database: DatabaseSync, file: string, cell: CellId): void {
  database
    .prepare("insert into meta (key, value) values ('cell', ?) on conflict do nothing")
    .run(cell);
  const row = database.prepare("select value from meta where key = 'cell'").get();
  if (row?.["value"] === cell) return;
  throw new Error(
    `${file} is the journal of cell ${String(row?.["value"])}, expected ${cell}: ` +
      "correct cell in hub.yaml, or dataDir",
  );
}

/** Made once per database; a restored backup gets a new one. */
function epochOf(database: DatabaseSync): HubEpoch {
  database
    .prepare("insert into meta (key, value) values ('hub-epoch', ?) on conflict do nothing")
    .run(randomBytes(16).toString("hex"));
  const row = database.prepare("select value from meta where key = 'hub-epoch'").get();
  return row?.["value"] as HubEpoch;
}
