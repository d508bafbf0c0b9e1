import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterEach, describe, expect, onTestFinished, test, vi } from "vitest";
import { openAccounts, type ClosableAccounts } from "../../../hub/accounts/accounts.ts";
import { openEnrolments } from "../../../hub/identity/enrolments.ts";
import { backUp, journalIn, restore, verifyJournal } from "../../../hub/journal/backup.ts";
import { openAuthority } from "../../../hub/identity/authority.ts";
import { run } from "../../../hub/main.ts";
import { findWide } from "../../../hub/storage/private-files.ts";
import type { Username } from "../../../shared/ids.ts";
import { hashOf, newHeartbeat, pillar } from "../../kit/core/hub-core-street.ts";
import { incidents, newHub, told, type FalseHub } from "../../kit/hub/shell-on-doubles.ts";
import { tempDir } from "../../kit/journal/directory.ts";

async function pressed(hub: FalseHub, upTo: number): Promise<void> {
  for (let seq = 1; seq <= upTo; seq++) await hub.press({ seq });
}

/** Changes the file like an attacker: without the triggers that protect the rows. */
function tamper(file: string, sql: string): void {
  const database = new DatabaseSync(file);
  database.exec("drop trigger journal_keeps_words; drop trigger journal_keeps_rows");
  database.exec(sql);
  database.close();
}

afterEach(() => {
  process.exitCode = undefined;
});

describe("a backup", () => {
  test("is made while the hub works, is whole, and overwrites nothing", async () => {
    const hub = await newHub();
    await pressed(hub, 3);
    const file = join(tempDir(), "copy");
    const { rows, head } = backUp(hub.dataDir, file);
    await hub.press({ seq: 4 });
    expect(verifyJournal(file)).toMatchObject({ ok: true, rows, head: { idx: rows, hash: head } });
    expect(() => backUp(hub.dataDir, file)).toThrow("nothing is overwritten");
    expect(readdirSync(join(file, ".."))).toEqual(["copy"]);
  });

  test("that was changed is not put back", async () => {
    const hub = await newHub();
    await pressed(hub, 3);
    const file = join(tempDir(), "copy");
    backUp(hub.dataDir, file);
    tamper(join(file, "journal.db"), "update journal set at = at + 1 where idx = 4");
    expect(() => restore(tempDir(), file)).toThrow("row 4 was changed");
  });

  test("is not put back below a working hub", async () => {
    const hub = await newHub();
    await pressed(hub, 1);
    const file = join(tempDir(), "copy");
    backUp(hub.dataDir, file);
    const { lockData } = await import("../../../hub/storage/data-lock.ts");
    const lock = lockData(hub.dataDir);
    expect(() => restore(hub.dataDir, file)).toThrow("another hub works");
    lock.release();
  });

  test("that is old costs no alarm: the pillars tell again what it lacks", async () => {
    const hub = await newHub();
    await hub.press({ seq: 1 });
    const file = join(tempDir(), "copy");
    backUp(hub.dataDir, file);
    await hub.press({ seq: 2 });
    await hub.press({ seq: 3 });
    const before = hub.journal.hubEpoch();
    await hub.stop();
    const { aside } = restore(hub.dataDir, file);
    expect(verifyJournal(aside[0] ?? "")).toMatchObject({ ok: true });
    await hub.restart();
    expect(hub.journal.hubEpoch()).not.toBe(before);
    expect(incidents(hub)).toMatchObject([{ presses: 1 }]);
    const beat = newHeartbeat({ seq: 3, head: { seq: 3, hash: hashOf({ seq: 3 }) } });
    const heard = { channel: "heartbeat", message: beat } as const;
    await hub.shell.linkEvents.onMessage(pillar(0), heard, "mqtt");
    const command = hub.sent.findLast(({ message }) => message.channel === "command")?.message;
    expect(command).toMatchObject({
      message: { body: { command: { name: "resend", fromSeq: 2 } } },
    });
    await hub.press({ seq: 2 });
    await hub.press({ seq: 3 });
    expect(incidents(hub)).toMatchObject([{ presses: 3 }]);
    expect(told(hub).filter((words) => words === "accepted 3")).toHaveLength(2);
  });
});

const USER = { username: "wangfang" as Username, displayName: "王芳", role: "operator" } as const;
const SECRET = "correct horse 91";

