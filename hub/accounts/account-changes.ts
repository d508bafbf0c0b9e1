/**
 * Accounts are made and changed here, for the command line and for the HTTP interface.
 *
 * A change that takes something from a person (another role or scope, disabling, a new password)
 * ends their sessions in the same transaction.
 */
import type { DatabaseSync } from "node:sqlite";
import { z } from "zod";
import { isOwnName, NewAccount, Password } from "../../shared/api/account.ts";
import { ROOT_AREA } from "../../shared/access/areas.ts";
import { Role } from "../../shared/api/session.ts";
import { AreaId } from "../../shared/ids.ts";
import { parseWith } from "../../shared/parse.ts";
import { PlainName } from "../../shared/text.ts";
import type { FactOf } from "../core/facts.ts";
import { refused, type ChangeNotes } from "./change-notes.ts";
import type { Accounts, AccountChanged, Changer } from "./ports.ts";
import type { Passwords } from "./password.ts";

export const MAX_ACCOUNTS = 10_000;

type ChangeFact = FactOf<"account-changed">;
type Change = ChangeFact["change"];

const Row = z.object({
  displayName: z.string(),
  role: Role,
  scope: AreaId,
  isDisabled: z.number().transform(Boolean),
});
type Row = z.infer<typeof Row>;

const done: AccountChanged = { ok: true };

interface AccountStore {
  readonly notes: ChangeNotes;
  readonly passwords: Passwords;
  readonly statements: ReturnType<typeof prepare>;
}

type Changes = Pick<Accounts, "add" | "change" | "setPassword">;

export function openAccountChanges(
  db: DatabaseSync,
  passwords: Passwords,
  notes: ChangeNotes,
): Changes {
  const store: AccountStore = { notes, passwords, statements: prepare(db) };
  return {
    add: (account, by) => add(store, account, by),
    change: async (username, patch, by) => change(store, { username, patch, by }),
    setPassword: (username, password, by) => setPassword(store, { username, password, by }),
  };
}

function prepare(db: DatabaseSync) {
  return {
    find: db.prepare(
      `SELECT display_name AS displayName, role, scope, is_disabled AS isDisabled
       FROM account WHERE username = ?`,
    ),
    count: db.prepare("SELECT count(*) AS n FROM account"),
    admins: db.prepare(
      `SELECT count(*) AS n FROM account
       WHERE role = 'admin' AND scope = '${ROOT_AREA}' AND is_disabled = 0`,
    ),
    insert: db.prepare(
      `INSERT INTO account (username, display_name, role, scope, password_hash, is_demo, created_at)
       VALUES (?, ?, ?, ?, ?, ?, ?)`,
    ),
    update: db.prepare(
      `UPDATE account SET display_name = ?, role = ?, scope = ?, is_disabled = ?
       WHERE username = ?`,
    ),
    password: db.prepare("UPDATE account SET password_hash = ?, is_demo = 0 WHERE username = ?"),
    signOut: db.prepare("DELETE FROM session WHERE username = ?"),
    service: db.prepare("SELECT 1 FROM service WHERE name = ?"),
  };
}

const countOf = (row: Record<string, unknown> | undefined): number => Number(row?.["n"]);

async function add(
  store: AccountStore,
  account: Parameters<Accounts["add"]>[0],
  by: Changer,
): Promise<AccountChanged> {
  const { isDemo = false, ...given } = account;
  if (!isDemo) {
    const parsed = parseWith(NewAccount, given);
    if (!parsed.ok) return refused("bad-request", parsed.reason);
  }
  const { username, displayName, role, password, scope = ROOT_AREA } = given;
  const exists = refused(
    "conflict",
    `${username} exists already: change it, or give it a new password (anzhu-hub user passwd)`,
  );
  const { statements } = store;
  if (statements.find.get(username)) return exists;
  if (statements.service.get(username)) {
    return refused("conflict", `${username} is or was a service: take another name`);
  }
  const hash = await store.passwords.hash(password);
  return store.notes.write(() => {
    if (statements.find.get(username)) return exists;
    if (countOf(statements.count.get()) >= MAX_ACCOUNTS) {
      return refused(
        "conflict",
        `expected at most ${MAX_ACCOUNTS} accounts, and there are as many`,
      );
    }
    const name = PlainName.safeParse(displayName).data ?? displayName;
    statements.insert.run(username, name, role, scope, hash, isDemo ? 1 : 0, Date.now());
    note(store, { username, displayName: name, role, scope, change: "created", by });
    return done;
  });
}

