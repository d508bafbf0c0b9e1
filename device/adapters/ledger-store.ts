/**
 * The ledger's file: SQLite in WAL mode with FULL synchronisation, used from one thread.
 *
 * Nothing is believed that can be read back: pragmas at the start, the hash chain of the newest rows at
 * every opening. Damage is told, not hidden, and never keeps the pillar from calling.
 */
import { DatabaseSync, type StatementSync } from "node:sqlite";
import { GENESIS, linkHash } from "../../shared/hash-chain.ts";
import type { EventId, HubEpoch, Sha256, Signature } from "../../shared/ids.ts";
import type { AlarmEvent } from "../../shared/protocol/alarm.ts";
import type { LedgerHead, SealedAlarm } from "../ports.ts";
import { sha256 } from "./identity.ts";

const MAX_KEPT = 10_000;
const KEEP_DAYS = 30;
const VERIFIED_AT_OPENING = 200;

const PRAGMAS = {
  journal_mode: "wal",
  synchronous: 2,
  foreign_keys: 1,
  trusted_schema: 0,
  cell_size_check: 1,
  wal_autocheckpoint: 1000,
  journal_size_limit: 67_108_864,
} as const;

const SCHEMA = `
CREATE TABLE IF NOT EXISTS alarm (
  seq INTEGER PRIMARY KEY CHECK (seq > 0),
  event_id TEXT NOT NULL UNIQUE,
  event TEXT NOT NULL,
  hash TEXT NOT NULL,
  sig TEXT NOT NULL,
  stored_ms INTEGER NOT NULL,
  accepted_by TEXT
) STRICT;
CREATE TABLE IF NOT EXISTS meta (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT;
`;

export interface LedgerStart {
  readonly bootEpoch: number;
  readonly head: LedgerHead;
  readonly hubEpoch: HubEpoch | undefined;
  readonly unaccepted: readonly SealedAlarm[];
  readonly replayFrom: number | undefined;
  readonly lastEventId: EventId | undefined;
  /** What is wrong with the newest rows, in words. */
  readonly damage: readonly string[];
}

export interface LedgerStore {
  start(): LedgerStart;
  /** Opens after an error, in the same life: no new boot. */
  check(): readonly string[];
  begin(): void;
  append(alarm: SealedAlarm, wallMs: number): void;
  markAccepted(eventId: EventId, hubEpoch: HubEpoch): void;
  prune(wallMs: number): void;
  commit(): void;
  rollback(): void;
  since(fromSeq: number, limit: number): SealedAlarm[];
  close(): void;
}

interface Row {
  readonly seq: number;
  readonly event: string;
  readonly hash: string;
  readonly sig: string;
}

export function openStore(file: string): LedgerStore {
  const db = new DatabaseSync(file, { timeout: 2000 });
  try {
    setPragmas(db);
    db.exec(SCHEMA);
    return storeOn(db);
  } catch (error) {
    db.close();
    throw error;
  }
}

function setPragmas(db: DatabaseSync): void {
  for (const [name, value] of Object.entries(PRAGMAS)) {
    db.exec(`PRAGMA ${name} = ${value}`);
    const found = Object.values(db.prepare(`PRAGMA ${name}`).get() ?? {})[0];
    if (found !== value) {
      throw new Error(`SQLite must run with ${name} = ${value}, found ${String(found)}`);
    }
  }
}

function storeOn(db: DatabaseSync): LedgerStore {
  const insert = db.prepare(
    `INSERT INTO alarm (seq, event_id, event, hash, sig, stored_ms) VALUES (?, ?, ?, ?, ?, ?)
     ON CONFLICT (event_id) DO NOTHING`,
  );
  const accept = db.prepare("UPDATE alarm SET accepted_by = ? WHERE event_id = ?");
  const setMeta = db.prepare(
    "INSERT INTO meta VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value",
  );
  const page = db.prepare(
    "SELECT seq, event, hash, sig FROM alarm WHERE seq >= ? ORDER BY seq LIMIT ?",
  );
  const prune = db.prepare(
    `DELETE FROM alarm WHERE accepted_by IS NOT NULL AND seq < (SELECT max(seq) FROM alarm)
     AND (stored_ms < ? OR seq <= (SELECT max(seq) FROM alarm) - ?)`,
  );
  return {
    start: () => startOn(db, setMeta),
    check: () => damageOf(db),
    begin: () => db.exec("BEGIN IMMEDIATE"),
    append: ({ event, hash, sig }, wallMs) => {
      insert.run(event.seq, event.eventId, JSON.stringify(event), hash, sig, Math.floor(wallMs));
    },
    markAccepted: (eventId, hubEpoch) => {
      accept.run(hubEpoch, eventId);
      setMeta.run("hub_epoch", hubEpoch);
    },
    prune: (wallMs) => {
      prune.run(Math.floor(wallMs) - KEEP_DAYS * 86_400_000, MAX_KEPT);
    },
    commit: () => db.exec("COMMIT"),
    rollback: () => {
      if (db.isTransaction) db.exec("ROLLBACK");
    },
    since: (fromSeq, limit) => (page.all(fromSeq, limit) as unknown as Row[]).map(sealedOf),
    close: () => db.close(),
  };
}

