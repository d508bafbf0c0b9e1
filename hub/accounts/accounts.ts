/**
 * Who may sign in, who is signed in, and which services may ask.
 *
 * A database of its own, because the command line writes accounts while the hub runs and the
 * journal has one writer. Tokens and passwords are stored as hashes only, so the file alone gives
 * no access.
 */
import { mkdirSync } from "node:fs";
import { dirname } from "node:path";
import type { DatabaseSync } from "node:sqlite";
import { z } from "zod";
import { ROOT_AREA } from "../../shared/access/areas.ts";
import { Role } from "../../shared/api/session.ts";
import { AreaId, Username } from "../../shared/ids.ts";
import type { Accounts } from "./ports.ts";
import { openAccountChanges } from "./account-changes.ts";
import { openSessions } from "./account-sessions.ts";
import { openChangeNotes } from "./change-notes.ts";
import { createPasswords, type Passwords } from "./password.ts";
import { openServices } from "./services.ts";
import { openShaped, type Shape } from "../../shared/host/sqlite.ts";

const SHAPE: Shape = {
  format: 2,
  sql: `
    CREATE TABLE account (
      username TEXT PRIMARY KEY, display_name TEXT NOT NULL, role TEXT NOT NULL,
      scope TEXT NOT NULL DEFAULT '${ROOT_AREA}', password_hash TEXT NOT NULL, is_disabled INTEGER NOT NULL DEFAULT 0,
      is_demo INTEGER NOT NULL DEFAULT 0, created_at INTEGER, last_used_at INTEGER
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE session (
      token_hash TEXT PRIMARY KEY,
      username TEXT NOT NULL REFERENCES account (username) ON DELETE CASCADE,
      opened_at INTEGER NOT NULL, expires_at INTEGER NOT NULL
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX session_by_user ON session (username, opened_at);
    CREATE TABLE account_change (
      id INTEGER PRIMARY KEY AUTOINCREMENT, body TEXT NOT NULL
    ) STRICT;
    CREATE TABLE service (
      name TEXT PRIMARY KEY, token_hash TEXT NOT NULL UNIQUE, scopes TEXT NOT NULL,
      created_at INTEGER NOT NULL, created_by TEXT, expires_at INTEGER NOT NULL,
      last_used_at INTEGER, revoked_at INTEGER
    ) STRICT, WITHOUT ROWID`,
};

const ActorRow = z.object({
  username: Username,
  displayName: z.string(),
  role: Role,
  scope: AreaId,
});
const ListedRow = ActorRow.extend({
  isDisabled: z.number().transform(Boolean),
  createdAt: z.number().nullable(),
  lastUsedAt: z.number().nullable(),
  sessions: z.number(),
});
const ACTOR = "username, display_name AS displayName, role, scope";
const LISTED = `${ACTOR}, is_disabled AS isDisabled, created_at AS createdAt,
  last_used_at AS lastUsedAt,
  (SELECT count(*) FROM session WHERE session.username = account.username AND expires_at > ?)
    AS sessions`;

export type ClosableAccounts = Accounts & { close(): void };

export function openAccounts(file: string): ClosableAccounts {
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  const db = openShaped(file, SHAPE);
  const passwords = createPasswords();
  const notes = openChangeNotes(db);
  // Counts what other programs committed; what this one commits is counted beside it.
  const others = db.prepare("PRAGMA data_version");
  return {
    ...openPeople(db, passwords),
    ...openSessions(db),
    ...openAccountChanges(db, passwords, notes),
    ...openServices(db, notes),
    waitingFacts: notes.waiting,
    forgetFacts: notes.forget,
    version: () => `${Number(others.get()?.["data_version"])} ${notes.own()}`,
    close: () => db.close(),
  };
}

function openPeople(
  db: DatabaseSync,
  passwords: Passwords,
): Pick<Accounts, "verify" | "list" | "find"> {
  const find = db.prepare(
    `SELECT ${ACTOR}, is_demo AS isDemo, password_hash AS hash FROM account
     WHERE username = ? AND is_disabled = 0`,
  );
  const list = db.prepare(`SELECT ${LISTED} FROM account ORDER BY username`);
  const one = db.prepare(`SELECT ${LISTED} FROM account WHERE username = ?`);
  return {
    verify: async (username, password, sender) => {
      const row = find.get(username);
      const hash = row?.["hash"];
      const isRight = await passwords.matches(
        password,
        hash === undefined ? hash : String(hash),
        sender,
      );
      // Read again: it may have been disabled, or its password changed, while this was computed.
      const still = isRight ? find.get(username) : undefined;
      if (!still || still["hash"] !== hash) return undefined;
      return { ...ActorRow.parse(still), isDemo: still["isDemo"] !== 0 };
    },
    find: async (username) => {
      const row = one.get(Date.now(), username);
      return row && ListedRow.parse(row);
    },
    list: async () => list.all(Date.now()).map((row) => ListedRow.parse(row)),
  };
}
