/**
 * Writes batches of facts: journal rows, their chain and the read models, in one transaction.
 *
 * Statements are compiled once by kysely and prepared once; the hot path then runs prepared statements
 * with plain parameters. A batch is all or nothing, and after a failure the writer must be opened anew,
 * because a failed fsync leaves nothing to trust.
 */
import { randomBytes } from "node:crypto";
import type { DatabaseSync, StatementSync } from "node:sqlite";
import { Migrator } from "kysely/migration";
import { assert } from "../../shared/assert.ts";
import type { HubEpoch } from "../../shared/ids.ts";
import type { Fact } from "../core/facts.ts";
import { BEGINNING, rowHash, sha256, type Link } from "./chain.ts";
import { openForWriting, queries } from "./database.ts";
import { project, untouched, type Rows, type Touched } from "./projection.ts";
import { migrationProvider } from "./schema.ts";

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

/** `isSuspect`: the writer before this one failed, so the file is checked and written through first. */
export async function openWriter(file: string, isSuspect: boolean): Promise<Writer> {
  const database = openForWriting(file);
  try {
    if (isSuspect) recheck(database, file);
    await migrate(database, file);
    return newWriter(database);
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

async function migrate(database: DatabaseSync, file: string): Promise<void> {
  const migrator = new Migrator({ db: queries(database), provider: migrationProvider });
  const { error } = await migrator.migrateToLatest();
  if (error)
    throw new Error(`${file}: the tables could not be brought up to date`, { cause: error });
}

function newWriter(database: DatabaseSync): Writer {
  const statements = prepare(database);
  const hubEpoch = epochOf(database);
  let head = headOf(database);
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

function prepare(database: DatabaseSync) {
  const db = queries(database);
  const of = (query: { compile(): { readonly sql: string } }) =>
    database.prepare(query.compile().sql);
  const chained = { body: "", prev_hash: "", hash: "" };
  const journalRow = { idx: 0, at: 0, type: "", incident_id: "", pillar_id: "", ...chained };
  const alarmRow = { idx: 0, pillar_id: "", seq: 0, event_id: "", incident_id: "", sig: "" };
  const aged = { pressed_at: 0, opened_idx: 0, body: "" };
  const incidentRow = { id: "", pillar_id: "", state: "", ...aged };
  return {
    begin: database.prepare("begin immediate"),
    commit: database.prepare("commit"),
    rollback: database.prepare("rollback"),
    isInTransaction: () => database.isTransaction,
    addRow: of(db.insertInto("journal").values(journalRow)),
    addAlarm: of(db.insertInto("alarm").values(alarmRow)),
    incident: of(db.selectFrom("incident").select("body").where("id", "=", "")),
    pillar: of(db.selectFrom("pillar").select("body").where("id", "=", "")),
    recording: of(db.selectFrom("recording").select("body").where("id", "=", "")),
    rowHash: of(db.selectFrom("journal").select("hash").where("idx", "=", 0)),
    saveIncident: of(
      db
        .insertInto("incident")
        .values(incidentRow)
        .onConflict((on) =>
          on.column("id").doUpdateSet(({ ref }) => ({
            state: ref("excluded.state"),
            body: ref("excluded.body"),
          })),
        ),
    ),
    savePillar: of(
      db
        .insertInto("pillar")
        .values({ id: "", name: "", body: "" })
        .onConflict((on) =>
          on.column("id").doUpdateSet(({ ref }) => ({
            name: ref("excluded.name"),
            body: ref("excluded.body"),
          })),
        ),
    ),
    saveRecording: of(
      db
        .insertInto("recording")
        .values({ id: "", incident_id: "", started_idx: 0, body: "" })
        .onConflict((on) =>
          on.column("id").doUpdateSet(({ ref }) => ({ body: ref("excluded.body") })),
        ),
    ),
    saveSnapshot: of(db.replaceInto("snapshot").values({ idx: 0, hash: "", sha256: "", body: "" })),
    dropSnapshots: database.prepare(
      "delete from snapshot where idx not in (select idx from snapshot order by idx desc limit ?)",
    ),
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
  return { idx, hash };
}

function pillarOf(fact: Fact): string | null {
  if (fact.type === "alarm-recorded") return fact.event.pillarId;
  return "pillarId" in fact ? fact.pillarId : null;
}

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
  for (const { record, index } of touched.incidents.values()) {
    const { id, pillarId, state, pressedAt } = record;
    statements.saveIncident.run(id, pillarId, state, pressedAt, index, JSON.stringify(record));
  }
  for (const record of touched.pillars.values()) {
    statements.savePillar.run(record.id, record.name, JSON.stringify(record));
  }
  for (const { record, index } of touched.recordings.values()) {
    statements.saveRecording.run(record.id, record.incidentId, index, JSON.stringify(record));
  }
}

function headOf(database: DatabaseSync): Link {
  const row = database.prepare("select idx, hash from journal order by idx desc limit 1").get();
  return row ? (row as unknown as Link) : BEGINNING;
}

/** Made once per database; a restored backup gets a new one. */
function epochOf(database: DatabaseSync): HubEpoch {
  database
    .prepare("insert into meta (key, value) values ('hub-epoch', ?) on conflict do nothing")
    .run(randomBytes(16).toString("hex"));
  const row = database.prepare("select value from meta where key = 'hub-epoch'").get();
  return row?.["value"] as HubEpoch;
}
