/**
 * The journal's hash chain: every row's hash covers the row before it.
 *
 * A changed bit, a row taken out or two swapped break every later link, and `verifyChain` says
 * where. It cannot find a journal that was cut off at its end; receipts held by the pillars show
 * that.
 *
 * One change is allowed: the text of a fact may be sealed (`seal.ts`). Its row keeps the hash it
 * had, and a later fact of the chain, `fact-sealed`, names that hash and the hash of what stands
 * there now.
 */
import { hash } from "node:crypto";
import type { DatabaseSync } from "node:sqlite";
import { GENESIS, linkHash } from "../../shared/hash-chain.ts";
import type { Sha256 } from "../../shared/ids.ts";
import type { Fact, FactOf } from "../core/facts.ts";
import type { JournalTable } from "./schema.ts";

export const sha256 = (text: string): Sha256 => hash("sha256", text) as Sha256;

export type JournalRow = Readonly<JournalTable>;

export function rowHash(row: Omit<JournalRow, "hash">): Sha256 {
  const { idx, at, type, incident_id, pillar_id, body } = row;
  const record = { idx, at, type, incident_id, pillar_id, body };
  return linkHash(sha256, row.prev_hash as Sha256, record);
}

/** What stands in place of a fact's words. */
export const SEALED_WORDS = "sealed";

/** Their `detail` is for people to read; nothing is decided by it. */
const SEALABLE: ReadonlySet<string> = new Set<Fact["type"]>([
  "pillar-fault",
  "pillar-cloned",
  "hub-fault",
  "external-failed",
]);

export const isSealable = (type: string): boolean => SEALABLE.has(type);

export function isSealed({ type, body }: Pick<JournalRow, "type" | "body">): boolean {
  try {
    const fact = JSON.parse(body) as { readonly detail?: unknown } | null;
    return isSealable(type) && fact?.detail === SEALED_WORDS;
  } catch {
    // Not JSON any more: changed by something else.
    return false;
  }
}

/** A sealed row: `index`. */
export interface Seal extends FactOf<"fact-sealed"> {
  /** Of the fact by which it was sealed. */
  readonly sealIndex: number;
}

/** The end of a checked stretch. */
export interface Link {
  readonly idx: number;
  readonly hash: string;
}

export const BEGINNING: Link = { idx: 0, hash: GENESIS };

export interface Breach {
  /** Index of the row that does not fit. */
  readonly idx: number;
  readonly reason: string;
}

export type ChainVerdict =
  | {
      readonly ok: true;
      readonly rows: number;
      readonly head: Link;
      readonly sealed: readonly Seal[];
    }
  | {
      readonly ok: false;
      /** Good ones before it. */
      readonly rows: number;
      /** Index of the first row that does not fit. */
      readonly brokenAt: number;
      readonly reason: string;
    };

export interface ChainCheck {
  /** Why a row does not follow the link before it; `undefined` when it does. */
  breach(before: Link, row: JournalRow): Breach | undefined;
  /** Sealed rows it has passed. */
  readonly sealed: readonly Seal[];
}

/**
 * For rows that are then read to the head: a seal counts only when its own row, which comes later,
 * fits too. `sealRows`: those of type `fact-sealed`, in their order; asked for when a row's hash
 * does not fit.
 */
export function checkChain(sealRows: () => Iterable<JournalRow>): ChainCheck {
  let known: Seals | undefined;
  const sealed: Seal[] = [];
  return {
    sealed,
    breach(before, row) {
      const idx = before.idx + 1;
      if (row.idx !== idx) {
        return { idx, reason: `expected row ${idx} after row ${before.idx}, found row ${row.idx}` };
      }
      if (row.prev_hash !== before.hash) {
        return { idx, reason: `row ${idx} does not follow row ${before.idx}` };
      }
      const hash = rowHash(row);
      if (hash === row.hash) return undefined;
      known ??= readSeals(sealRows());
      const seal = known.byIndex.get(idx);
      if (seal && isSealedBy(row, hash, seal)) {
        sealed.push(seal);
        return undefined;
      }
      const changed = known.changed.find((one) => one > idx) ?? idx;
      return { idx: changed, reason: `row ${changed} was changed after it was written` };
    },
  };
}

/** Checks rows after `from` (the beginning, unless told) to the head. */
export function verifyChain(database: DatabaseSync, from: Link = BEGINNING): ChainVerdict {
  const check = checkChain(sealRowsOf(database));
  let link = from;
  for (const row of rowsAfter(database, from.idx)) {
    const found = check.breach(link, row);
    if (found) {
      const { idx, reason } = found;
      return { ok: false, rows: link.idx - from.idx, brokenAt: idx, reason };
    }
    link = row;
  }
  const head = { idx: link.idx, hash: link.hash };
  return { ok: true, rows: link.idx - from.idx, head, sealed: check.sealed };
}

export function rowsAfter(database: DatabaseSync, idx: number): Iterable<JournalRow> {
  const select = database.prepare("select * from journal where idx > ? order by idx");
  return select.iterate(idx) as Iterable<unknown> as Iterable<JournalRow>;
}

export const sealRowsOf = (database: DatabaseSync) => (): Iterable<JournalRow> => {
  const select = database.prepare("select * from journal where type = 'fact-sealed' order by idx");
  return select.iterate() as Iterable<unknown> as Iterable<JournalRow>;
};

interface Seals {
  readonly byIndex: ReadonlyMap<number, Seal>;
  /**
   * Rows that were seals and were changed after they were written: what they sealed cannot be told.
   */
  readonly changed: readonly number[];
}

/** The first seal of a row is the one that counts. */
function readSeals(rows: Iterable<JournalRow>): Seals {
  const byIndex = new Map<number, Seal>();
  const changed: number[] = [];
  for (const row of rows) {
    if (rowHash(row) !== row.hash) {
      changed.push(row.idx);
      continue;
    }
    const fact = JSON.parse(row.body) as FactOf<"fact-sealed">;
    if (!byIndex.has(fact.index)) byIndex.set(fact.index, { ...fact, sealIndex: row.idx });
  }
  return { byIndex, changed };
}

function isSealedBy(row: JournalRow, hash: Sha256, seal: Seal): boolean {
  const isNamed = seal.originalHash === row.hash && seal.replacementHash === hash;
  return isNamed && seal.sealIndex > row.idx && isSealed(row);
}
