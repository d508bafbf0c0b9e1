/**
 * Backup: everything of a hub that cannot be made again, copied, put back, and checked.
 *
 * A backup is a directory that is whole or not there: it is written beside its place, flushed,
 * checked and only then named. It holds every database, and the authority with the register of
 * identities. Where one of the two knows an identity that the other does not know yet, the next
 * start adds it.
 *
 * A journal that is put back gets a new hub epoch, by which every pillar learns that it must send
 * again what this hub may have forgotten. Sessions and one-time codes end with a restore.
 *
 * Limit: recordings are not in it. They are files that never change: copy them as files.
 */
import { randomBytes } from "node:crypto";
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
} from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { syncSync } from "../../shared/host/whole-file.ts";
import { lockData } from "../storage/data-lock.ts";
import { verifyChain, type ChainVerdict } from "./chain.ts";
import { openForReading } from "../../shared/host/sqlite.ts";
import { findSecrets } from "./secrets.ts";
import { narrow } from "../storage/private-files.ts";

const JOURNAL = "journal.db";
/** In this order: whoever is named in one of them is already known to the next. */
export const DATABASES = [JOURNAL, "accounts.db", "enrolments.db"] as const;
const AUTHORITY = "authority";

export interface Copied {
  readonly rows: number;
  /** Hash of the last row: what the copy ends with, in 64 characters. */
  readonly head: string;
  /** Names in the backup. */
  readonly files: readonly string[];
}

/** Also while the hub runs. `directory` must not exist yet. */
export function backUp(dataDir: string, directory: string): Copied {
  journalIn(dataDir);
  const target = resolve(directory);
  if (existsSync(target)) {
    throw new Error(`expected a new directory, found ${target}: nothing is overwritten`);
  }
  const partial = `${target}.partial`;
  rmSync(partial, { recursive: true, force: true });
  try {
    mkdirSync(join(partial, AUTHORITY), { recursive: true, mode: 0o700 });
    for (const name of DATABASES) copyDatabase(join(dataDir, name), join(partial, name));
    copyAuthority(join(dataDir, AUTHORITY), join(partial, AUTHORITY));
    for (const one of [partial, join(partial, AUTHORITY)]) narrow(one);
    const copied = examined(partial);
    renameSync(partial, target);
    syncSync(dirname(target));
    return copied;
  } finally {
    rmSync(partial, { recursive: true, force: true });
  }
}

function copyDatabase(from: string, to: string): void {
  if (!existsSync(from)) return;
  const database = openForReading(from);
  try {
    database.prepare("vacuum into ?").run(to);
  } finally {
    database.close();
  }
  syncSync(to);
}

/** Each file there is whole: it is renamed into its place, or, the register, only ever grows. */
function copyAuthority(from: string, to: string): void {
  if (!existsSync(from)) return;
  for (const name of readdirSync(from).filter((one) => !one.endsWith(".new"))) {
    copyFileSync(join(from, name), join(to, name));
    syncSync(join(to, name));
  }
  syncSync(to);
}

export interface Restored extends Copied {
  /** What was there before, kept under these names. */
  readonly aside: readonly string[];
  /**
   * False: this directory has the same authority already,
   * and its register knows what was revoked since.
   */
  readonly isAuthorityRestored: boolean;
}

/** The hub must be stopped. What was there before is kept aside, and nothing of it is lost. */
export function restore(dataDir: string, directory: string): Restored {
  const source = resolve(directory);
  const copied = examined(source);
  const lock = lockData(dataDir);
  try {
    const isNew = !existsSync(join(dataDir, AUTHORITY, "ca.cert.pem"));
    if (!isNew) refuseOtherAuthority(dataDir, source);
    else {
      mkdirSync(join(dataDir, AUTHORITY), { recursive: true, mode: 0o700 });
      copyAuthority(join(source, AUTHORITY), join(dataDir, AUTHORITY));
    }
    const aside = DATABASES.flatMap((name) => putBack(source, dataDir, name));
    for (const one of [dataDir, join(dataDir, AUTHORITY)]) narrow(one);
    syncSync(dataDir);
    return { ...copied, aside, isAuthorityRestored: isNew };
  } finally {
    lock.release();
  }
}

