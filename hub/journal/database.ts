/**
 * SQLite as we want it: opened in one place, its settings read back, its statements kept.
 *
 * WAL with FULL is the promise behind "received": a commit is on the disk before it returns. A database
 * that does not confirm these settings is refused, because a hub that arms on less lies to the street.
 *
 * Limit: synchronous. The writer therefore lives in a thread of its own (`worker.ts`).
 */
import { DatabaseSync, type SQLInputValue, type StatementSync } from "node:sqlite";
import { Kysely, SqliteDialect, type SqliteDatabase, type SqliteStatement } from "kysely";
import type { Tables } from "./schema.ts";

const BUSY_TIMEOUT_MS = 5000;
/** Statements kept ready per connection; far above what this code has. */
const MAX_STATEMENTS = 200;

/** Pragma, what we set, what it must read back. */
const PRAGMAS = [
  ["journal_mode", "WAL", "wal"],
  ["synchronous", "FULL", 2],
  ["foreign_keys", "ON", 1],
  ["trusted_schema", "OFF", 0],
  ["cell_size_check", "ON", 1],
  ["wal_autocheckpoint", "1000", 1000],
  ["journal_size_limit", "67108864", 67_108_864],
] as const;

export function openForWriting(file: string): DatabaseSync {
  const database = new DatabaseSync(file, { timeout: BUSY_TIMEOUT_MS });
  try {
    for (const [name, value, expected] of PRAGMAS) {
      database.exec(`PRAGMA ${name}=${value}`);
      const found = Object.values(database.prepare(`PRAGMA ${name}`).get() ?? {})[0];
      if (found !== expected) {
        throw new Error(
          `${file}: expected PRAGMA ${name} to be ${expected}, found ${String(found)}. ` +
            "Move the data directory to a local disk (no network file system).",
        );
      }
    }
  } catch (error) {
    database.close();
    throw error;
  }
  return database;
}

/** Sees what is committed, changes nothing. */
export function openForReading(file: string): DatabaseSync {
  return new DatabaseSync(file, { readOnly: true, timeout: BUSY_TIMEOUT_MS });
}

/** Kysely over a connection that stays ours to close. */
export function queries(database: DatabaseSync): Kysely<Tables> {
  return new Kysely<Tables>({ dialect: new SqliteDialect({ database: adapter(database) }) });
}

/**
 * Kysely expects better-sqlite3's shape: node:sqlite has no `reader` (without it kysely silently
 * returns no rows) and takes parameters one by one.
 */
function adapter(database: DatabaseSync): SqliteDatabase {
  const kept = new Map<string, SqliteStatement>();
  return {
    close: () => kept.clear(),
    prepare(sql) {
      const known = kept.get(sql);
      if (known) return known;
      const statement = adaptStatement(database.prepare(sql));
      if (kept.size >= MAX_STATEMENTS) kept.clear();
      kept.set(sql, statement);
      return statement;
    },
  };
}

const values = (parameters: readonly unknown[]): SQLInputValue[] => parameters as SQLInputValue[];

function adaptStatement(statement: StatementSync): SqliteStatement {
  return {
    reader: statement.columns().length > 0,
    all: (parameters) => statement.all(...values(parameters)),
    run: (parameters) => statement.run(...values(parameters)),
    iterate: (parameters) => statement.iterate(...values(parameters)),
  };
}