function startOn(db: DatabaseSync, setMeta: StatementSync): LedgerStart {
  const meta = (name: string): string | undefined =>
    db.prepare("SELECT value FROM meta WHERE name = ?").get(name)?.["value"] as string | undefined;
  const damage = damageOf(db);
  const bootEpoch = Number(meta("boot_epoch") ?? 0) + 1;
  setMeta.run("boot_epoch", String(bootEpoch));
  const hubEpoch = meta("hub_epoch") as HubEpoch | undefined;
  const last = db.prepare("SELECT seq, event_id, hash FROM alarm ORDER BY seq DESC LIMIT 1").get();
  const unaccepted = db
    .prepare(
      `SELECT seq, event, hash, sig FROM alarm WHERE accepted_by IS NULL ORDER BY seq LIMIT ?`,
    )
    .all(MAX_KEPT) as unknown as Row[];
  const replay = db
    .prepare(
      "SELECT min(seq) AS seq FROM alarm WHERE accepted_by IS NOT ? AND accepted_by NOT NULL",
    )
    .get(hubEpoch ?? null);
  return {
    bootEpoch,
    head: last
      ? { seq: Number(last["seq"]), hash: last["hash"] as Sha256 }
      : { seq: 0, hash: GENESIS },
    hubEpoch,
    unaccepted: unaccepted.map(sealedOf),
    replayFrom: typeof replay?.["seq"] === "number" ? replay["seq"] : undefined,
    lastEventId: last?.["event_id"] as EventId | undefined,
    damage,
  };
}

function sealedOf(row: Row): SealedAlarm {
  return {
    event: JSON.parse(row.event) as AlarmEvent,
    hash: row.hash as Sha256,
    sig: row.sig as Signature,
  };
}

/** Reads the file's own opinion, then follows the chain through the newest rows. */
function damageOf(db: DatabaseSync): string[] {
  const opinion = db.prepare("PRAGMA quick_check(3)").all();
  const damage = opinion
    .map((row) => String(Object.values(row)[0]))
    .filter((line) => line !== "ok");
  const newest = db.prepare(
    "SELECT seq, event, hash, sig FROM (SELECT * FROM alarm ORDER BY seq DESC LIMIT ?) ORDER BY seq",
  );
  let before: { seq: number; hash: string } | undefined;
  for (const row of newest.all(VERIFIED_AT_OPENING) as unknown as Row[]) {
    const wrong = damageOfRow(row, before);
    if (wrong) damage.push(wrong);
    before = row;
  }
  return damage.slice(0, 10);
}

function damageOfRow(
  row: Row,
  before: { readonly seq: number; readonly hash: string } | undefined,
): string | undefined {
  const event = readEvent(row.event);
  if (!event) return `alarm ${row.seq} cannot be read`;
  if (event.seq !== row.seq) return `alarm ${row.seq} says it is alarm ${event.seq}`;
  if (hashOf(event) !== row.hash) {
    return `alarm ${row.seq} was changed: its hash is another one`;
  }
  if (!before) return undefined;
  if (row.seq !== before.seq + 1) return `alarms ${before.seq + 1} to ${row.seq - 1} are missing`;
  return event.prevHash === before.hash ? undefined : `alarm ${row.seq} does not follow its elder`;
}

function hashOf(event: AlarmEvent): Sha256 | undefined {
  try {
    return linkHash(sha256, event.prevHash, event);
  } catch {
    return undefined; // A value without canonical form was not written by us: another hash.
  }
}

/** The hash vouches for the rest; a schema here would only make the thread's start slower. */
function readEvent(text: string): AlarmEvent | undefined {
  try {
    const event = JSON.parse(text) as AlarmEvent | null;
    return typeof event?.prevHash === "string" ? event : undefined;
  } catch {
    return undefined; // The caller says that it cannot be read.
  }
}