function refuseOtherAuthority(dataDir: string, source: string): void {
  const file = join(AUTHORITY, "ca.cert.pem");
  const [here, there] = [readText(join(dataDir, file)), readText(join(source, file))];
  if (here === there) return;
  throw new Error(
    `expected the backup of this hub, found another authority in ${source}: no pillar of the one would ` +
      `trust the other. Restore into an empty directory, or move ${join(dataDir, AUTHORITY)} away first`,
  );
}

function putBack(source: string, dataDir: string, name: (typeof DATABASES)[number]): string[] {
  const from = join(source, name);
  if (!existsSync(from)) return [];
  const target = join(dataDir, name);
  const partial = `${target}.partial`;
  rmSync(partial, { force: true });
  copyFileSync(from, partial);
  beginAnew(partial, name);
  syncSync(partial);
  const aside = setAside(target);
  renameSync(partial, target);
  return aside === undefined ? [] : [aside];
}

/** What an old copy must not bring back: its epoch, its sessions, its codes. */
const AFRESH: Readonly<Record<(typeof DATABASES)[number], (database: DatabaseSync) => void>> = {
  "journal.db": (database) =>
    void database
      .prepare("update meta set value = ? where key = 'hub-epoch'")
      .run(randomBytes(16).toString("hex")),
  "accounts.db": (database) => database.exec("delete from session"),
  "enrolments.db": (database) => database.exec("delete from enrolment"),
};

function beginAnew(file: string, name: (typeof DATABASES)[number]): void {
  const database = new DatabaseSync(file);
  try {
    AFRESH[name](database);
  } finally {
    database.close();
  }
}

/**
 * The whole chain, from the first row. Also while the hub
 * runs. `path`: a journal, or a backup that holds one.
 */
export function verifyJournal(path: string): ChainVerdict {
  const inside = join(path, JOURNAL);
  const database = openForReading(existsSync(inside) ? inside : path);
  try {
    return verifyChain(database);
  } finally {
    database.close();
  }
}

/** Facts that look as if they held a camera's password. `path` as above. */
export function suspectsIn(path: string): ReturnType<typeof findSecrets> {
  const inside = join(path, JOURNAL);
  const database = openForReading(existsSync(inside) ? inside : path);
  try {
    return findSecrets(database);
  } finally {
    database.close();
  }
}

export function journalIn(dataDir: string): string {
  const file = join(dataDir, JOURNAL);
  if (existsSync(file)) return file;
  throw new Error(`expected a journal, found no ${file}: has the hub ever run here?`);
}

function examined(directory: string): Copied {
  const journal = join(directory, JOURNAL);
  if (!existsSync(journal)) {
    throw new Error(`expected a backup made by anzhu-hub backup, found no ${journal}`);
  }
  const files = [
    ...DATABASES.filter((name) => existsSync(join(directory, name))),
    ...(existsSync(join(directory, AUTHORITY)) ? readdirSync(join(directory, AUTHORITY)) : []).map(
      (name) => join(AUTHORITY, name),
    ),
  ];
  for (const name of DATABASES) if (files.includes(name)) checkFile(join(directory, name));
  const verdict = verifyJournal(journal);
  if (!verdict.ok) throw new Error(`${journal}: the chain is broken: ${verdict.reason}`);
  return { rows: verdict.rows, head: verdict.head.hash, files };
}

function checkFile(file: string): void {
  const database = openForReading(file);
  try {
    const [found] = Object.values(database.prepare("PRAGMA quick_check(1)").get() ?? {});
    if (found !== "ok") throw new Error(`${basename(file)}: quick_check found: ${String(found)}`);
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

const readText = (file: string): string => (existsSync(file) ? readFileSync(file, "utf8") : "");
