/**
 * The ledger's file: SQLite in WAL mode with FULL synchronisation, used from one thread.
 *
 * What can be checked is checked: pragmas at the start, the hash chain of the newest rows at every
 * opening. Damage is reported, and never keeps the pillar from calling.
 */
import type { DatabaseSync, StatementSync } from "node:sqlite";
import { openShaped, type Shape } from "../../../shared/host/sqlite.ts";
import { GENESIS } from "../../../shared/hash-chain.ts";
import type { EventId, HubEpoch, Sha256, Signature } from "../../../shared/ids.ts";
import type { AlarmEvent } from "../../../shared/protocol/alarm.ts";
import type { LedgerBase } from "../../core/ledger/ledger-base.ts";
import type { Kept, LedgerHead, SealedAlarm } from "../../core/state/kept.ts";
import type { BoardMark } from "../../ports.ts";
import { damageOf, type Row } from "./ledger-check.ts";

const MAX_KEPT = 10_000;
const KEEP_DAYS = 30;

/** How long a statement waits for another program. */
const BUSY_TIMEOUT_MS = 2000;

const SHAPE: Shape = {
  format: 1,
  sql: `
CREATE TABLE alarm (
  seq INTEGER PRIMARY KEY CHECK (seq > 0),
  event_id TEXT NOT NULL UNIQUE,
  event TEXT NOT NULL,
  hash TEXT NOT NULL,
  sig TEXT NOT NULL,
  stored_ms INTEGER NOT NULL,
  accepted_by TEXT
) STRICT;
CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT`,
};

export interface LedgerStart extends Kept {
  readonly bootEpoch: number;
  readonly head: LedgerHead;
  /** The newest alarm that is no self-test. */
  readonly lastEventId: EventId | undefined;
  readonly boardMark: BoardMark | undefined;
  /** What is wrong with the newest rows, in words. */
  readonly damage: readonly string[];
}

/** An alarm, and where the board stood when it was the last press. */
export interface Appended {
  readonly alarm: SealedAlarm;
  readonly mark: BoardMark | undefined;
}

export interface LedgerStore {
  /** A new boot; a file that knows nothing begins at `base`. */
  start(base?: LedgerBase): LedgerStart;
  /** After an error, in the same life: no new boot. What is wrong with the newest rows. */
  check(): readonly string[];
  /** This life goes on in this file: its boot is noted, and what the file holds is told. */
  adopt(bootEpoch: number): Kept;
  /** Takes in, in one transaction, what another file holds. */
  takeBack(other: string): void;
  begin(): void;
  append(one: Appended, wallMs: number): void;
  markAccepted(eventId: EventId, hubEpoch: HubEpoch): void;
  prune(wallMs: number): void;
  commit(): void;
  rollback(): void;
  since(fromSeq: number, limit: number): SealedAlarm[];
  close(): void;
}

