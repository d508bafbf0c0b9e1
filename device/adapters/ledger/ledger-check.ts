/**
 * What is wrong with a ledger's file, in words.
 *
 * First SQLite's own check, then the hash chain through the newest
 * rows: older ones were checked by every start before.
 */
import type { DatabaseSync } from "node:sqlite";
import { GENESIS, linkHash } from "../../../shared/hash-chain.ts";
import type { Sha256 } from "../../../shared/ids.ts";
import type { AlarmEvent } from "../../../shared/protocol/alarm.ts";
import { sha256 } from "../identity/identity.ts";

const VERIFIED_AT_OPENING = 200;

export interface Row {
  readonly seq: number;
  readonly event: string;
  readonly hash: string;
  readonly sig: string;
}

export function damageOf(db: DatabaseSync): string[] {
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
  // A start without a disk begins a chain of its own, above
  // all numbers the disk may hold: a declared gap.
  if (row.seq > before.seq && event.prevHash === GENESIS) return undefined;
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
