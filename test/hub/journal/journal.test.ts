import { DatabaseSync } from "node:sqlite";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { verifyChain } from "../../../hub/journal/chain.ts";
import { openForReading } from "../../../shared/host/sqlite.ts";
import { openJournal } from "../../../hub/journal/journal.ts";
import type { Journal } from "../../../hub/ports.ts";
import { tempDir } from "../../kit/journal/directory.ts";
import { journalContract, replayed, type Store } from "../../kit/journal/contract.ts";
import { press, registered } from "../../kit/journal/press.ts";

async function open(file: string): Promise<Journal> {
  const journal = await openJournal(file);
  onTestFinished(() => journal.close());
  return journal;
}

function chainOf(file: string) {
  const database = openForReading(file);
  try {
    return verifyChain(database);
  } finally {
    database.close();
  }
}

/** Changes the file like a forger: without the triggers that protect the rows. */
function forge(file: string, sql: string): void {
  const database = new DatabaseSync(file);
  database.exec("drop trigger journal_keeps_words; drop trigger journal_keeps_rows");
  database.exec(sql);
  database.close();
}

/** Its commits fail while a trigger refuses every row. */
function newStore(): Store {
  const file = join(tempDir(), "journal.db");
  const change = (sql: string): void => {
    const database = new DatabaseSync(file);
    database.exec(sql);
    database.close();
  };
  return {
    open: (cell) => openJournal(file, cell),
    breakDisk: () =>
      change("create trigger full before insert on journal begin select raise(abort, 'full'); end"),
    mend: () => change("drop trigger full"),
  };
}

journalContract("SQLite", newStore);

describe("the journal in SQLite", () => {
  test("refuses to change or delete a row", async () => {
    const file = join(tempDir(), "journal.db");
    const journal = await open(file);
    await journal.append([registered()]);
    const database = new DatabaseSync(file);
    for (const sql of ["update journal set at = 0", "delete from journal"]) {
      expect(() => database.exec(sql)).toThrow("append-only");
    }
    database.close();
  });
});

describe("a forged journal", () => {
  const forgeries = [
    [
      "one changed letter",
      "update journal set body = replace(body, '东门', '西门') where idx = 1",
      1,
    ],
    ["a fact taken out", "delete from journal where idx = 3", 4],
    ["a changed time", "update journal set at = at + 1 where idx = 2", 2],
  ] as const;

  test.each(forgeries)("is found and located: %s", async (_what, sql, row) => {
    const file = join(tempDir(), "journal.db");
    const first = await openJournal(file);
    await first.append([registered(), ...press(1), ...press(2)]);
    await first.close();
    forge(file, sql);
    const verdict = chainOf(file);
    expect(verdict.ok).toBe(false);
    expect(verdict.ok ? "" : verdict.reason).toContain(`row ${row}`);
  });

  test("stops the start, and says what to do", async () => {
    const file = join(tempDir(), "journal.db");
    const first = await openJournal(file);
    await first.append([registered(), ...press(1)]);
    await first.close();
    forge(file, "update journal set body = replace(body, 'voice', 'test') where idx = 2");
    const journal = await open(file);
    await expect(replayed(journal)).rejects.toThrow(/row 2 was changed .* doctor/s);
  });
});

describe("a snapshot", () => {
  test("of another release folds nothing, and the facts before it are folded again", async () => {
    const file = join(tempDir(), "journal.db");
    const journal = await open(file);
    await journal.append([registered(), ...press(1)]);
    await journal.saveSnapshot(4, "in words of another release");
    await journal.append(press(2));
    expect(await replayed(journal)).toEqual({ facts: [registered(), ...press(1), ...press(2)] });
    forge(file, "update journal set body = replace(body, 'voice', 'test') where idx = 5");
    await expect(replayed(journal)).rejects.toThrow(/row 5 was changed/);
  });

  test("that was tampered with is not used", async () => {
    const file = join(tempDir(), "journal.db");
    const journal = await open(file);
    await journal.append([registered(), ...press(1)]);
    await journal.saveSnapshot(2, "older");
    await journal.saveSnapshot(4, "newer");
    const database = new DatabaseSync(file);
    database.exec("update snapshot set body = 'forged' where idx = 4");
    database.close();
    expect(await replayed(journal, true)).toMatchObject({ snapshot: "older", at: 2 });
  });
});