export function openStore(file: string): LedgerStore {
  const db = openShaped(file, SHAPE, BUSY_TIMEOUT_MS);
  try {
    return storeOn(db);
  } catch (error) {
    db.close();
    throw error;
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
    start: (base) => startOn(db, setMeta, base),
    check: () => damageOf(db),
    adopt: (bootEpoch) => {
      const known = Math.max(bootEpoch, Number(metaOf(db, "boot_epoch") ?? 0));
      setMeta.run("boot_epoch", String(known));
      return keptIn(db);
    },
    takeBack: (other) => takeBack(db, other),
    begin: () => db.exec("BEGIN IMMEDIATE"),
    append: ({ alarm: { event, hash, sig }, mark }, wallMs) => {
      insert.run(event.seq, event.eventId, JSON.stringify(event), hash, sig, Math.floor(wallMs));
      if (mark) setMeta.run("board_mark", JSON.stringify(mark));
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

const metaOf = (db: DatabaseSync, name: string): string | undefined =>
  db.prepare("SELECT value FROM meta WHERE name = ?").get(name)?.["value"] as string | undefined;

function startOn(db: DatabaseSync, setMeta: StatementSync, base?: LedgerBase): LedgerStart {
  const damage = damageOf(db);
  const bootEpoch = Math.max(Number(metaOf(db, "boot_epoch") ?? 0) + 1, base?.bootEpoch ?? 1);
  setMeta.run("boot_epoch", String(bootEpoch));
  const last = db.prepare("SELECT seq, hash FROM alarm ORDER BY seq DESC LIMIT 1").get();
  const newestCall = db
    .prepare(
      `SELECT event_id FROM alarm WHERE json_extract(event, '$.kind') <> 'test'
       ORDER BY seq DESC LIMIT 1`,
    )
    .get();
  const empty = base?.head ?? { seq: 0, hash: GENESIS };
  return {
    ...keptIn(db),
    bootEpoch,
    head: last ? { seq: Number(last["seq"]), hash: last["hash"] as Sha256 } : empty,
    lastEventId: newestCall?.["event_id"] as EventId | undefined,
    boardMark: boardMarkIn(db),
    damage,
  };
}

function boardMarkIn(db: DatabaseSync): BoardMark | undefined {
  const stored = metaOf(db, "board_mark");
  return stored === undefined ? undefined : (JSON.parse(stored) as BoardMark);
}

function keptIn(db: DatabaseSync): Kept {
  const hubEpoch = metaOf(db, "hub_epoch") as HubEpoch | undefined;
  // The newest, with whoever waits now among them: the hub asks for those before.
  const unaccepted = db
    .prepare(
      `SELECT seq, event, hash, sig FROM alarm WHERE accepted_by IS NULL ORDER BY seq DESC LIMIT ?`,
    )
    .all(MAX_KEPT) as unknown as Row[];
  const replay = db
    .prepare(
      "SELECT min(seq) AS seq FROM alarm WHERE accepted_by IS NOT ? AND accepted_by NOT NULL",
    )
    .get(hubEpoch ?? null);
  return {
    hubEpoch,
    unaccepted: unaccepted.map(sealedOf).toReversed(),
    replayFrom: typeof replay?.["seq"] === "number" ? replay["seq"] : undefined,
  };
}

/**
 * Alarms, receipts and the highest boot; a row that
 * is here already stays, and learns of its receipt.
 */
function takeBack(db: DatabaseSync, other: string): void {
  db.prepare("ATTACH ? AS spare").run(other);
  try {
    db.exec(`BEGIN IMMEDIATE;
INSERT OR IGNORE INTO alarm SELECT * FROM spare.alarm;
UPDATE alarm SET accepted_by = s.accepted_by FROM spare.alarm AS s
  WHERE s.event_id = alarm.event_id AND s.accepted_by IS NOT NULL;
INSERT INTO meta SELECT name, value FROM spare.meta WHERE name IN ('hub_epoch', 'board_mark')
  ON CONFLICT (name) DO UPDATE SET value = excluded.value;
INSERT INTO meta SELECT name, value FROM spare.meta WHERE name = 'boot_epoch'
  ON CONFLICT (name) DO UPDATE SET
    value = CAST(max(CAST(value AS INTEGER), CAST(excluded.value AS INTEGER)) AS TEXT);
COMMIT`);
  } catch (error) {
    if (db.isTransaction) db.exec("ROLLBACK");
    throw error;
  } finally {
    db.exec("DETACH spare");
  }
}

function sealedOf(row: Row): SealedAlarm {
  return {
    event: JSON.parse(row.event) as AlarmEvent,
    hash: row.hash as Sha256,
    sig: row.sig as Signature,
  };
}
export type LedgerWrite =
  | {
      readonly type: "append";
      readonly id: number;
      readonly alarm: SealedAlarm;
      readonly mark: BoardMark | undefined;
    }
  | {
      readonly type: "accepted";
      readonly id: number;
      readonly eventId: EventId;
      readonly hubEpoch: HubEpoch;
    };
