/**
 * Accounts are made and changed here, for the command line and for the HTTP interface.
 *
 * Each change leaves its fact in the same transaction; the hub takes the facts from here into its journal, so that
 * a change made while the hub is away is recorded there as well. A change that takes something from a person
 * (another role, disabling, a new password) ends their sessions in the same transaction.
 */
import type { DatabaseSync } from "node:sqlite";
import { z } from "zod";
import { isOwnName, NewAccount, Password } from "../../shared/api/account.ts";
import { Role } from "../../shared/api/session.ts";
import { parseWith } from "../../shared/parse.ts";
import { PlainName } from "../../shared/text.ts";
import type { FactOf } from "../core/facts.ts";
import type { Accounts, AccountChanged, Changer } from "../ports.ts";
import type { Passwords } from "./password.ts";

export const MAX_ACCOUNTS = 10_000;
/** Changes taken into the journal at a time; and the most that wait while the hub is away. */
const MAX_TAKEN = 500;
export const MAX_WAITING_CHANGES = 50_000;

type ChangeFact = FactOf<"account-changed">;
type Change = ChangeFact["change"];

const Row = z.object({
  displayName: z.string(),
  role: Role,
  isDisabled: z.number().transform(Boolean),
});
type Row = z.infer<typeof Row>;

const done: AccountChanged = { ok: true };
const refused = (code: "bad-request" | "conflict" | "not-found", detail: string) =>
  ({ ok: false, code, detail }) as const;

interface Desk {
  readonly db: DatabaseSync;
  readonly passwords: Passwords;
  readonly statements: ReturnType<typeof prepare>;
  /** Counts what this program changed. */
  own: number;
}

type Changes = Pick<Accounts, "add" | "change" | "setPassword" | "waitingFacts" | "forgetFacts">;

export function openAccountChanges(
  db: DatabaseSync,
  passwords: Passwords,
): Changes & { own(): number } {
  const desk: Desk = { db, passwords, statements: prepare(db), own: 0 };
  return {
    add: (account, by) => add(desk, account, by),
    change: async (username, patch, by) => change(desk, { username, patch, by }),
    setPassword: (username, password, by) => setPassword(desk, { username, password, by }),
    waitingFacts: () =>
      desk.statements.waiting.all().map((row) => ({
        id: Number(row["id"]),
        fact: JSON.parse(String(row["body"])) as ChangeFact,
      })),
    forgetFacts: (upTo) => void desk.statements.forget.run(upTo),
    own: () => desk.own,
  };
}

function prepare(db: DatabaseSync) {
  return {
    find: db.prepare(
      `SELECT display_name AS displayName, role, is_disabled AS isDisabled
       FROM account WHERE username = ?`,
    ),
    count: db.prepare("SELECT count(*) AS n FROM account"),
    admins: db.prepare(
      "SELECT count(*) AS n FROM account WHERE role = 'admin' AND is_disabled = 0",
    ),
    insert: db.prepare(
      `INSERT INTO account (username, display_name, role, password_hash, is_demo, created_at)
       VALUES (?, ?, ?, ?, ?, ?)`,
    ),
    update: db.prepare(
      "UPDATE account SET display_name = ?, role = ?, is_disabled = ? WHERE username = ?",
    ),
    password: db.prepare("UPDATE account SET password_hash = ?, is_demo = 0 WHERE username = ?"),
    signOut: db.prepare("DELETE FROM session WHERE username = ?"),
    note: db.prepare("INSERT INTO account_change (body) VALUES (?)"),
    notes: db.prepare("SELECT count(*) AS n FROM account_change"),
    waiting: db.prepare(`SELECT id, body FROM account_change ORDER BY id LIMIT ${MAX_TAKEN}`),
    forget: db.prepare("DELETE FROM account_change WHERE id <= ?"),
  };
}

const countOf = (row: Record<string, unknown> | undefined): number => Number(row?.["n"]);

async function add(
  desk: Desk,
  account: Parameters<Accounts["add"]>[0],
  by: Changer,
): Promise<AccountChanged> {
  const { isDemo = false, ...given } = account;
  if (!isDemo) {
    const parsed = parseWith(NewAccount, given);
    if (!parsed.ok) return refused("bad-request", parsed.reason);
  }
  const { username, displayName, role, password } = given;
  const exists = refused(
    "conflict",
    `${username} exists already: change it, or give it a new password (anzhu-hub user passwd)`,
  );
  const { statements } = desk;
  if (statements.find.get(username)) return exists;
  const hash = await desk.passwords.hash(password);
  return write(desk, () => {
    if (statements.find.get(username)) return exists;
    if (countOf(statements.count.get()) >= MAX_ACCOUNTS) {
      return refused(
        "conflict",
        `expected at most ${MAX_ACCOUNTS} accounts, and there are as many`,
      );
    }
    const name = PlainName.safeParse(displayName).data ?? displayName;
    statements.insert.run(username, name, role, hash, isDemo ? 1 : 0, Date.now());
    note(desk, { username, displayName: name, role, change: "created", by });
    return done;
  });
}

