/**
 * A password in the text of a fact is found and sealed: it is gone from the files, and the chain
 * still verifies.
 */
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterEach, describe, expect, onTestFinished, test, vi } from "vitest";
import { verifyJournal } from "../../../hub/journal/backup.ts";
import { evolve } from "../../../hub/core/hub.ts";
import type { Fact } from "../../../hub/core/facts.ts";
import { newState } from "../../../hub/core/parts.ts";
import { DEFAULT_ESCALATION } from "../../../hub/core/incident/escalation.ts";
import { DEFAULT_PRIORITY } from "../../../hub/core/incident/priority-settings.ts";
import { lockData } from "../../../hub/storage/data-lock.ts";
import { openForReading } from "../../../shared/host/sqlite.ts";
import { openJournal } from "../../../hub/journal/journal.ts";
import { openReads } from "../../../hub/journal/read/reads.ts";
import { sealFacts } from "../../../hub/journal/seal.ts";
import { findSecrets, secretShape } from "../../../hub/journal/secrets.ts";
import { run } from "../../../hub/main.ts";
import { AuditQuery } from "../../../shared/api/audit.ts";
import { pillar, START } from "../../kit/core/hub-core-street.ts";
import { tempDir } from "../../kit/journal/directory.ts";
import { press, registered } from "../../kit/journal/press.ts";

const SECRET = "Zebra-77-lamp";
const ADDRESS = `rtsp://admin:${SECRET}@10.0.0.9:554/main`;
/** The journal index of the fact with the password. */
const LEAK = 2;
const SECOND_LEAK = 7;
const WHY = "the camera's password stood in it";
const ORDER = { indexes: [LEAK, SECOND_LEAK], reason: WHY, byName: "Wang Fang", at: START + 99 };

const fault = (detail: string, at: number): Fact => ({
  type: "pillar-fault",
  at,
  pillarId: pillar(0),
  code: "camera-lost",
  isActive: true,
  detail,
});

/** A closed journal that contains the password, also in its snapshot. */
async function leaked() {
  const dataDir = tempDir();
  const file = join(dataDir, "journal.db");
  const journal = await openJournal(file);
  await journal.append([registered(), fault(`cannot open ${ADDRESS}`, START + 1)]);
  await journal.append(press(1));
  await journal.append([fault("fine again", START + 2), fault(`lost ${ADDRESS}`, START + 3)]);
  await journal.append([...press(2), registered(1)]);
  await journal.saveSnapshot(SECOND_LEAK, JSON.stringify({ words: ADDRESS }));
  await journal.close();
  return { dataDir, file };
}

const bytesWith = (dataDir: string, words: string): string[] =>
  readdirSync(dataDir).filter((name) => readFileSync(join(dataDir, name)).includes(words));