/** A hub's directory with every kind of file that a real one has. */
async function fullDirectory(): Promise<{ hub: FalseHub; accounts: ClosableAccounts }> {
  const hub = await newHub();
  await pressed(hub, 2);
  await openAuthority(hub.dataDir, []);
  writeFileSync(join(hub.dataDir, "authority/register.jsonl"), "{}\n");
  openEnrolments(join(hub.dataDir, "enrolments.db")).close();
  const accounts = openAccounts(join(hub.dataDir, "accounts.db"));
  onTestFinished(() => accounts.close());
  return { hub, accounts };
}

describe("a backup of everything", () => {
  test("holds every database and the authority, a user added just before, and is private", async () => {
    const { hub, accounts } = await fullDirectory();
    await accounts.add({ ...USER, password: SECRET }, null);
    await accounts.openSession(USER.username, Date.now() + 60_000);
    const copy = join(tempDir(), "copy");
    const { files } = backUp(hub.dataDir, copy);
    const databases = readdirSync(hub.dataDir).filter((name) => name.endsWith(".db"));
    expect(files).toEqual(expect.arrayContaining(databases));
    const keys = readdirSync(join(hub.dataDir, "authority")).map((name) => `authority/${name}`);
    expect(files).toEqual(expect.arrayContaining(keys));
    expect(findWide(copy)).toEqual({ count: 0, named: [] });
    const elsewhere = tempDir();
    const { aside, isAuthorityRestored } = restore(elsewhere, copy);
    expect([aside, isAuthorityRestored]).toEqual([[], true]);
    expect(findWide(elsewhere)).toEqual({ count: 0, named: [] });
    const moved = openAccounts(join(elsewhere, "accounts.db"));
    onTestFinished(() => moved.close());
    expect(await moved.verify("wangfang", SECRET)).toMatchObject({ displayName: "王芳" });
    const { caFingerprint } = await openAuthority(hub.dataDir, []);
    expect((await openAuthority(elsewhere, [])).caFingerprint).toBe(caFingerprint);
    expect(verifyJournal(elsewhere)).toMatchObject({ ok: true });
  });

  test("does not bring sessions and one-time codes back", async () => {
    const { hub, accounts } = await fullDirectory();
    await accounts.add({ ...USER, password: SECRET }, null);
    const token = await accounts.openSession(USER.username, Date.now() + 60_000);
    const enrolments = openEnrolments(join(hub.dataDir, "enrolments.db"));
    const code = await enrolments.create({
      ...{ pillarId: pillar(7), name: "门", grid: "", address: "", position: null },
    });
    enrolments.close();
    const copy = join(tempDir(), "copy");
    backUp(hub.dataDir, copy);
    const elsewhere = tempDir();
    restore(elsewhere, copy);
    const moved = openAccounts(join(elsewhere, "accounts.db"));
    const codes = openEnrolments(join(elsewhere, "enrolments.db"));
    expect(await moved.session(token)).toBe(undefined);
    expect(await codes.isRight(pillar(7), code)).toBe(false);
    moved.close();
    codes.close();
  });

  test("keeps the authority and register that are there, and refuses the backup of another hub", async () => {
    const { hub } = await fullDirectory();
    const copy = join(tempDir(), "copy");
    backUp(hub.dataDir, copy);
    await hub.stop();
    const register = join(hub.dataDir, "authority/register.jsonl");
    writeFileSync(register, "{}\n{}\n");
    expect(restore(hub.dataDir, copy)).toMatchObject({ isAuthorityRestored: false });
    expect(readFileSync(register, "utf8")).toBe("{}\n{}\n");
    const other = tempDir();
    await openAuthority(other, []);
    expect(() => restore(other, copy)).toThrow("found another authority");
    expect(readdirSync(other)).not.toContain("journal.db");
  });
});

describe("the command line", () => {
  test("verify names the first row that does not fit, and fails", async () => {
    const hub = await newHub();
    await pressed(hub, 3);
    const config = join(tempDir(), "hub.yaml");
    writeFileSync(config, `dataDir: ${hub.dataDir}\n`);
    const said: string[] = [];
    const spy = vi.spyOn(process.stdout, "write").mockImplementation((text) => {
      said.push(String(text));
      return true;
    });
    try {
      expect(await run(["verify", "-c", config])).toBe(0);
      const file = join(tempDir(), "copy");
      expect(await run(["backup", file, "-c", config])).toBe(0);
      expect(await run(["verify", "-c", config, file])).toBe(0);
      tamper(join(file, "journal.db"), "delete from journal where idx = 5");
      expect(await run(["verify", "-c", config, file])).toBe(1);
    } finally {
      spy.mockRestore();
    }
    expect(said.at(-1)).toContain("broken at 5");
    expect(journalIn(hub.dataDir)).toBe(join(hub.dataDir, "journal.db"));
  });
});
