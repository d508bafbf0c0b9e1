/**
 * Databases while they are made, and databases of another version: old or new and never between, and
 * refused in words where another version has written them.
 */
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { setTimeout as delay } from "node:timers/promises";
import { afterEach, describe, expect, test } from "vitest";
import { dataPaths } from "../../device/adapters/host/data-dir.ts";
import { JOURNAL_SHAPE } from "../../hub/journal/schema.ts";
import { injected } from "./harness/disk/disk.ts";
import { MAKERS } from "./harness/disk/make-database.ts";
import { alarmRows, endCall, openStreet, type Street } from "./harness/programs/street.ts";
import { missing } from "./harness/programs/tool.ts";

const SLOW = { timeout: 180_000 };
const MAKER = join(import.meta.dirname, "harness/disk/make-database.ts");
/** Far more than any of them writes when it is made. */
const MOST_WRITES = 200;
/** `ANZHU_EVERY_WRITE=1`: none is left out, which takes minutes. */
const isEveryWrite = process.env["ANZHU_EVERY_WRITE"] === "1";
const nextWrite = (write: number): number =>
  isEveryWrite ? write + 1 : Math.ceil((write + 1) * 1.3);
/** What the issue of a locked journal is about; a person hears to dial 110 after 20 s. */
const LOCKED_MS = 30_000;

describe("B13 a database that is made while its program is killed", SLOW, () => {
  test.for(Object.keys(MAKERS))(
    "at its writes, one after the other: %s is old or new, and is opened the next time",
    (which, { skip }) => {
      const reason = missing("strace");
      skip(reason !== undefined, reason);
      const dir = mkdtempSync(join(tmpdir(), "anzhu-made-"));
      try {
        const states = killedAtEachWrite(which, dir);
        expect(states.length).toBeGreaterThan(2);
        expect(states).toContain("old");
      } finally {
        rmSync(dir, { recursive: true, force: true });
      }
    },
  );
});

/** What each kill left behind; opening it afterwards must work. */
function killedAtEachWrite(which: string, dir: string): ("old" | "new")[] {
  const states: ("old" | "new")[] = [];
  for (let write = 1; write < MOST_WRITES; write = nextWrite(write)) {
    const file = join(dir, `${which}-${write}.db`);
    const { wrap = [] } = injected(`pwrite64:signal=SIGKILL:when=${write}`, file);
    const [strace = "strace", ...how] = wrap;
    const words = [...how, process.execPath, MAKER, which, file];
    const ended = spawnSync(strace, words, { encoding: "utf8" });
    if (ended.signal === null && ended.status === 0) return states;
    states.push(stateOf(file));
    MAKERS[which]!(file).close();
    expect(stateOf(file)).toBe("new");
  }
  throw new Error(`expected fewer than ${MOST_WRITES} writes while ${which} is made`);
}

function stateOf(file: string): "old" | "new" {
  const database = new DatabaseSync(file);
  try {
    const { n } = database.prepare("SELECT count(*) AS n FROM sqlite_schema").get() as {
      n: number;
    };
    const { user_version: format } = database.prepare("PRAGMA user_version").get() as {
      user_version: number;
    };
    if (n === 0 && format === 0) return "old";
    if (n > 0 && format > 0) return "new";
    throw new Error(`expected all or nothing, found ${n} tables and indexes, format ${format}`);
  } finally {
    database.close();
  }
}

describe("a street", SLOW, () => {
  let street: Street | undefined;
  afterEach(() => street?.close());

  test("E10 another program locks the hub's journal for 30 s: nothing is confirmed, the hub answers, and the press is accepted after it", async () => {
    street = await openStreet();
    const pillar = await street.add("locked-out");
    pillar.start();
    await pillar.untilArmed();
    const lock = new DatabaseSync(join(street.hub.dir, "journal.db"));
    lock.exec("BEGIN IMMEDIATE");
    await pillar.press();
    const lockedAt = performance.now();
    while (performance.now() - lockedAt < LOCKED_MS) {
      await street.hub.operator.get("/pillars");
      expect(pillar.lamp()).not.toBe("received");
      await delay(1000);
    }
    expect(pillar.lines().some((line) => line.includes("dial 110"))).toBe(true);
    lock.exec("ROLLBACK");
    lock.close();
    await pillar.untilLamp("received");
    await endCall(street, pillar);
    expect(alarmRows(street.hub.dir, "locked-out")).toHaveLength(1);
    expect(await street.verdict()).toEqual([]);
  });

  test("E11 a hub whose journal another version has written says so and ends; the journal is left as it was", async () => {
    street = await openStreet();
    const pillar = await street.add("waiting");
    pillar.start();
    await pillar.untilArmed();
    await street.hub.stop();
    const journal = join(street.hub.dir, "journal.db");
    setFormat(journal, 99);
    const before = hashOf(journal);
    await pillar.press();
    await expect(street.hub.start()).rejects.toThrow(/journal\.db: expected format \d+, found 99/);
    expect(hashOf(journal)).toBe(before);
    // The right version again: what waited is accepted.
    setFormat(journal, JOURNAL_SHAPE.format);
    await street.hub.start();
    await pillar.untilLamp("received");
    await endCall(street, pillar);
    expect(await street.verdict()).toEqual([]);
  });

  test("E11 a pillar whose ledger another version has written calls all the same, and says what is wrong", async () => {
    street = await openStreet();
    const pillar = await street.add("updated");
    pillar.start();
    await pillar.untilArmed();
    await pillar.process().stop();
    const { ledger } = dataPaths(pillar.dataDir);
    setFormat(ledger, 99);
    const before = hashOf(ledger);
    pillar.start();
    await pillar.untilArmed();
    await pillar.press();
    await endCall(street, pillar);
    expect(hashOf(ledger)).toBe(before);
    expect(pillar.lines().some((line) => /expected format \d+, found 99/.test(line))).toBe(true);
  });
});

function setFormat(file: string, format: number): void {
  const database = new DatabaseSync(file);
  database.exec(`PRAGMA user_version = ${format}`);
  database.exec("PRAGMA wal_checkpoint(TRUNCATE)");
  database.close();
}

const hashOf = (file: string): string =>
  createHash("sha256").update(readFileSync(file)).digest("hex");
