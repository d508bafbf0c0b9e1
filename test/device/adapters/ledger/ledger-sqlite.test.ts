/**
 * The ledger on a real disk: what was confirmed is there after a restart, a kill or a failed disk.
 */
import { spawn } from "node:child_process";
import { generateKeyPairSync } from "node:crypto";
import { existsSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { createInterface } from "node:readline";
import { afterEach, beforeEach, expect, test } from "vitest";
import { sealWith } from "../../../../device/adapters/identity/identity.ts";
import { openLedger } from "../../../../device/adapters/ledger/ledger-sqlite.ts";
import { openStore } from "../../../../device/adapters/ledger/ledger-store.ts";
import type { LedgerNews, SealedAlarm } from "../../../../device/core/state/kept.ts";
import type { Ledger } from "../../../../device/ports.ts";
import { GENESIS } from "../../../../shared/hash-chain.ts";
import { EventId, HubEpoch, PillarId } from "../../../../shared/ids.ts";
import type { AlarmKind } from "../../../../shared/protocol/alarm.ts";

const { privateKey } = generateKeyPairSync("ed25519");
const EPOCH = HubEpoch.parse("e".repeat(32));
let dir: string;
let file: string;
let damage: string[];
let backs: LedgerNews[];

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "anzhu-ledger-"));
  file = join(dir, "ledger.db");
  damage = [];
  backs = [];
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

async function open(): Promise<Ledger> {
  const ledger = await openLedger(file);
  ledger.onNews((news) => (news.type === "back" ? backs.push(news) : damage.push(news.reason)));
  return ledger;
}

function chain(
  count: number,
  from: Pick<Ledger, "head">,
  kind: AlarmKind = "voice",
): SealedAlarm[] {
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
      kind,
      wallMs: 1_780_000_000_000,
      clock: { synced: false },
    });
    head = { seq, hash: alarm.hash };
    alarms.push(alarm);
  }
  return alarms;
}

test("where the board stood is stored with the alarm of that press, and not without it", async () => {
  const first = await open();
  expect(first.boardMark).toBeUndefined();
  const [one, two, three] = chain(3, first);
  const mark = { boots: 2, presses: 65_535, silentPresses: 1 };
  await first.append(one!, { ...mark, presses: 65_534 });
  await first.append(two!, mark);
  await first.append(three!);
  await first.close();
  const second = await open();
  expect(second.boardMark).toEqual(mark);
  await second.close();
});

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

test("the newest press is known after a restart, whatever self-tests came after it", async () => {
  const first = await open();
  const [press] = chain(1, first);
  const tests = chain(2, { head: { seq: 1, hash: press!.hash } }, "test");
  await Promise.all([press!, ...tests].map((alarm) => first.append(alarm)));
  await first.close();
  const second = await open();
  expect([second.head.seq, second.lastEventId]).toEqual([3, press!.event.eventId]);
  await second.close();
});

