/**
 * Takes the text of facts out of a journal because it holds a secret; what happened and when stays.
 *
 * In one transaction the text is replaced, a `fact-sealed` for each is appended, the pillars
 * concerned are folded again, and the snapshots are removed, because they may hold the same text:
 * the next start folds from the first fact. Then the files are cleared: the write-ahead log is
 * moved and cut, and the database is written anew without free pages.
 *
 * Limits: the original hash stays, so somebody who guesses a short password can test the guess
 * against it. Copies made before still hold the text. Only facts whose text decides nothing can be
 * sealed (`chain.ts`).
 */
import type { DatabaseSync } from "node:sqlite";
import type { Fact, FactOf } from "../core/facts.ts";
import type { Sha256 } from "../../shared/ids.ts";
import { auditRow } from "./audit.ts";
import {
  isSealable,
  rowHash,
  SEALED_WORDS,
  verifyChain,
  type JournalRow,
  type Link,
} from "./chain.ts";
import { openShaped } from "../../shared/host/sqlite.ts";
import { project, untouched } from "./projection.ts";
import { JOURNAL_KEEPS_WORDS, JOURNAL_SHAPE } from "./schema.ts";

/** Facts in one call. */
export const MAX_SEALED_AT_ONCE = 1000;

export interface SealOrder {
  readonly indexes: readonly number[];
  readonly reason: string;
  readonly byName: string;
  /** Unix ms. */
  readonly at: number;
}

export interface SealResult {
  readonly sealed: readonly number[];
  /** They were sealed already; the files were cleared again. */
  readonly before: readonly number[];
}

/**
 * Nobody else may have the journal open. Throws before anything is changed when the chain is broken
 * or a fact cannot be sealed, and after it when the files could not be cleared: the same call again
 * clears them.
 */
export function sealFacts(file: string, order: SealOrder): SealResult {
  const database = openShaped(file, JOURNAL_SHAPE);
  try {
    database.exec("PRAGMA secure_delete=ON");
    const result = change(database, order);
    clear(database, file);
    return result;
  } finally {
    database.close();
  }
}

function change(database: DatabaseSync, order: SealOrder): SealResult {
  const verdict = verifyChain(database);
  if (!verdict.ok) {
    throw new Error(`expected a whole chain, found: ${verdict.reason}. Keep the file as evidence`);
  }
  const known = new Set(verdict.sealed.map(({ index }) => index));
  const asked = [...new Set(order.indexes)];
  const rows = asked.filter((idx) => !known.has(idx)).map((idx) => sealableRow(database, idx));
  database.exec("begin immediate");
  try {
    replaceWords(database, rows, { order, head: verdict.head });
    refoldPillars(database, rows);
    database.exec("delete from snapshot; commit");
  } catch (error) {
    if (database.isTransaction) database.exec("rollback");
    throw error;
  }
  return {
    sealed: rows.map(({ idx }) => idx),
    before: asked.filter((idx) => known.has(idx)),
  };
}

function sealableRow(database: DatabaseSync, idx: number): JournalRow {
  const row = database.prepare("select * from journal where idx = ?").get(idx);
  if (!row) throw new Error(`expected a fact at ${idx}, found none: anzhu-hub verify names facts`);
  const found = row as unknown as JournalRow;
  if (isSealable(found.type)) return found;
  throw new Error(
    `${idx} is ${found.type}: what people or pillars wrote there is evidence and shown in other places too, ` +
      "so it cannot be sealed. Change the password it names",
  );
}

function replaceWords(
  database: DatabaseSync,
  rows: readonly JournalRow[],
  { order, head }: { readonly order: SealOrder; readonly head: Link },
): void {
  const replace = database.prepare("update journal set body = ? where idx = ?");
  let link = head;
  database.exec("drop trigger journal_keeps_words");
  for (const row of rows) {
    const body = JSON.stringify({ ...(JSON.parse(row.body) as object), detail: SEALED_WORDS });
    replace.run(body, row.idx);
    link = append(database, link, {
      type: "fact-sealed",
      at: order.at,
      index: row.idx,
      originalHash: row.hash as Sha256,
      replacementHash: rowHash({ ...row, body }),
      reason: order.reason,
      by: null,
      byName: order.byName,
    });
  }
  database.exec(JOURNAL_KEEPS_WORDS);
}

function append(database: DatabaseSync, before: Link, fact: FactOf<"fact-sealed">): Link {
  const idx = before.idx + 1;
  const { at, type } = fact;
  const row = {
    ...{ idx, at, type, incident_id: null, pillar_id: null },
    ...{ body: JSON.stringify(fact), prev_hash: before.hash },
  };
  const hash = rowHash(row);
  database
    .prepare("insert into journal values (?, ?, ?, null, null, ?, ?, ?)")
    .run(idx, at, type, row.body, row.prev_hash, hash);
  const audit = auditRow(fact);
  if (audit) {
    database
      .prepare("insert into audit values (?, ?, ?, ?, null)")
      .run(idx, at, audit.person, audit.kind);
  }
  return { idx, hash };
}

/** A pillar's row keeps the words of the faults it has. */
function refoldPillars(database: DatabaseSync, rows: readonly JournalRow[]): void {
  const ids = new Set(rows.flatMap(({ pillar_id }) => pillar_id ?? []));
  const facts = database.prepare(
    "select idx, body from journal where pillar_id = ? and incident_id is null order by idx",
  );
  const nothing = {
    incident: () => undefined,
    pillar: () => undefined,
    recording: () => undefined,
  };
  for (const id of ids) {
    const touched = untouched();
    const told = facts.iterate(id) as Iterable<unknown> as Iterable<
      Pick<JournalRow, "idx" | "body">
    >;
    for (const { idx, body } of told) {
      project(nothing, touched, { fact: JSON.parse(body) as Fact, index: idx });
    }
    for (const { record } of touched.pillar.values()) {
      database
        .prepare("update pillar set name = ?, body = ? where id = ?")
        .run(record.name, JSON.stringify(record), record.id);
    }
  }
}

function clear(database: DatabaseSync, file: string): void {
  try {
    checkpoint(database);
    database.exec("vacuum");
    checkpoint(database);
  } catch (error) {
    throw new Error(
      `${file}: the facts are sealed, but the old words may still be in the file (${String(error)}). ` +
        "Make room for the journal's size twice, and run the same command again",
      { cause: error },
    );
  }
}

function checkpoint(database: DatabaseSync): void {
  const [busy] = Object.values(database.prepare("PRAGMA wal_checkpoint(TRUNCATE)").get() ?? {});
  if (busy !== 0) throw new Error("somebody else reads it");
}
