/**
 * The journal copied, put back, and examined.
 *
 * A backup is whole or not there: it is written beside its place, flushed, examined and only then named. What
 * is put back is another lineage: it gets a new hub epoch, by which every pillar learns that it must tell
 * again what this hub may have forgotten.
 *
 * Limit: the journal alone. Keys and accounts (`authority/`, `accounts.db`) are copied as files.
 */
import { randomBytes } from "node:crypto";
import { closeSync, existsSync, fsyncSync, openSync, renameSync, rmSync } from "node:fs";
import { copyFile, constants } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { lockData } from "./data-lock.ts";
import { verifyChain, type ChainVerdict } from "./journal/chain.ts";
import { openForReading } from "./journal/database.ts";

const JOURNAL = "journal.db";

export interface Copied {
  readonly rows: number;
  /** Hash of the last row: what the copy ends with, in 64 characters. */
  readonly head: string;
}

/** Also while the hub runs. `file` must not exist yet. */
export function backUp(dataDir: string, file: string): Copied {
  const source = journalIn(dataDir);
  const target = resolve(file);
  if (existsSync(target)) {
    throw new Error(`expected a new file, found ${target}: nothing is overwritten`);
  }
  const partial = `${target}.partial`;
  rmSync(partial, { force: true });
  try {
    const database = openForReading(source);
    try {
      database.prepare("vacuum into ?").run(partial);
    } finally {
      database.close();
    }
    flush(partial);
    const copied = examined(partial);
    renameSync(partial, target);
    flush(dirname(target));
    return copied;
  } finally {
    rmSync(partial, { force: true });
  }
}

/** The hub must be stopped. The journal before it is kept aside; its name is returned. */
export async function restore(
  dataDir: string,
  file: string,
): Promise<Copied & { readonly aside: string | undefined }> {
  const copied = examined(file);
  const lock = lockData(dataDir);
  try {
    const target = join(dataDir, JOURNAL);
    const partial = `${target}.partial`;
    rmSync(partial, { force: true });
    await copyFile(file, partial, constants.COPYFILE_FICLONE);
    beginAnew(partial);
    flush(partial);
    const aside = setAside(target);
    renameSync(partial, target);
    flush(dataDir);
    return { ...copied, aside };
  } finally {
    lock.release();
  }
}

/** The whole chain, from the first row. Also while the hub runs. */
export function verifyJournal(file: string): ChainVerdict {
  const database = openForReading(file);
  try {
    return verifyChain(database);
  } finally {
    database.close();
  }
}

export function journalIn(dataDir: string): string {
  const file = join(dataDir, JOURNAL);
  if (existsSync(file)) return file;
  throw new Error(`expected a journal, found no ${file}: has the hub ever run here?`);
}

function examined(file: string): Copied {
  if (!existsSync(file)) throw new Error(`expected a backup, found no ${file}`);
  const database = openForReading(file);
  try {
    const [found] = Object.values(database.prepare("PRAGMA quick_check(1)").get() ?? {});
    if (found !== "ok") throw new Error(`${file}: quick_check found: ${String(found)}`);
    const verdict = verifyChain(database);
    if (!verdict.ok) throw new Error(`${file}: the chain is broken: ${verdict.reason}`);
    return { rows: verdict.rows, head: verdict.head.hash };
  } finally {
    database.close();
  }
}

/** The write-ahead log belongs to the file it stands beside, so it goes with it. */
function setAside(file: string): string | undefined {
  if (!existsSync(file)) return undefined;
  const aside = `${file}.before-${new Date().toISOString().replaceAll(/[:.]/g, "-")}`;
  for (const suffix of ["-wal", "-shm", ""]) {
    if (existsSync(file + suffix)) renameSync(file + suffix, aside + suffix);
  }
  return aside;
}

function beginAnew(file: string): void {
  const database = new DatabaseSync(file);
  try {
    database
      .prepare("update meta set value = ? where key = 'hub-epoch'")
      .run(randomBytes(16).toString("hex"));
  } finally {
    database.close();
  }
}

function flush(path: string): void {
  const descriptor = openSync(path, "r");
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}
