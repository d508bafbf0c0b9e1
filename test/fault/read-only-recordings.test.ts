/** Group B: recordings lie on a disk that is read-only, and the journal on one that is not. */
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { openJournal } from "../../hub/journal/journal.ts";
import type { HubStatus } from "../../shared/api/hub.ts";
import { readOnlyDisk } from "./harness/disk/disk.ts";
import { writeOldCalls, type OldCall } from "./harness/disk/full-disk.ts";
import type { PillarUnderTest } from "./harness/programs/pillar.ts";
import { endCall, journalOf, openStreet, type Street } from "./harness/programs/street.ts";
import { missing } from "./harness/programs/tool.ts";

const SLOW = 200_000;

let street: Street;
let pillar: PillarUnderTest;
beforeEach(async () => {
  street = await openStreet();
  pillar = await street.add("pillar-1");
  pillar.start();
  await pillar.untilArmed();
  await street.hub.stop();
});
afterEach(() => street?.close());

const faults = async (): Promise<HubStatus["faults"]> =>
  (await street.hub.operator.get<HubStatus>("/hub", "supervisor")).faults;
const count = (type: string): number =>
  journalOf(street.hub).filter((row) => row.type === type).length;

/** What a hub decides by age, which it does only after an hour with a steady clock. */
async function decide(dir: string, calls: readonly OldCall[]): Promise<void> {
  const journal = await openJournal(join(dir, "journal.db"));
  const at = Date.now();
  for (const { incidentId, recordingId, path } of calls) {
    // Its day, which is what the file's place is made of.
    const startedAt = Date.parse(basename(dirname(path)));
    const which = { incidentId, recordingId, reason: "age", startedAt, bytes: 5 } as const;
    await journal.append([{ type: "recording-deleted", at, ...which }]);
  }
  await journal.close();
}

test(
  "B3 recordings on a read-only disk: a removal that fails is a fault in the journal and on the screen, calls go on, and a repaired disk removes them",
  { timeout: SLOW },
  async ({ skip }) => {
    const reason = missing("unshare", "mount", "nsenter");
    skip(reason !== undefined, reason);
    const { hub } = street;
    const calls = await writeOldCalls(hub.dir, { pillarId: pillar.id, count: 5, bytes: 5 });
    const recordings = join(hub.dir, "recordings");
    mkdirSync(recordings, { recursive: true });
    await decide(hub.dir, calls.slice(0, 3));
    await hub.start(readOnlyDisk(recordings));
    await expect.poll(faults, { timeout: 30_000 }).toMatchObject([
      {
        code: "retention-failing",
        detail: expect.stringContaining("EROFS"),
      },
    ]);
    expect(count("recordings-removed")).toBe(0);
    for (let n = 0; n < 2; n += 1) {
      await pillar.press();
      await endCall(street, pillar);
    }
    const remount = ["mount", "-o", "remount,rw,bind", recordings];
    execFileSync("nsenter", ["-t", String(hub.process().pid()), "-m", ...remount]);
    await expect.poll(faults, { timeout: 60_000 }).toEqual([]);
    expect(calls.map(({ path }) => existsSync(path))).toEqual([false, false, false, true, true]);
    expect(count("recordings-removed")).toBe(1);
    const told = journalOf(hub).filter(({ type }) => type === "hub-fault");
    expect(told.map(({ body }) => (JSON.parse(body) as { isActive: boolean }).isActive)).toEqual([
      true,
      false,
    ]);
    expect(await street.verdict()).toEqual([]);
  },
);
