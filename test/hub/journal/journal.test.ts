import { DatabaseSync } from "node:sqlite";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import type { Fact } from "../../../hub/core/facts.ts";
import { verifyChain } from "../../../hub/journal/chain.ts";
import { openForReading } from "../../../shared/host/sqlite.ts";
import { openJournal } from "../../../hub/journal/journal.ts";
import type { Journal } from "../../../hub/ports.ts";
import { newAlarm, pillar } from "../../kit/core/hub-core-street.ts";
import { tempDir } from "../../kit/journal/directory.ts";
import { press, registered } from "../../kit/journal/press.ts";

async function open(file: string): Promise<Journal> {
  const journal = await openJournal(file);
  onTestFinished(() => journal.close());
  return journal;
}

function replayed(journal: Journal, snapshots = false) {
  const facts: Fact[] = [];
  const found: { snapshot?: string; at?: number } = {};
  journal.replay({
    snapshot: (snapshot, at) => {
      if (snapshots) Object.assign(found, { snapshot, at });
      return snapshots;
    },
    fact: (fact) => facts.push(fact),
  });
  return { facts, ...found };
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

describe("the journal", () => {
  test("numbers facts from 1 without gaps, and gives them back as they were", async () => {
    const journal = await open(join(tempDir(), "journal.db"));
    expect(await journal.append([registered()])).toBe(1);
    expect(await journal.append(press(1))).toBe(2);
    expect(journal.nextIndex()).toBe(5);
    expect(replayed(journal).facts).toEqual([registered(), ...press(1)]);
  });

  test("goes on where it was after a restart, under the same epoch", async () => {
    const file = join(tempDir(), "journal.db");
    const first = await openJournal(file);
    await first.append([registered(), ...press(1)]);
    const epoch = first.hubEpoch();
    await first.close();
    const second = await open(file);
    expect(second.hubEpoch()).toBe(epoch);
    expect(second.nextIndex()).toBe(5);
    expect(await second.append(press(2))).toBe(5);
    expect(chainOf(file)).toMatchObject({ ok: true, rows: 7 });
  });

  test("commits what waits together, and keeps its order", async () => {
    const journal = await open(join(tempDir(), "journal.db"));
    const order: number[] = [];
    const appends = [[registered()], ...Array.from({ length: 200 }, (_, n) => press(n + 1))];
    await Promise.all(appends.map((facts) => journal.append(facts).then((at) => order.push(at))));
    expect(order).toEqual(order.toSorted((a, b) => a - b));
    expect(replayed(journal).facts).toEqual(appends.flat());
  });

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

  test("finds an alarm by its number and by its id", async () => {
    const journal = await open(join(tempDir(), "journal.db"));
    await journal.append([registered(), ...press(1), ...press(2)]);
    const { event, sig } = newAlarm(pillar(0), { seq: 2 });
    expect(journal.findAlarms(event)).toEqual([
      expect.objectContaining({ seq: 2, sig, index: 5, pillarId: pillar(0) }),
    ]);
    expect(journal.findAlarms({ ...event, seq: 7 })).toHaveLength(1);
    expect(journal.findAlarms({ ...event, pillarId: pillar(1) })).toEqual([]);
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
    expect(() => replayed(journal)).toThrow(/row 2 was changed .* doctor/s);
  });
});

describe("a snapshot", () => {
  test("saves folding what came before it", async () => {
    const file = join(tempDir(), "journal.db");
    const journal = await open(file);
    await journal.append([registered(), ...press(1)]);
    await journal.saveSnapshot(4, "state after four");
    await journal.append(press(2));
    const back = replayed(journal, true);
    expect(back).toMatchObject({ snapshot: "state after four", at: 4 });
    expect(back.facts).toEqual(press(2));
    expect(replayed(journal).facts).toHaveLength(7);
  });

  test("of another release folds nothing, and the facts before it are folded again", async () => {
    const file = join(tempDir(), "journal.db");
    const journal = await open(file);
    await journal.append([registered(), ...press(1)]);
    await journal.saveSnapshot(4, "in words of another release");
    await journal.append(press(2));
    expect(replayed(journal)).toEqual({ facts: [registered(), ...press(1), ...press(2)] });
    forge(file, "update journal set body = replace(body, 'voice', 'test') where idx = 5");
    expect(() => replayed(journal)).toThrow(/row 5 was changed/);
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
    expect(replayed(journal, true)).toMatchObject({ snapshot: "older", at: 2 });
  });
});
