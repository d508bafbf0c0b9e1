/**
 * One-time codes for new pillars: 30 minutes, single use.
 *
 * A secret is 128 random bits, so only its hash is kept and a fast hash is enough. A wrong secret
 * changes nothing: it cannot be guessed at any rate, and voiding the code would let a stranger stop
 * a technician's work.
 */
import { mkdirSync } from "node:fs";
import { dirname } from "node:path";
import { createHash, randomBytes, timingSafeEqual } from "node:crypto";
import { z } from "zod";
import { PlaceText, Position } from "../../shared/api/pillar.ts";
import { parseWith } from "../../shared/parse.ts";
import { PillarId } from "../../shared/ids.ts";
import type { Enrolments } from "./ports.ts";
import { openShaped, type Shape } from "../../shared/host/sqlite.ts";

export const ENROLMENT_MINUTES = 30;
/** Codes waiting at once: far more than one visit needs. */
const MAX_WAITING = 10_000;
const SECRET_BYTES = 16;

const SHAPE: Shape = {
  format: 1,
  sql: `
    CREATE TABLE enrolment (
      pillar_id TEXT PRIMARY KEY, secret_hash BLOB NOT NULL, details TEXT NOT NULL,
      expires_at INTEGER NOT NULL
    ) STRICT, WITHOUT ROWID`,
};

const Details = z.object({
  pillarId: PillarId,
  ...PlaceText,
  position: Position.nullable(),
});
const Row = z.object({
  secret_hash: z.instanceof(Uint8Array),
  details: z.string(),
  expires_at: z.number(),
});
type Row = z.infer<typeof Row>;

export type ClosableEnrolments = Enrolments & { close(): void };

export function openEnrolments(file: string): ClosableEnrolments {
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  const db = openShaped(file, SHAPE);
  const prune = db.prepare("DELETE FROM enrolment WHERE expires_at <= ?");
  const count = db.prepare("SELECT count(*) AS n FROM enrolment");
  const save = db.prepare(
    `INSERT OR REPLACE INTO enrolment (pillar_id, secret_hash, details, expires_at)
     VALUES (?, ?, ?, ?)`,
  );
  const find = db.prepare("SELECT * FROM enrolment WHERE pillar_id = ? AND expires_at > ?");
  const remove = db.prepare("DELETE FROM enrolment WHERE pillar_id = ?");
  const restore = db.prepare(
    `INSERT OR IGNORE INTO enrolment (pillar_id, secret_hash, details, expires_at)
     VALUES (?, ?, ?, ?)`,
  );
  const rightRow = (pillarId: PillarId, secret: string): Row | undefined => {
    const found = find.get(pillarId, Date.now());
    const row = found && Row.parse(found);
    return row && timingSafeEqual(row.secret_hash, hashOf(secret)) ? row : undefined;
  };
  const take = (pillarId: PillarId, secret: string): Row | undefined => {
    db.exec("BEGIN IMMEDIATE");
    try {
      const row = rightRow(pillarId, secret);
      if (row) remove.run(pillarId);
      db.exec("COMMIT");
      return row;
    } catch (error) {
      db.exec("ROLLBACK");
      throw error;
    }
  };
  /**
   * Unless a newer code was made meanwhile. A full disk may keep it from being put back: a new one
   * is made in a minute.
   */
  const putBack = (pillarId: PillarId, { secret_hash, details, expires_at }: Row): void => {
    try {
      restore.run(pillarId, secret_hash, details, expires_at);
    } catch {
      return;
    }
  };
  return {
    create: async (wanted) => {
      const read = parseWith(Details, wanted);
      if (!read.ok) throw new Error(`enrolments: ${read.reason}`);
      const details = read.value;
      const now = Date.now();
      prune.run(now);
      if (Number(count.get()?.["n"]) >= MAX_WAITING) {
        throw new Error(`enrolments: expected at most ${MAX_WAITING} waiting codes, found as many`);
      }
      const secret = randomBytes(SECRET_BYTES).toString("base64url");
      const expiresAt = now + ENROLMENT_MINUTES * 60_000;
      save.run(details.pillarId, hashOf(secret), JSON.stringify(details), expiresAt);
      return secret;
    },
    isRight: async (pillarId, secret) => rightRow(pillarId, secret) !== undefined,
    redeem: async (pillarId, secret, work) => {
      const row = take(pillarId, secret);
      // A row that somebody changed by hand counts as no code; a new one is made in a minute.
      const read = row ? Details.safeParse(JSON.parse(row.details)) : undefined;
      if (!row || !read?.success) return false;
      try {
        await work(read.data);
      } catch (error) {
        putBack(pillarId, row);
        throw error;
      }
      return true;
    },
    close: () => db.close(),
  };
}

const hashOf = (secret: string): Buffer => createHash("sha256").update(secret).digest();
