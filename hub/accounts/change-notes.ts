/**
 * What changed among accounts and services: each change leaves its fact in its own transaction, and
 * the hub takes the facts from here into its journal, so that a change made while the hub is away
 * is recorded there as well.
 */
import type { DatabaseSync } from "node:sqlite";
import type { AccountChanged, AccountFact } from "./ports.ts";

/** Changes taken into the journal at a time; and the most that wait while the hub is away. */
const MAX_TAKEN = 500;
export const MAX_WAITING_CHANGES = 50_000;

export interface ChangeNotes {
  /** One transaction, kept when its outcome is good. */
  write(work: () => AccountChanged): AccountChanged;
  /** Inside `write`. */
  note(fact: AccountFact): void;
  waiting(): readonly { readonly id: number; readonly fact: AccountFact }[];
  forget(upTo: number): void;
  /** Counts what this program changed. */
  own(): number;
}

/** An outcome of which `write` keeps nothing. */
export const refused = (code: "bad-request" | "conflict" | "not-found", detail: string) =>
  ({ ok: false, code, detail }) as const;

export function openChangeNotes(db: DatabaseSync): ChangeNotes {
  const insert = db.prepare("INSERT INTO account_change (body) VALUES (?)");
  const count = db.prepare("SELECT count(*) AS n FROM account_change");
  const waiting = db.prepare(`SELECT id, body FROM account_change ORDER BY id LIMIT ${MAX_TAKEN}`);
  const forget = db.prepare("DELETE FROM account_change WHERE id <= ?");
  let own = 0;
  return {
    write: (work) => {
      db.exec("BEGIN IMMEDIATE");
      try {
        const outcome = work();
        db.exec(outcome.ok ? "COMMIT" : "ROLLBACK");
        if (outcome.ok) own += 1;
        return outcome;
      } catch (error) {
        if (db.isTransaction) db.exec("ROLLBACK");
        throw error;
      }
    },
    note: (fact) => {
      if (Number(count.get()?.["n"]) >= MAX_WAITING_CHANGES) {
        throw new Error(
          `expected at most ${MAX_WAITING_CHANGES} changes that are not in the journal yet: start the hub`,
        );
      }
      insert.run(JSON.stringify(fact));
    },
    waiting: () =>
      waiting.all().map((row) => ({
        id: Number(row["id"]),
        fact: JSON.parse(String(row["body"])) as AccountFact,
      })),
    forget: (upTo) => void forget.run(upTo),
    own: () => own,
  };
}
