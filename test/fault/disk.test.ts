/** Group B: disks that fill, refuse, lie or dawdle, under a real agent and a real hub. */
import { copyFileSync, existsSync, rmSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { PROMISED_MS } from "../../shared/promises.ts";
import { fill, injected, readOnlyDisk, smallDisk } from "./harness/disk/disk.ts";
import { dataPaths } from "../../device/adapters/host/data-dir.ts";
import type { FactOf } from "../../hub/core/facts.ts";
import { openPowerRig } from "./harness/disk/power-rig.ts";
import { endCall, openStreet, readJournal, type Street } from "./harness/programs/street.ts";
import { missing } from "./harness/programs/tool.ts";
import { tearLedgers } from "./harness/disk/torn-ledger.ts";

const SLOW = 120_000;

let street: Street;
beforeAll(async () => {
  street = await openStreet();
});
afterAll(() => street?.close());

const untilFault = (id: string, code: string): Promise<void> =>
  expect
    .poll(async () => (await street.hub.operator.pillar(id)).faults, {
      timeout: PROMISED_MS.visible,
    })
    .toContain(code);

function copyDatabase(from: string, to: string): void {
  for (const suffix of ["", "-wal"]) {
    rmSync(to + suffix, { force: true });
    if (existsSync(from + suffix)) copyFileSync(from + suffix, to + suffix);
  }
}

test(
  "B1 the pillar's disk is full: the press goes out from memory, the fault is seen, and the ledger catches up",
  { timeout: SLOW },
  async ({ skip }) => {
    const reason = missing("unshare", "mount");
    skip(reason !== undefined, reason);
    const pillar = await street.add("full");
    pillar.start(smallDisk(pillar.dataDir, 32));
    await pillar.untilArmed();
    const makeRoom = fill(pillar.process().pid(), pillar.dataDir);
    await pillar.press();
    await untilFault(pillar.id, "ledger-failing");
    await endCall(street, pillar);
    makeRoom();
    await expect
      .poll(async () => (await street.hub.operator.pillar(pillar.id)).faults, { timeout: 30_000 })
      .not.toContain("ledger-failing");
    expect(await street.verdict()).toEqual([]);
    await pillar.close();
  },
);

test(
  "B3 the pillar's disk is read-only from the start: the press goes out, and the fault is seen",
  { timeout: SLOW },
  async ({ skip }) => {
    const reason = missing("unshare", "mount");
    skip(reason !== undefined, reason);
    const pillar = await street.add("read-only");
    pillar.start(readOnlyDisk(pillar.dataDir));
    await pillar.untilArmed();
    await pillar.press();
    await untilFault(pillar.id, "ledger-failing");
    await pillar.untilLamp("received");
    expect((await street.hub.operator.active()).map(({ pillarId }) => pillarId)).toEqual([
      pillar.id,
    ]);
    await endCall(street, pillar);
    await pillar.close();
  },
);

/** From each contact to the hub's journal. */
const alarmDelaysMs = (id: string): number[] =>
  readJournal(street.hub.dir)
    .filter((row) => row.type === "alarm-recorded" && row.pillar_id === id)
    .map((row) => row.at - (JSON.parse(row.body) as FactOf<"alarm-recorded">).event.wallMs);

/** Three presses on such a disk; the violations found in the end. */
async function pressOn(id: string, fault: string): Promise<readonly unknown[]> {
  const pillar = await street.add(id);
  pillar.start(injected(fault));
  await pillar.untilArmed();
  for (let n = 0; n < 3; n += 1) {
    await pillar.press();
    await endCall(street, pillar);
  }
  const found = await street.verdict();
  await pillar.close();
  return found;
}

test(
  "B4 fsync fails at the pillar, from the second call on, three times: every press is accepted, and the chain holds",
  { timeout: SLOW },
  async ({ skip }) => {
    const reason = missing("strace");
    skip(reason !== undefined, reason);
    expect(await pressOn("no-sync", "fsync,fdatasync:error=EIO:when=2..4")).toEqual([]);
  },
);

test(
  "B5 some writes find no room at the pillar: every press is accepted, and the chain holds",
  { timeout: SLOW },
  async ({ skip }) => {
    const reason = missing("strace");
    skip(reason !== undefined, reason);
    expect(await pressOn("no-room", "pwrite64:error=ENOSPC:when=6..8")).toEqual([]);
  },
);

test(
  "B7 every third write is interrupted at the pillar: every press is accepted, and the chain holds",
  { timeout: SLOW },
  async ({ skip }) => {
    const reason = missing("strace");
    skip(reason !== undefined, reason);
    expect(await pressOn("interrupted", "pwrite64:error=EINTR:when=3+3")).toEqual([]);
  },
);

test(
  "B3 the pillar's disk turns read-only while it runs: the press goes out, the fault is seen, and a repaired disk stores again",
  { timeout: SLOW },
  async ({ skip }) => {
    const pillar = await street.add("turned");
    const rig = await openPowerRig(pillar.dataDir);
    if (typeof rig === "string") return skip(rig);
    street.onClose(rig.close);
    pillar.start(rig.around);
    await pillar.untilArmed();
    await pillar.press();
    await endCall(street, pillar);
    await rig.turnReadOnly();
    await pillar.press();
    await untilFault(pillar.id, "ledger-failing");
    await endCall(street, pillar);
    await pillar.process().cutPower();
    await rig.repair();
    pillar.start(rig.around);
    await pillar.untilArmed();
    await pillar.press();
    await endCall(street, pillar);
    expect(await street.verdict()).toEqual([]);
    await pillar.close();
  },
);

test(
  "B6 an fsync takes 30 s at the pillar: the press does not wait for it",
  { timeout: SLOW },
  async ({ skip }) => {
    const reason = missing("strace");
    skip(reason !== undefined, reason);
    const pillar = await street.add("dying");
    // The disk begins to dawdle when the ledger is open: each thread has its own count.
    const { ledger } = dataPaths(pillar.dataDir);
    pillar.start(injected("fsync,fdatasync:delay_exit=30000000:when=14+", ledger));
    await pillar.untilArmed();
    const faults = async (): Promise<readonly string[]> =>
      (await street.hub.operator.pillar(pillar.id)).faults;
    for (let n = 0; n < 12 && !(await faults()).includes("ledger-slow"); n += 1) {
      await pillar.press();
      await endCall(street, pillar);
    }
    expect(await faults()).toContain("ledger-slow");
    const delays = alarmDelaysMs(pillar.id);
    expect(Math.max(...delays)).toBeLessThan(PROMISED_MS.alarmSent);
    await pillar.close();
  },
);

test(
  "B6 the pillar's disk takes a second for each fsync: the press does not wait for it",
  { timeout: SLOW },
  async ({ skip }) => {
    const reason = missing("strace");
    skip(reason !== undefined, reason);
    const pillar = await street.add("dawdling");
    pillar.start(injected("fsync,fdatasync:delay_exit=1000000"));
    await pillar.untilArmed();
    await pillar.press();
    await pillar.untilLamp("received");
    await untilFault(pillar.id, "ledger-slow");
    // The hub had it before the disk could have answered.
    expect(Math.max(...alarmDelaysMs(pillar.id))).toBeLessThan(PROMISED_MS.alarmSent);
    await endCall(street, pillar);
    expect(await street.verdict()).toEqual([]);
    await pillar.close();
  },
);

test(
  "B9 the hub's database is an older copy: the heartbeat shows the gap, and the alarm comes again",
  { timeout: SLOW },
  async () => {
    const pillar = await street.add("remembering");
    pillar.start();
    await pillar.untilArmed();
    await pillar.press();
    await endCall(street, pillar);
    await street.hub.stop();
    const file = join(street.hub.dir, "journal.db");
    const older = `${file}.older`;
    copyDatabase(file, older);
    await street.hub.start();
    await pillar.untilLamp("standby");
    await expect
      .poll(async () => (await street.hub.operator.pillar(pillar.id)).presence, { timeout: 20_000 })
      .toBe("online");
    await pillar.press();
    await endCall(street, pillar);
    await street.hub.crash();
    rmSync(`${file}-shm`, { force: true });
    copyDatabase(older, file);
    await street.hub.start();
    const seqs = (): unknown[] =>
      readJournal(street.hub.dir)
        .filter((row) => row.type === "alarm-recorded" && row.pillar_id === pillar.id)
        .map((row) => (JSON.parse(row.body) as { event: { seq: number } }).event.seq);
    await expect.poll(seqs, { timeout: 40_000 }).toEqual([1, 2]);
    expect((await street.verdict()).filter(({ invariant }) => invariant === "I1")).toEqual([]);
    await street.hub.operator.clear();
  },
);

test(
  "B8 a ledger cut or with a flipped bit near its end is detected or refused, and returns nothing that was not stored",
  { timeout: SLOW },
  async () => {
    const { cuts, flips, complaints } = await tearLedgers(97, 4096);
    expect(cuts + flips).toBeGreaterThan(100);
    expect(complaints).toEqual([]);
  },
);

test(
  "B2 the hub's disk is full: nothing is promised, and the press is accepted when there is room",
  { timeout: SLOW },
  async ({ skip }) => {
    const reason = missing("unshare", "mount");
    skip(reason !== undefined, reason);
    const pillar = await street.add("waiting");
    pillar.start();
    await pillar.untilArmed();
    await street.hub.stop();
    // Too small to be called ready, which is right, so nobody waits for that.
    await street.hub.start({ ...smallDisk(street.hub.dir, 64), waits: false });
    const presence = async (): Promise<string> =>
      street.hub.operator.pillar(pillar.id).then(
        (one) => one.presence,
        (error: unknown) => `not known yet: ${String(error)}`,
      );
    await expect.poll(presence, { timeout: 60_000 }).toBe("online");
    const makeRoom = fill(street.hub.process().pid(), street.hub.dir);
    await pillar.press();
    await expect
      .poll(() => street.hub.lines().some((line) => line.includes("could not be recorded")), {
        timeout: 20_000,
      })
      .toBe(true);
    expect(pillar.lamp()).toBe("calling");
    makeRoom();
    await pillar.untilLamp("received");
    expect(await street.hub.operator.active()).toMatchObject([{ pillarId: pillar.id, presses: 1 }]);
  },
);
