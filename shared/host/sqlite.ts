/**
 * SQLite with our settings: opened in one place, the settings read back.
 *
 * "Received" rests on WAL with FULL: a commit is on the disk before it returns. A database that
 * does not confirm these settings is refused, because with weaker ones a program would confirm what
 * it can lose.
 */
import { DatabaseSync } from "node:sqlite";

/** Another program, the command line perhaps, may hold the file for a moment. */
const BUSY_TIMEOUT_MS = 5000;

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

/**
 * Makes the file if there is none. `busyTimeoutMs`: how long a statement waits for another program.
 */
export function openForWriting(file: string, busyTimeoutMs = BUSY_TIMEOUT_MS): DatabaseSync {
  const database = new DatabaseSync(file, { timeout: busyTimeoutMs });
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

const FORMAT = `SELECT user_version AS format, NOT EXISTS (SELECT 1 FROM sqlite_schema) AS isEmpty
  FROM pragma_user_version`;

/** What a database of ours is made of. */
export interface Shape {
  /** Raised with every change of the tables or of what stands in them. */
  readonly format: number;
  /** Makes it. */
  readonly sql: string;
}

/**
 * Makes a new database whole, in one transaction; one of another format is refused in words, and
 * left as it is. One that is there is only read, so that nobody who writes in it is waited for.
 */
export function openShaped(file: string, shape: Shape, busyTimeoutMs?: number): DatabaseSync {
  const database = openForWriting(file, busyTimeoutMs);
  try {
    const found = formatOf(database) ?? make(database, shape);
    if (found !== shape.format) {
      throw new Error(
        `${file}: expected format ${shape.format}, found ${found}. Another version of Anzhu has ` +
          "written it: start that version, or move the file away to begin anew.",
      );
    }
  } catch (error) {
    database.close();
    throw error;
  }
  return database;
}

/** Answers the format: another program may have made the database since we found it empty. */
function make(database: DatabaseSync, shape: Shape): number {
  database.exec("BEGIN IMMEDIATE");
  const meanwhile = formatOf(database);
  if (meanwhile === undefined) {
    database.exec(`${shape.sql}; PRAGMA user_version = ${shape.format}`);
  }
  database.exec("COMMIT");
  return meanwhile ?? shape.format;
}

/**
 * Undefined: nobody has made anything in it yet. One statement, so that both answers are of one
 * moment.
 */
function formatOf(database: DatabaseSync): number | undefined {
  const { format, isEmpty } = database.prepare(FORMAT).get() ?? {};
  return format === 0 && isEmpty === 1 ? undefined : Number(format);
}

/** Reads what is committed; cannot write. */
export function openForReading(file: string): DatabaseSync {
  return new DatabaseSync(file, { readOnly: true, timeout: BUSY_TIMEOUT_MS });
}

/**
 * Moves what the write-ahead log holds into the database, so that one file is the whole of it. The
 * log goes with the last connection: nobody else may have the database open. Throws when the log
 * could not be moved.
 */
export function mergeLog(file: string): void {
  const database = new DatabaseSync(file, { timeout: BUSY_TIMEOUT_MS });
  try {
    const [busy] = Object.values(database.prepare("PRAGMA wal_checkpoint(TRUNCATE)").get() ?? {});
    if (busy !== 0) throw new Error(`${file}: somebody else reads it; its log stays beside it`);
  } finally {
    database.close();
  }
}
