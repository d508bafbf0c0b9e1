/**
 * The journal's hash chain: every row's hash covers the row before it.
 *
 * A changed bit, a row taken out or two swapped break every later link, and `verifyChain` says where.
 * What it cannot find is a journal cut off at its end; receipts held by the pillars show that.
 */
import { hash } from "node:crypto";
import type { DatabaseSync } from "node:sqlite";
import { GENESIS, linkHash } from "../../shared/hash-chain.ts";
import type { Sha256 } from "../../shared/ids.ts";
import type { JournalTable } from "./schema.ts";

export const sha256 = (text: string): Sha256 => hash("sha256", text) as Sha256;

export type JournalRow = Readonly<JournalTable>;

export function rowHash(row: Omit<JournalRow, "hash">): Sha256 {
  const { idx, at, type, incident_id, pillar_id, body } = row;
  const record = { idx, at, type, incident_id, pillar_id, body };
  return linkHash(sha256, row.prev_hash as Sha256, record);
}

/** The end of a checked stretch. */
export interface Link {
  readonly idx: number;
  readonly hash: string;
}

export const BEGINNING: Link = { idx: 0, hash: GENESIS };

/** Why a row does not follow the link before it; `undefined` when it does. */
export function breach(before: Link, row: JournalRow): string | undefined {
  if (row.idx !== before.idx + 1) {
    return `expected row ${before.idx + 1} after row ${before.idx}, found row ${row.idx}`;
  }
  if (row.prev_hash !== before.hash) return `row ${row.idx} does not follow row ${before.idx}`;
  return rowHash(row) === row.hash ? undefined : `row ${row.idx} was changed after it was written`;
}

export type ChainVerdict =
  | { readonly ok: true; readonly rows: number; readonly head: Link }
  | {
      readonly ok: false;
      /** Good ones before it. */
      readonly rows: number;
      /** Index of the first row that does not fit. */
      readonly brokenAt: number;
      readonly reason: string;
    };

/** Checks rows after `from` (the beginning, unless told) to the head. */
export function verifyChain(database: DatabaseSync, from: Link = BEGINNING): ChainVerdict {
  let link = from;
  for (const row of rowsAfter(database, from.idx)) {
    const reason = breach(link, row);
    if (reason) return { ok: false, rows: link.idx - from.idx, brokenAt: link.idx + 1, reason };
    link = row;
  }
  return { ok: true, rows: link.idx - from.idx, head: { idx: link.idx, hash: link.hash } };
}

export function rowsAfter(database: DatabaseSync, idx: number): Iterable<JournalRow> {
  const select = database.prepare("select * from journal where idx > ? order by idx");
  return select.iterate(idx) as Iterable<unknown> as Iterable<JournalRow>;
}
