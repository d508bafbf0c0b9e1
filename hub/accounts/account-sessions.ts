/** Who is signed in: sessions, each with a token of its own. */
import type { DatabaseSync } from "node:sqlite";
import { z } from "zod";
import { Role } from "../../shared/api/session.ts";
import { AreaId, Username } from "../../shared/ids.ts";
import type { Accounts } from "./ports.ts";
import { hashOf, newToken, noteUse } from "./tokens.ts";

/** Desks, tablets and programs of one person; the oldest session gives way. */
export const MAX_SESSIONS_PER_USER = 16;

const SessionRow = z.object({
  kind: z.literal("person"),
  id: z.string(),
  username: Username,
  displayName: z.string(),
  role: Role,
  scope: AreaId,
  expiresAt: z.number(),
  lastUsedAt: z.number().nullable(),
});

export function openSessions(
  db: DatabaseSync,
): Pick<Accounts, "openSession" | "session" | "sessionById" | "closeSession"> {
  const insert = db.prepare(
    "INSERT INTO session (token_hash, username, opened_at, expires_at) VALUES (?, ?, ?, ?)",
  );
  const find = db.prepare(
    `SELECT 'person' AS kind, token_hash AS id, username, display_name AS displayName, role, scope,
       expires_at AS expiresAt, last_used_at AS lastUsedAt
     FROM session JOIN account USING (username)
     WHERE token_hash = ? AND is_disabled = 0`,
  );
  const remove = db.prepare("DELETE FROM session WHERE token_hash = ?");
  const prune = db.prepare("DELETE FROM session WHERE expires_at <= ?");
  const used = db.prepare("UPDATE account SET last_used_at = ? WHERE username = ?");
  const trim = db.prepare(
    `DELETE FROM session WHERE token_hash IN (
       SELECT token_hash FROM session WHERE username = ?
       ORDER BY opened_at DESC, token_hash LIMIT -1 OFFSET ${MAX_SESSIONS_PER_USER})`,
  );
  /**
   * A session once found to be over stays over, though the clock be set back afterwards. On a disk
   * that takes nothing it is over for as long as the clock says so.
   */
  const byId = (id: string): z.infer<typeof SessionRow> | undefined => {
    const row = find.get(id);
    const session = row && SessionRow.parse(row);
    if (!session || session.expiresAt > Date.now()) return session;
    try {
      remove.run(id);
    } catch {
      return undefined;
    }
    return undefined;
  };
  return {
    openSession: async (username, expiresAt) => {
      const token = newToken();
      const now = Date.now();
      db.exec("BEGIN IMMEDIATE");
      try {
        prune.run(now);
        insert.run(hashOf(token), username, now, Math.floor(expiresAt));
        trim.run(username);
        used.run(now, username);
        db.exec("COMMIT");
      } catch (error) {
        db.exec("ROLLBACK");
        throw error;
      }
      return token;
    },
    session: async (token) => {
      const session = byId(hashOf(token));
      if (session) noteUse(session.lastUsedAt, (now) => used.run(now, session.username));
      return session;
    },
    sessionById: async (id) => byId(id),
    closeSession: async (token) => void remove.run(hashOf(token)),
  };
}
