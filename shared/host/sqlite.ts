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

/** What a database of ours is made of. */
export interface Shape {
  /** Raised with every change of the tables or of what stands in them. */
  readonly format: number;
  /** Makes it. */
  readonly sql: string;
}

/**
 * Makes a new database whole, in one transaction; one of another format is refused in words, and
 * left as it is.
 */
export function openShaped(file: string, shape: Shape, busyTimeoutMs?: number): DatabaseSync {
  const database = openForWriting(file, busyTimeoutMs);
  try {
    database.exec("BEGIN IMMEDIATE");
    const found = formatOf(database);
    if (found === undefined) {
      database.exec(`${shape.sql}; PRAGMA user_version = ${shape.format}`);
    } else if (found !== shape.format) {
      throw new Error(
        `${file}: expected format ${shape.format}, found ${found}. Another version of Anzhu has ` +
          "written it: start that version, or move the file away to begin anew.",
      );
    }
    database.exec("COMMIT");
  } catch (error) {
    database.close();
    throw error;
  }
  return database;
}

/** Undefined: nobody has made anything in it yet. */
function formatOf(database: DatabaseSync): number | undefined {
  const format = Number(Object.values(database.prepare("PRAGMA user_version").get() ?? {})[0]);
  const isEmpty = database.prepare("SELECT 1 FROM sqlite_schema LIMIT 1").get() === undefined;
  return format === 0 && isEmpty ? undefined : format;
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
