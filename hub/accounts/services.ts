/**
 * Services: programs that ask with a token of their own.
 *
 * A token that was revoked is never good again. Its name may be given to a new service, but never
 * to a person, because the journal names both by it.
 */
import { timingSafeEqual } from "node:crypto";
import type { DatabaseSync } from "node:sqlite";
import { z } from "zod";
import { NewService, ServiceScope } from "../../shared/api/service.ts";
import { Username } from "../../shared/ids.ts";
import { parseWith } from "../../shared/parse.ts";
import { refused, type ChangeNotes } from "./change-notes.ts";
import type { AccountChanged, Changer, FoundService, Services } from "./ports.ts";
import { hashOf, newToken, noteUse } from "./tokens.ts";

export const MAX_SERVICES = 100;
/** Revoked ones too, whose names stay known. */
const MAX_NAMES = 10_000;
const DAY_MS = 86_400_000;
const PREFIX = "anzhu_";

const Row = z.object({
  name: Username,
  id: z.string(),
  scopes: z.string().transform((text) => z.array(ServiceScope).parse(JSON.parse(text))),
  createdAt: z.number(),
  createdBy: Username.nullable(),
  expiresAt: z.number(),
  lastUsedAt: z.number().nullable(),
});
type Row = z.infer<typeof Row>;

interface ServiceStore {
  readonly notes: ChangeNotes;
  readonly statements: ReturnType<typeof prepare>;
}

export function openServices(db: DatabaseSync, notes: ChangeNotes): Services {
  const store: ServiceStore = { notes, statements: prepare(db) };
  return {
    addService: async (service, by) => add(store, service, by),
    revokeService: async (name, by) => revoke(store, name, by),
    services: async () => store.statements.list.all().map((row) => Row.parse(row)),
    service: async (token) => {
      if (!token.startsWith(PREFIX)) return undefined;
      const found = goodRow(store, hashOf(token));
      if (found) noteUse(found.lastUsedAt, (now) => store.statements.used.run(now, found.id));
      return found && foundOf(found);
    },
    serviceById: async (id) => {
      const found = goodRow(store, id);
      return found && foundOf(found);
    },
  };
}

function prepare(db: DatabaseSync) {
  const columns = `name, token_hash AS id, scopes, created_at AS createdAt,
    created_by AS createdBy, expires_at AS expiresAt, last_used_at AS lastUsedAt`;
  const table = "FROM service WHERE revoked_at IS NULL";
  return {
    account: db.prepare("SELECT 1 FROM account WHERE username = ?"),
    one: db.prepare(`SELECT ${columns} ${table} AND name = ?`),
    byHash: db.prepare(`SELECT ${columns} ${table} AND token_hash = ? AND expires_at > ?`),
    list: db.prepare(`SELECT ${columns} ${table} ORDER BY name`),
    count: db.prepare(`SELECT count(*) AS n ${table}`),
    names: db.prepare("SELECT count(*) AS n FROM service"),
    // Over a revoked one of the same name.
    insert: db.prepare(
      `INSERT OR REPLACE INTO service
         (name, token_hash, scopes, created_at, created_by, expires_at)
       VALUES (?, ?, ?, ?, ?, ?)`,
    ),
    revoke: db.prepare("UPDATE service SET revoked_at = ? WHERE name = ?"),
    used: db.prepare("UPDATE service SET last_used_at = ? WHERE token_hash = ?"),
  };
}

const countOf = (row: Record<string, unknown> | undefined): number => Number(row?.["n"]);

function add(
  { notes, statements }: ServiceStore,
  given: NewService,
  by: Changer,
): Awaited<ReturnType<Services["addService"]>> {
  const parsed = parseWith(NewService, given);
  if (!parsed.ok) return refused("bad-request", parsed.reason);
  const { name, scopes, days } = parsed.value;
  const token = PREFIX + newToken();
  const at = Date.now();
  const expiresAt = at + days * DAY_MS;
  const outcome = notes.write(() => {
    const why = whyNot(statements, name);
    if (why !== undefined) return refused("conflict", why);
    const { username = null } = by ?? {};
    statements.insert.run(name, hashOf(token), JSON.stringify(scopes), at, username, expiresAt);
    notes.note({ ...factOf({ name, scopes, expiresAt }, by), at, change: "made" });
    return { ok: true };
  });
  return outcome.ok ? { ok: true, token } : outcome;
}

function whyNot(statements: ServiceStore["statements"], name: Username): string | undefined {
  if (statements.account.get(name)) {
    return `${name} is an account: expected a name that no person has`;
  }
  if (statements.one.get(name)) return `the service ${name} exists already: revoke it first`;
  if (countOf(statements.count.get()) >= MAX_SERVICES) {
    return `expected at most ${MAX_SERVICES} services, and there are as many: revoke some`;
  }
  if (countOf(statements.names.get()) >= MAX_NAMES) {
    return `expected at most ${MAX_NAMES} names of services: take one that was revoked`;
  }
  return undefined;
}

function revoke({ notes, statements }: ServiceStore, name: Username, by: Changer): AccountChanged {
  return notes.write(() => {
    const row = statements.one.get(name);
    if (!row) return refused("not-found", `expected a service, found no ${name}`);
    const at = Date.now();
    statements.revoke.run(at, name);
    notes.note({ ...factOf(Row.parse(row), by), at, change: "revoked" });
    return { ok: true };
  });
}

const factOf = (
  { name, scopes, expiresAt }: Pick<Row, "name" | "scopes" | "expiresAt">,
  by: Changer,
) =>
  ({
    type: "service-changed",
    username: name,
    scopes,
    expiresAt,
    by: by?.username ?? null,
    byName: by?.displayName ?? null,
  }) as const;

function goodRow({ statements }: ServiceStore, hash: string): Row | undefined {
  const found = statements.byHash.get(hash, Date.now());
  if (!found) return undefined;
  const row = Row.parse(found);
  // The index finds by the hash; this compares it without telling by the time how far it was right.
  return timingSafeEqual(Buffer.from(row.id), Buffer.from(hash)) ? row : undefined;
}

const foundOf = ({ name, id, scopes, expiresAt }: Row): FoundService => ({
  kind: "service",
  ...{ username: name, displayName: name },
  ...{ id, scopes, expiresAt },
});
