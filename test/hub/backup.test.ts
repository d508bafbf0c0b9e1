import { readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterEach, describe, expect, test, vi } from "vitest";
import { backUp, journalIn, restore, verifyJournal } from "../../hub/backup.ts";
import { run } from "../../hub/main.ts";
import { hashOf, newHeartbeat, pillar } from "./core/street.ts";
import { incidents, newHub, told, type FalseHub } from "./false-hub.ts";
import { tempDir } from "./journal/directory.ts";

async function pressed(hub: FalseHub, upTo: number): Promise<void> {
  for (let seq = 1; seq <= upTo; seq++) await hub.press({ seq });
}

/** As somebody with the file in an editor would. */
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
    const file = join(tempDir(), "copy.db");
    const { rows, head } = backUp(hub.dataDir, file);
    await hub.press({ seq: 4 });
    expect(verifyJournal(file)).toMatchObject({ ok: true, rows, head: { idx: rows, hash: head } });
    expect(() => backUp(hub.dataDir, file)).toThrow("nothing is overwritten");
    expect(readdirSync(join(file, ".."))).toEqual(["copy.db"]);
  });

  test("that was changed is not put back", async () => {
    const hub = await newHub();
    await pressed(hub, 3);
    const file = join(tempDir(), "copy.db");
    backUp(hub.dataDir, file);
    tamper(file, "update journal set at = at + 1 where idx = 4");
    await expect(restore(tempDir(), file)).rejects.toThrow("row 4 was changed");
  });

  test("is not put back below a working hub", async () => {
    const hub = await newHub();
    await pressed(hub, 1);
    const file = join(tempDir(), "copy.db");
    backUp(hub.dataDir, file);
    const { lockData } = await import("../../hub/data-lock.ts");
    const lock = lockData(hub.dataDir);
    await expect(restore(hub.dataDir, file)).rejects.toThrow("another hub works");
    lock.release();
  });

  test("that is old costs no alarm: the pillars tell again what it lacks", async () => {
    const hub = await newHub();
    await hub.press({ seq: 1 });
    const file = join(tempDir(), "copy.db");
    backUp(hub.dataDir, file);
    await hub.press({ seq: 2 });
    await hub.press({ seq: 3 });
    const before = hub.journal.hubEpoch();
    await hub.stop();
    const { aside } = await restore(hub.dataDir, file);
    expect(verifyJournal(aside ?? "")).toMatchObject({ ok: true });
    await hub.restart();
    expect(hub.journal.hubEpoch()).not.toBe(before);
    expect(incidents(hub)).toMatchObject([{ presses: 1 }]);
    const beat = newHeartbeat({ seq: 3, head: { seq: 3, hash: hashOf({ seq: 3 }) } });
    const heard = { channel: "heartbeat", message: beat } as const;
    await hub.shell.linkEvents.onMessage(pillar(0), heard, "mqtt");
    const order = hub.sent.findLast(({ message }) => message.channel === "command")?.message;
    expect(order).toMatchObject({ message: { body: { order: { name: "resend", fromSeq: 2 } } } });
    await hub.press({ seq: 2 });
    await hub.press({ seq: 3 });
    expect(incidents(hub)).toMatchObject([{ presses: 3 }]);
    expect(told(hub).filter((words) => words === "accepted 3")).toHaveLength(2);
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
      const file = join(tempDir(), "copy.db");
      expect(await run(["backup", file, "-c", config])).toBe(0);
      expect(await run(["verify", "-c", config, file])).toBe(0);
      tamper(file, "delete from journal where idx = 5");
      expect(await run(["verify", "-c", config, file])).toBe(1);
    } finally {
      spy.mockRestore();
    }
    expect(said.at(-1)).toContain("broken at 5");
    expect(journalIn(hub.dataDir)).toBe(join(hub.dataDir, "journal.db"));
  });
});
