/**
 * One hub per data directory.
 *
 * Two hubs would each have half of the facts. The lock is SQLite's own on a file of its own: the
 * system lifts it when the process ends, in whatever way.
 */
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";

export interface DataLock {
  release(): void;
}

/** Makes the directory if there is none; throws when another hub works in it. */
export function lockData(dataDir: string): DataLock {
  mkdirSync(dataDir, { recursive: true, mode: 0o700 });
  const database = new DatabaseSync(join(dataDir, "hub.lock"));
  try {
    database.exec("begin exclusive");
  } catch (error) {
    database.close();
    throw new Error(
      `${dataDir}: another hub works in this directory (${String(error)}). ` +
        "Stop it first, or give this one a dataDir of its own.",
      { cause: error },
    );
  }
  return { release: () => database.close() };
}
