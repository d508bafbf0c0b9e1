/** The ledger on a real disk: what was confirmed is there, whatever happened in between. */
import { spawn } from "node:child_process";
import { generateKeyPairSync } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { createInterface } from "node:readline";
import { afterEach, beforeEach, expect, test } from "vitest";
import { sealWith } from "../../../device/adapters/identity.ts";
import { openLedger } from "../../../device/adapters/ledger-sqlite.ts";
import type { Ledger, SealedAlarm } from "../../../device/ports.ts";
import { EventId, HubEpoch, PillarId } from "../../../shared/ids.ts";

const { privateKey } = generateKeyPairSync("ed25519");
const EPOCH = HubEpoch.parse("e".repeat(32));
let dir: string;
let file: string;
let damage: string[];

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "anzhu-ledger-"));
  file = join(dir, "ledger.db");
  damage = [];
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

const open = (): Promise<Ledger> => openLedger(file, (line) => damage.push(line));

function chain(count: number, from: Pick<Ledger, "head">): SealedAlarm[] {
  const alarms: SealedAlarm[] = [];
  let { head } = from;
  for (let index = 0; index < count; index++) {
    const seq = head.seq + 1;
    const alarm = sealWith(privateKey, {
      v: 1,
      eventId: EventId.parse(seq.toString(16).padStart(32, "0")),
      pillarId: PillarId.parse("pillar-1"),
      bootEpoch: 1,
      seq,
      prevHash: head.hash,
      kind: "voice",
      wallMs: 1_780_000_000_000,
      clock: { synced: false },
    });
    head = { seq, hash: alarm.hash };
    alarms.push(alarm);
  }
  return alarms;
}

test("what was stored is there after a restart, and every start is another boot", async () => {
  const first = await open();
  const alarms = chain(3, first);
  await Promise.all(alarms.map((alarm) => first.append(alarm)));
  await first.markAccepted(alarms[0]!.event.eventId, EPOCH);
  await first.close();
  const second = await open();
  expect(second).toMatchObject({
    bootEpoch: first.bootEpoch + 1,
    head: { seq: 3, hash: alarms[2]!.hash },
    hubEpoch: EPOCH,
    replayFrom: undefined,
    lastEventId: alarms[2]!.event.eventId,
  });
  expect(second.unaccepted).toEqual(alarms.slice(1));
  expect(await second.since(2, 1)).toEqual([alarms[1]]);
  await second.close();
  expect(damage).toEqual([]);
});

test("what another hub accepted is to be sent again to the present one", async () => {
  const ledger = await open();
  const alarms = chain(3, ledger);
  await Promise.all(alarms.map((alarm) => ledger.append(alarm)));
  for (const { event } of alarms) await ledger.markAccepted(event.eventId, EPOCH);
  await ledger.markAccepted(alarms[2]!.event.eventId, HubEpoch.parse("f".repeat(32)));
  await ledger.close();
  const again = await open();
  expect(again.replayFrom).toBe(1);
  expect(again.unaccepted).toEqual([]);
  await again.close();
});

test("an alarm stored twice is there once", async () => {
  const ledger = await open();
  const [alarm] = chain(1, ledger);
  await ledger.append(alarm!);
  await ledger.append(alarm!);
  expect(await ledger.since(1, 10)).toHaveLength(1);
  await ledger.close();
});

test("a changed bit in a stored alarm is found and located, and the pillar still starts", async () => {
  const ledger = await open();
  await Promise.all(chain(5, ledger).map((alarm) => ledger.append(alarm)));
  await ledger.close();
  const db = new DatabaseSync(file);
  db.exec("UPDATE alarm SET event = replace(event, '\"voice\"', '\"silent\"') WHERE seq = 3");
  db.exec("DELETE FROM alarm WHERE seq = 4");
  db.close();
  const again = await open();
  expect(damage).toEqual([
    "alarm 3 was changed: its hash is another one",
    "alarms 4 to 4 are missing",
  ]);
  expect(again.head.seq).toBe(5);
  await again.close();
});

test("a file that is no database is told as such", async () => {
  writeFileSync(file, "this is a photograph".repeat(1000));
  await expect(open()).rejects.toThrow(/does not work: file is not a database/);
});

test("after a failure of the disk the file is opened anew, and the next alarm is stored", async () => {
  const ledger = await open();
  const [first, second] = chain(2, ledger);
  const blocker = new DatabaseSync(file);
  blocker.exec("CREATE TRIGGER full BEFORE INSERT ON alarm BEGIN SELECT RAISE(ABORT, 'full'); END");
  await expect(ledger.append(first!)).rejects.toThrow(/does not work: full/);
  blocker.exec("DROP TRIGGER full");
  blocker.close();
  await expect
    .poll(
      () =>
        ledger.append(first!).then(
          () => true,
          () => false,
        ),
      { timeout: 5000 },
    )
    .toBe(true);
  await ledger.append(second!);
  expect(await ledger.since(1, 10)).toEqual([first, second]);
  await ledger.close();
});

test("nothing confirmed is lost when the agent is killed in the middle of storing", async () => {
  let confirmed = 0;
  for (let life = 1; life <= 3; life++) {
    const child = spawn(process.execPath, [join(import.meta.dirname, "ledger-child.ts"), file], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    const before = confirmed;
    for await (const line of createInterface(child.stdout)) {
      const stored = /^stored (\d+)$/.exec(line)?.[1];
      if (stored) confirmed = Number(stored);
      if (confirmed >= before + 40) child.kill("SIGKILL");
    }
    expect(confirmed).toBeGreaterThanOrEqual(before + 40);
  }
  const ledger = await open();
  expect(damage).toEqual([]);
  expect(ledger.bootEpoch).toBe(4);
  expect(ledger.head.seq).toBeGreaterThanOrEqual(confirmed);
  const kept = await ledger.since(1, 10_000);
  expect(kept.map(({ event }) => event.seq)).toEqual(kept.map((_, index) => index + 1));
  await ledger.close();
});
