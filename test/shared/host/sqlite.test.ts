import { once } from "node:events";
import { join } from "node:path";
import type { DatabaseSync } from "node:sqlite";
import { Worker } from "node:worker_threads";
import { expect, test } from "vitest";
import { openForReading, openForWriting, openShaped } from "../../../shared/host/sqlite.ts";
import { tempDir } from "../../kit/journal/directory.ts";

const SHAPE = {
  format: 3,
  sql: "CREATE TABLE note (id INTEGER PRIMARY KEY, body TEXT NOT NULL) STRICT",
};
const newFile = (): string => join(tempDir(), "notes.db");
const bodies = (database: DatabaseSync): unknown[] =>
  database
    .prepare("SELECT body FROM note ORDER BY id")
    .all()
    .map(({ body }) => body);

test("a new database is made whole, and opened again as it is", () => {
  const file = newFile();
  const first = openShaped(file, SHAPE);
  expect(first.prepare("PRAGMA user_version").get()).toEqual({ user_version: SHAPE.format });
  first.exec("INSERT INTO note (body) VALUES ('kept')");
  first.close();
  const again = openShaped(file, SHAPE);
  expect(bodies(again)).toEqual(["kept"]);
  again.close();
});

test.each([
  ["an older format", "PRAGMA user_version = 2", 2],
  ["a newer format", "PRAGMA user_version = 4", 4],
  ["tables that say no format", "CREATE TABLE other (id INTEGER)", 0],
])("%s is refused in words and left as it is", (_what, sql, found) => {
  const file = newFile();
  const other = openForWriting(file);
  other.exec(sql);
  const kept = { version: versionOf(other), schema: schemaOf(other) };
  other.close();
  expect(() => openShaped(file, SHAPE)).toThrow(
    `${file}: expected format 3, found ${found}. Another version of Anzhu has written it`,
  );
  const after = openForReading(file);
  expect({ version: versionOf(after), schema: schemaOf(after) }).toEqual(kept);
  after.close();
});

test("a database opens while another program holds a write transaction on it", () => {
  const file = newFile();
  const writer = openShaped(file, SHAPE);
  writer.exec("BEGIN IMMEDIATE; INSERT INTO note (body) VALUES ('not committed')");
  const reader = openShaped(file, SHAPE, 0);
  expect(bodies(reader)).toEqual([]);
  writer.exec("COMMIT");
  expect(bodies(reader)).toEqual(["not committed"]);
  reader.close();
  writer.close();
});

test("two programs that both begin with the empty file make one database", async () => {
  const file = newFile();
  openForWriting(file).close();
  const program = new Worker(SLOW_MAKER, { eval: true, workerData: { file, ...SHAPE } });
  await once(program, "message");
  // Empty for everybody else until the other program commits; this one waits for it, then looks again.
  const database = openShaped(file, SHAPE);
  expect(bodies(database)).toEqual(["of the other program"]);
  database.close();
  await once(program, "exit");
});

/** Makes the database, and commits a while after it has said that it holds the write lock. */
const SLOW_MAKER = `
  const { DatabaseSync } = require("node:sqlite");
  const { parentPort, workerData } = require("node:worker_threads");
  const database = new DatabaseSync(workerData.file);
  database.exec("BEGIN IMMEDIATE; " + workerData.sql);
  database.exec("PRAGMA user_version = " + workerData.format);
  database.exec("INSERT INTO note (body) VALUES ('of the other program')");
  parentPort.postMessage("holds it");
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 300);
  database.exec("COMMIT");
  database.close();
`;

const versionOf = (database: DatabaseSync): unknown =>
  database.prepare("PRAGMA user_version").get()?.["user_version"];
const schemaOf = (database: DatabaseSync): unknown[] =>
  database.prepare("SELECT sql FROM sqlite_schema").all();