test("more than an outbox holds wait: whoever pressed last is among those that are read", () => {
  const store = openStore(join(dir, "full.db"));
  const [sample] = chain(1, { head: { seq: 0, hash: GENESIS } });
  const eventIdOf = (seq: number) => EventId.parse(seq.toString(16).padStart(32, "0"));
  store.begin();
  for (let seq = 1; seq <= 10_001; seq++) {
    const event = { ...sample!.event, seq, eventId: eventIdOf(seq) };
    store.append({ alarm: { ...sample!, event }, mark: undefined }, 0);
  }
  store.commit();
  const { unaccepted, lastEventId } = store.start();
  store.close();
  expect([unaccepted.length, unaccepted[0]?.event.seq]).toEqual([10_000, 2]);
  expect(unaccepted.at(-1)?.event.eventId).toBe(lastEventId);
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

const GARBAGE = "this is a photograph".repeat(1000);
const stores = (ledger: Ledger, alarm: SealedAlarm): Promise<boolean> =>
  ledger.append(alarm).then(
    () => true,
    () => false,
  );

test("a file that is no database is told as such, and a spare one is used from numbers above all", async () => {
  writeFileSync(file, GARBAGE);
  const ledger = await open();
  expect(damage.join()).toMatch(/ledger.db does not work: file is not a database.*ledger-2.db/);
  expect(ledger.head.seq).toBeGreaterThan(1_700_000_000);
  const [alarm] = chain(1, ledger);
  await ledger.append(alarm!);
  await ledger.close();
  const again = await open();
  expect(again.head).toEqual({ seq: alarm!.event.seq, hash: alarm!.hash });
  expect(again.bootEpoch).toBeGreaterThan(ledger.bootEpoch);
  await again.close();
});

test("what the spare file took is in the first one again once that works", async () => {
  const first = await open();
  const [old] = chain(1, first);
  await first.append(old!);
  await first.close();
  const whole = readFileSync(file);
  writeFileSync(file, GARBAGE);
  const onSpare = await open();
  const [waiting, told] = chain(2, onSpare);
  await onSpare.append(waiting!);
  await onSpare.append(told!);
  await onSpare.markAccepted(told!.event.eventId, EPOCH);
  await onSpare.close();
  writeFileSync(file, whole);
  damage = [];
  const again = await open();
  expect(damage).toEqual([]);
  expect(again.unaccepted).toEqual([old, waiting]);
  expect(again).toMatchObject({ head: { seq: told!.event.seq }, hubEpoch: EPOCH });
  expect(again.bootEpoch).toBeGreaterThan(onSpare.bootEpoch);
  expect(existsSync(join(dir, "ledger-2.db"))).toBe(false);
  await again.close();
});

test("a disk that is dead at the start is tried again, and what waits on it is told when it is back", async () => {
  const before = await open();
  const [old] = chain(1, before);
  await before.append(old!);
  await before.close();
  const away = `${dir}-away`;
  renameSync(dir, away);
  writeFileSync(dir, "no folder");
  const ledger = await open();
  const [fresh] = chain(1, ledger);
  await expect(ledger.append(fresh!)).rejects.toThrow(/opened again in/);
  rmSync(dir);
  renameSync(away, dir);
  await expect.poll(() => backs).toMatchObject([{ type: "back", unaccepted: [old] }]);
  await ledger.append(fresh!);
  expect((await ledger.since(1, 10)).map(({ event }) => event.seq)).toEqual([1, fresh!.event.seq]);
  await ledger.close();
  damage = [];
  const after = await open();
  expect(damage).toEqual([]);
  expect(after.bootEpoch).toBeGreaterThan(ledger.bootEpoch);
  await after.close();
});

test("a file that fails again and again is left for the spare, with what was written last", async () => {
  const ledger = await open();
  const [first, second] = chain(2, ledger);
  await ledger.append(first!);
  const blocker = new DatabaseSync(file);
  blocker.exec("CREATE TRIGGER full BEFORE INSERT ON alarm BEGIN SELECT RAISE(ABORT, 'full'); END");
  expect(await stores(ledger, second!)).toBe(false);
  blocker.close();
  writeFileSync(file, GARBAGE);
  await expect.poll(() => stores(ledger, second!)).toBe(true);
  expect(damage.join()).toMatch(/stored in .*ledger-2.db: replace the card/);
  expect(await ledger.since(1, 10)).toEqual([first, second]);
  await ledger.close();
});

test("after a failure of the disk the file is opened anew, and the next alarm is stored", async () => {
  const ledger = await open();
  const [first, second] = chain(2, ledger);
  const blocker = new DatabaseSync(file);
  blocker.exec("CREATE TRIGGER full BEFORE INSERT ON alarm BEGIN SELECT RAISE(ABORT, 'full'); END");
  await expect(ledger.append(first!)).rejects.toThrow(/does not work: full/);
  blocker.exec("DROP TRIGGER full");
  blocker.close();
  await expect.poll(() => stores(ledger, first!)).toBe(true);
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
