/**
 * A small database beside the journal: durable, shared
 * with the command line, and checked when opened.
 */
import { mkdirSync } from "node:fs";
import { dirname } from "node:path";
import type { DatabaseSync } from "node:sqlite";
import { openForWriting } from "../../shared/host/sqlite.ts";

export interface Shape {
  readonly version: number;
  readonly sql: string;
  /** From each older version to the next, by the older one's number. */
  readonly upgrades?: Readonly<Record<number, string>>;
}

export function openSideDatabase(file: string, shape: Shape): DatabaseSync {
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  const db = openForWriting(file);
  const found = Number(db.prepare("PRAGMA user_version").get()?.["user_version"]);
  if (found > shape.version) {
    db.close();
    throw new Error(
      `${file}: expected version ${shape.version} or older, found ${found}. ` +
        "It was written by a newer hub: start that one.",
    );
  }
  if (found === 0)
    db.exec(`BEGIN IMMEDIATE; ${shape.sql}; PRAGMA user_version = ${shape.version}; COMMIT`);
  for (let version = found; version > 0 && version < shape.version; version++) {
    const sql = shape.upgrades?.[version] ?? "";
    db.exec(`BEGIN IMMEDIATE; ${sql}; PRAGMA user_version = ${version + 1}; COMMIT`);
  }
  return db;
}
