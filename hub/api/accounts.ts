/**
 * Who may sign in, and who is signed in.
 *
 * A database of its own, because the command line writes accounts while the hub runs and the journal has
 * one writer. Tokens and passwords are stored as hashes only: this file lets nobody in.
 */
import { createHash, randomBytes } from "node:crypto";
import type { DatabaseSync } from "node:sqlite";
import { z } from "zod";
import { Role } from "../../shared/api/session.ts";
import { Username } from "../../shared/ids.ts";
import type { Accounts } from "../ports.ts";
import { createPasswords, type Passwords } from "./password.ts";
import { openSideDatabase } from "./side-database.ts";

/** Desks, tablets and programs of one person; the oldest session gives way. */
export const MAX_SESSIONS_PER_USER = 16;
export const MAX_ACCOUNTS = 10_000;
const TOKEN_BYTES = 32;

const SHAPE = {
  version: 1,
  sql: `
    CREATE TABLE IF NOT EXISTS account (
      username TEXT PRIMARY KEY, display_name TEXT NOT NULL, role TEXT NOT NULL,
      password_hash TEXT NOT NULL
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE IF NOT EXISTS session (
      token_hash TEXT PRIMARY KEY,
      username TEXT NOT NULL REFERENCES account (username) ON DELETE CASCADE,
      opened_at INTEGER NOT NULL, expires_at INTEGER NOT NULL
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX IF NOT EXISTS session_by_user ON session (username, opened_at);`,
};

const ActorRow = z.object({ username: Username, displayName: z.string(), role: Role });
const SessionRow = ActorRow.extend({ expiresAt: z.number() });
const ACTOR = "username, display_name AS displayName, role";

export type ClosableAccounts = Accounts & { close(): void };

export function openAccounts(file: string): ClosableAccounts {
  const db = openSideDatabase(file, SHAPE);
  const passwords = createPasswords();
  return { ...openPeople(db, passwords), ...openSessions(db), close: () => db.close() };
}

function openPeople(
  db: DatabaseSync,
  passwords: Passwords,
): Pick<Accounts, "verify" | "save" | "list"> {
  const find = db.prepare(`SELECT ${ACTOR}, password_hash AS hash FROM account WHERE username = ?`);
  const list = db.prepare(`SELECT ${ACTOR} FROM account ORDER BY username`);
  const count = db.prepare("SELECT count(*) AS n FROM account");
  const save = db.prepare(
    `INSERT INTO account (username, display_name, role, password_hash) VALUES (?, ?, ?, ?)
     ON CONFLICT (username) DO UPDATE SET display_name = excluded.display_name,
       role = excluded.role, password_hash = excluded.password_hash`,
  );
  const signOut = db.prepare("DELETE FROM session WHERE username = ?");
  return {
    verify: async (username, password) => {
      const row = find.get(username);
      const hash = row?.["hash"];
      const isRight = await passwords.matches(password, hash === undefined ? hash : String(hash));
      return isRight ? ActorRow.parse(row) : undefined;
    },
    save: async ({ username, displayName, role, password }) => {
      const row = find.get(username);
      if (!row && Number(count.get()?.["n"]) >= MAX_ACCOUNTS) {
        throw new Error(`accounts: expected at most ${MAX_ACCOUNTS}, and there are as many`);
      }
      const known = row && String(row["hash"]);
      const isSame = known !== undefined && (await passwords.matches(password, known));
      const hash = isSame ? known : await passwords.hash(password);
      save.run(username, displayName, role, hash);
      // A new password is often the answer to a stolen session.
      if (!isSame) signOut.run(username);
    },
    list: async () => list.all().map((row) => ActorRow.parse(row)),
  };
}

function openSessions(
  db: DatabaseSync,
): Pick<Accounts, "openSession" | "session" | "closeSession"> {
  const insert = db.prepare(
    "INSERT INTO session (token_hash, username, opened_at, expires_at) VALUES (?, ?, ?, ?)",
  );
  const find = db.prepare(
    `SELECT ${ACTOR}, expires_at AS expiresAt FROM session JOIN account USING (username)
     WHERE token_hash = ? AND expires_at > ?`,
  );
  const remove = db.prepare("DELETE FROM session WHERE token_hash = ?");
  const prune = db.prepare("DELETE FROM session WHERE expires_at <= ?");
  const trim = db.prepare(
    `DELETE FROM session WHERE token_hash IN (
       SELECT token_hash FROM session WHERE username = ?
       ORDER BY opened_at DESC, token_hash LIMIT -1 OFFSET ${MAX_SESSIONS_PER_USER})`,
  );
  return {
    openSession: async (username, expiresAt) => {
      const token = randomBytes(TOKEN_BYTES).toString("base64url");
      const now = Date.now();
      db.exec("BEGIN IMMEDIATE");
      try {
        prune.run(now);
        insert.run(hashOf(token), username, now, Math.floor(expiresAt));
        trim.run(username);
        db.exec("COMMIT");
      } catch (error) {
        db.exec("ROLLBACK");
        throw error;
      }
      return token;
    },
    session: async (token) => {
      const row = find.get(hashOf(token), Date.now());
      return row ? SessionRow.parse(row) : undefined;
    },
    closeSession: async (token) => void remove.run(hashOf(token)),
  };
}

const hashOf = (token: string): string => createHash("sha256").update(token).digest("hex");