interface Patching {
  readonly username: Parameters<Accounts["change"]>[0];
  readonly patch: Parameters<Accounts["change"]>[1];
  readonly by: Changer;
}

function change(desk: Desk, { username, patch, by }: Patching): AccountChanged {
  return write(desk, () => {
    const before = find(desk, username);
    if (!before) return unknown(username);
    const after: Row = { ...before, ...patch };
    const name = parseWith(PlainName, after.displayName);
    if (!name.ok && patch.displayName !== undefined) {
      return refused("bad-request", `displayName: ${name.reason}`);
    }
    after.displayName = name.ok ? name.value : after.displayName;
    if (isLastAdmin(desk, before) && (after.role !== "admin" || after.isDisabled)) {
      return refused(
        "conflict",
        `${username} is the last administrator: make somebody else one first`,
      );
    }
    const changes = differences(before, after);
    desk.statements.update.run(after.displayName, after.role, after.isDisabled ? 1 : 0, username);
    if (changes.some((what) => what !== "renamed")) desk.statements.signOut.run(username);
    for (const what of changes) note(desk, { username, ...after, change: what, by });
    return done;
  });
}

function differences(before: Row, after: Row): Change[] {
  const changes: Change[] = [];
  if (before.displayName !== after.displayName) changes.push("renamed");
  if (before.role !== after.role) changes.push("role");
  if (before.isDisabled !== after.isDisabled) {
    changes.push(after.isDisabled ? "disabled" : "enabled");
  }
  return changes;
}

const isLastAdmin = (desk: Desk, row: Row): boolean =>
  row.role === "admin" && !row.isDisabled && countOf(desk.statements.admins.get()) <= 1;

interface NewPassword {
  readonly username: Parameters<Accounts["setPassword"]>[0];
  readonly password: string;
  readonly by: Changer;
}

async function setPassword(desk: Desk, wanted: NewPassword): Promise<AccountChanged> {
  const { username, password, by } = wanted;
  const parsed = parseWith(Password, password);
  if (!parsed.ok) return refused("bad-request", `password: ${parsed.reason}`);
  if (isOwnName(password, username)) {
    return refused("bad-request", "expected a password other than the account's own name");
  }
  if (!find(desk, username)) return unknown(username);
  const hash = await desk.passwords.hash(password);
  return write(desk, () => {
    const row = find(desk, username);
    if (!row) return unknown(username);
    desk.statements.password.run(hash, username);
    // A new password is often the answer to a stolen session.
    desk.statements.signOut.run(username);
    note(desk, { username, ...row, change: "password", by });
    return done;
  });
}

const unknown = (username: string) =>
  refused("not-found", `expected an account, found no ${username}`);

function find(desk: Desk, username: string): Row | undefined {
  const row = desk.statements.find.get(username);
  return row && Row.parse(row);
}

function write(desk: Desk, work: () => AccountChanged): AccountChanged {
  desk.db.exec("BEGIN IMMEDIATE");
  try {
    const outcome = work();
    desk.db.exec(outcome.ok ? "COMMIT" : "ROLLBACK");
    if (outcome.ok) desk.own += 1;
    return outcome;
  } catch (error) {
    if (desk.db.isTransaction) desk.db.exec("ROLLBACK");
    throw error;
  }
}

function note(
  desk: Desk,
  what: Omit<ChangeFact, "type" | "at" | "by" | "byName"> & { readonly by: Changer },
): void {
  if (countOf(desk.statements.notes.get()) >= MAX_WAITING_CHANGES) {
    throw new Error(
      `expected at most ${MAX_WAITING_CHANGES} changes that are not in the journal yet: start the hub`,
    );
  }
  const { username, displayName, role, change: name, by } = what;
  const fact: ChangeFact = {
    type: "account-changed",
    at: Date.now(),
    ...{ username, displayName, role, change: name },
    by: by?.username ?? null,
    byName: by?.displayName ?? null,
  };
  desk.statements.note.run(JSON.stringify(fact));
}