function secretsOf(file: string) {
  const database = openForReading(file);
  try {
    return findSecrets(database);
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

describe("a camera's password in the journal", () => {
  test("is named by index and pillar", async () => {
    const { file } = await leaked();
    expect(secretsOf(file)).toEqual({
      count: 2,
      named: [LEAK, SECOND_LEAK].map((index) => ({
        index,
        type: "pillar-fault",
        pillarId: pillar(0),
        isSealable: true,
        looksLike: "an address with a password before its host",
      })),
    });
  });

  test("is sealed: gone from every file, the rest as it was, and on record", async () => {
    const { dataDir, file } = await leaked();
    expect(bytesWith(dataDir, SECRET)).toContain("journal.db");
    expect(sealFacts(file, ORDER)).toEqual({ sealed: [LEAK, SECOND_LEAK], before: [] });
    expect(bytesWith(dataDir, SECRET)).toEqual([]);
    expect(secretsOf(file).count).toBe(0);
    expect(verifyJournal(file)).toMatchObject({
      ok: true,
      rows: 13,
      sealed: [
        { index: LEAK, sealIndex: 12, reason: WHY, byName: "Wang Fang" },
        { index: SECOND_LEAK, sealIndex: 13, reason: WHY, byName: "Wang Fang" },
      ],
    });
    const database = new DatabaseSync(file);
    onTestFinished(() => database.close());
    expect(() => database.exec("update journal set at = 0")).toThrow("append-only");
    const row = database.prepare("select body from pillar where id = ?").get(pillar(0));
    const record = JSON.parse(String(row?.["body"])) as { causes: object };
    expect(record.causes).toEqual({ "camera-lost": { detail: "sealed", at: START + 3 } });
  });

  test("is sealed: the next start folds it, goes on, and folds it again with a snapshot", async () => {
    const { dataDir, file } = await leaked();
    sealFacts(file, ORDER);
    const journal = await openJournal(file);
    onTestFinished(() => journal.close());
    const state = newState({
      ...{ escalation: DEFAULT_ESCALATION, priority: DEFAULT_PRIORITY },
      ...{ maxOpen: 100, mediaProcesses: 1 },
    });
    const seen: number[] = [];
    const fact = (one: Fact, index: number): void => {
      seen.push(index);
      evolve(state, one, index);
    };
    await journal.replay({ snapshot: () => false, fact });
    expect(seen).toHaveLength(13);
    expect(state.pillars.get(pillar(0))?.causes).toMatchObject({
      "camera-lost": { detail: "sealed" },
    });
    expect(await journal.append([registered(2)])).toBe(14);
    // A snapshot between a fact and its sealing makes no difference.
    await journal.saveSnapshot(5, "{}");
    const later: number[] = [];
    await journal.replay({ snapshot: () => true, fact: (_fact, index) => later.push(index) });
    expect(later).toEqual([6, 7, 8, 9, 10, 11, 12, 13, 14]);
    const reads = openReads({ file, dataDir, heardAt: () => undefined });
    onTestFinished(() => reads.close());
    const { items } = await reads.audit(AuditQuery.parse({}));
    const sealed = (index: number) => ({ kind: "sealed", index, reason: WHY });
    expect(items).toMatchObject([
      { type: "fact-sealed", by: null, byName: "Wang Fang", detail: sealed(SECOND_LEAK) },
      { type: "fact-sealed", by: null, byName: "Wang Fang", detail: sealed(LEAK) },
    ]);
    expect(JSON.stringify(await reads.eventsAfter(0, 100))).not.toContain(SECRET);
  });

  test("is sealed once: the same again only clears the files", async () => {
    const { file } = await leaked();
    sealFacts(file, ORDER);
    expect(sealFacts(file, ORDER)).toEqual({ sealed: [], before: [LEAK, SECOND_LEAK] });
    expect(verifyJournal(file)).toMatchObject({ ok: true, rows: 13 });
  });

  test("is not sealed where words are evidence, where there is no fact, and in a broken chain", async () => {
    const { file } = await leaked();
    const seal = (index: number) => sealFacts(file, { ...ORDER, indexes: [LEAK, index] });
    expect(() => seal(3)).toThrow("3 is alarm-recorded");
    expect(() => seal(99)).toThrow("expected a fact at 99, found none");
    expect(verifyJournal(file)).toMatchObject({ ok: true, rows: 11, sealed: [] });
    forge(file, "update journal set at = at + 1 where idx = 4");
    expect(() => seal(SECOND_LEAK)).toThrow("row 4 was changed");
  });
});

describe("a journal with sealed facts", () => {
  const changes = [
    ["the time of a sealed fact", "at = at + 1 where idx = 2", 2],
    [
      "the words put in place of a sealed fact's",
      "body = replace(body, 'sealed', 'other!') where idx = 2",
      2,
    ],
    ["one letter of a sealed fact", "body = replace(body, 'camera', 'kamera') where idx = 2", 2],
    [
      "the hash of a sealed fact",
      "hash = replace(hash, substr(hash, 1, 4), '0000') where idx = 2",
      2,
    ],
    ["a fact between", "body = replace(body, '门', '闩') where idx = 1", 1],
    ["the reason of a seal", "body = replace(body, 'password', 'passw0rd') where idx = 12", 12],
    ["the fact a seal names", `body = replace(body, '"index":2', '"index":3') where idx = 12`, 12],
    ["a fact that is not sealed", "at = at + 1 where idx = 5", 5],
  ] as const;
  test.each(changes)("says where %s was changed", async (_what, sql, brokenAt) => {
    const { file } = await leaked();
    sealFacts(file, ORDER);
    forge(file, `update journal set ${sql}`);
    expect(verifyJournal(file)).toMatchObject({ ok: false, brokenAt });
  });

  test("misses a seal that was taken away", async () => {
    const { file } = await leaked();
    sealFacts(file, ORDER);
    forge(file, "delete from journal where idx >= 12");
    expect(verifyJournal(file)).toMatchObject({ ok: false, brokenAt: LEAK });
  });
});

test.each([
  ["cannot open rtsp://admin:p4ss@10.0.0.9/main", "an address with a password before its host"],
  ["rtsp://admin:p/a@10.0.0.9/main", "an address with a password before its host"],
  ["http://10.0.0.9/video?user=a&pwd=p4ss", "a password or key in an address"],
  ["/user=admin_password=p4ss_channel=1.sdp", "a password or key in an address"],
  ["rtsp://10.0.0.9/admin/p4ss/1", "a camera's address with its path"],
  ["rtsp://10.0.0.9:554/***: no answer", undefined],
  ["rtsp://admin:***@10.0.0.9/***", undefined],
  ["rtsp://10.0.0.9:554: connection refused", undefined],
  ["the bypass=on switch, 12:30@gate", undefined],
  [`${"a".repeat(100_000)}://${"b:".repeat(50_000)}`, undefined],
])("a text is judged by its shape: %.60s", (text, looksLike) => {
  expect(secretShape(text)).toBe(looksLike);
});

describe("the command line", () => {
  afterEach(() => {
    process.exitCode = undefined;
  });

  async function said(args: readonly string[]): Promise<{ code: number; words: string }> {
    let words = "";
    const take = (text: unknown): boolean => {
      words += String(text);
      return true;
    };
    const spies = [process.stdout, process.stderr].map((stream) =>
      vi.spyOn(stream, "write").mockImplementation(take),
    );
    try {
      process.exitCode = undefined;
      return { code: await run([...args]), words };
    } finally {
      for (const spy of spies) spy.mockRestore();
    }
  }

  test("verify names what looks like a secret and never shows it, seal takes it out", async () => {
    const { dataDir } = await leaked();
    const config = join(tempDir(), "hub.yaml");
    writeFileSync(config, `dataDir: ${dataDir}\n`);
    const before = await said(["verify", "-c", config]);
    expect(before).toMatchObject({ code: 0 });
    expect(before.words).toContain(`fact ${LEAK} (pillar-fault of ${pillar(0)}) may hold a secret`);
    expect(before.words).toContain(`seal ${LEAK} --reason`);
    expect(before.words).not.toContain(SECRET);
    const seal = ["seal", String(LEAK), String(SECOND_LEAK), "-c", config, "--by", "Wang Fang"];
    const lock = lockData(dataDir);
    const running = await said([...seal, "--reason", WHY]);
    lock.release();
    expect(running).toMatchObject({ code: 1 });
    expect(running.words).toContain("another hub works");
    expect((await said(seal)).code).toBe(2);
    const leaky = await said([...seal, "--reason", `it said ${ADDRESS}`]);
    expect(leaky).toMatchObject({ code: 1 });
    expect(leaky.words).not.toContain(SECRET);
    const done = await said([...seal, "--reason", WHY]);
    expect(done).toMatchObject({ code: 0 });
    expect(done.words).toContain("Backups made before hold it still");
    expect(bytesWith(dataDir, SECRET)).toEqual([]);
    const after = await said(["verify", "-c", config]);
    expect(after).toMatchObject({ code: 0 });
    expect(after.words).toMatch(/fact 2 was sealed by Wang Fang at \S+ \(fact 12\): the camera's/);
    expect(after.words).not.toContain("may hold a secret");
  });
});
