/**
 * Kysely over node:sqlite, for the read models.
 *
 * Only the main thread loads it. The writer's thread gets its statements as text, compiled here
 * once, which keeps kysely out of its hot path and out of its memory.
 */
import type { DatabaseSync, SQLInputValue, StatementSync } from "node:sqlite";
import { Kysely, SqliteDialect, type SqliteDatabase, type SqliteStatement } from "kysely";
import type { Tables } from "../schema.ts";

/** Statements kept ready per connection; far above what this code has. */
const MAX_STATEMENTS = 200;

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