interface PatchRequest {
  readonly username: Parameters<Accounts["change"]>[0];
  readonly patch: Parameters<Accounts["change"]>[1];
  readonly by: Changer;
}

function change(store: AccountStore, { username, patch, by }: PatchRequest): AccountChanged {
  return store.notes.write(() => {
    const before = find(store, username);
    if (!before) return unknown(username);
    const after: Row = { ...before, ...patch };
    const name = parseWith(PlainName, after.displayName);
    if (!name.ok && patch.displayName !== undefined) {
      return refused("bad-request", `displayName: ${name.reason}`);
    }
    after.displayName = name.ok ? name.value : after.displayName;
    if (isLastAdmin(store, before) && !isAdmin(after)) {
      return refused(
        "conflict",
        `${username} is the last administrator: make somebody else one first`,
      );
    }
    const changes = differences(before, after);
    const { displayName, role, scope, isDisabled } = after;
    store.statements.update.run(displayName, role, scope, isDisabled ? 1 : 0, username);
    if (changes.some((what) => what !== "renamed")) store.statements.signOut.run(username);
    for (const what of changes) note(store, { username, ...after, change: what, by });
    return done;
  });
}

function differences(before: Row, after: Row): Change[] {
  const changes: Change[] = [];
  if (before.displayName !== after.displayName) changes.push("renamed");
  if (before.role !== after.role) changes.push("role");
  if (before.scope !== after.scope) changes.push("scope");
  if (before.isDisabled !== after.isDisabled) {
    changes.push(after.isDisabled ? "disabled" : "enabled");
  }
  return changes;
}

/** One of the whole: an administrator of a part manages no accounts. */
const isAdmin = ({ role, scope, isDisabled }: Row): boolean =>
  role === "admin" && scope === ROOT_AREA && !isDisabled;

const isLastAdmin = (store: AccountStore, row: Row): boolean =>
  isAdmin(row) && countOf(store.statements.admins.get()) <= 1;

interface NewPassword {
  readonly username: Parameters<Accounts["setPassword"]>[0];
  readonly password: string;
  readonly by: Changer;
}

async function setPassword(store: AccountStore, wanted: NewPassword): Promise<AccountChanged> {
  const { username, password, by } = wanted;
  const parsed = parseWith(Password, password);
  if (!parsed.ok) return refused("bad-request", `password: ${parsed.reason}`);
  if (isOwnName(password, username)) {
    return refused("bad-request", "expected a password other than the account's own name");
  }
  if (!find(store, username)) return unknown(username);
  const hash = await store.passwords.hash(password);
  return store.notes.write(() => {
    const row = find(store, username);
    if (!row) return unknown(username);
    store.statements.password.run(hash, username);
    // A new password is often the answer to a stolen session.
    store.statements.signOut.run(username);
    note(store, { username, ...row, change: "password", by });
    return done;
  });
}

const unknown = (username: string) =>
  refused("not-found", `expected an account, found no ${username}`);

function find(store: AccountStore, username: string): Row | undefined {
  const row = store.statements.find.get(username);
  return row && Row.parse(row);
}

function note(
  store: AccountStore,
  what: Omit<ChangeFact, "type" | "at" | "by" | "byName"> & { readonly by: Changer },
): void {
  const { username, displayName, role, scope, change: name, by } = what;
  const fact: ChangeFact = {
    type: "account-changed",
    at: Date.now(),
    ...{ username, displayName, role, scope, change: name },
    by: by?.username ?? null,
    byName: by?.displayName ?? null,
  };
  store.notes.note(fact);
}
