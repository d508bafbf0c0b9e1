/**
 * Group B: the hub's disk fills, and what has to give way for the alarms gives way in its order.
 */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { MAX_PER_TURN } from "../../hub/core/recording/retention.ts";
import { RESERVE_BYTES, RESERVE_FILE } from "../../hub/storage/journal-reserve.ts";
import type { HubStatus } from "../../shared/api/hub.ts";
import type { Recording } from "../../shared/api/incident.ts";
import { newFiller, MIB, takeRoom, writeOldCalls, type OldCall } from "./harness/disk/full-disk.ts";
import type { PillarUnderTest } from "./harness/programs/pillar.ts";
import { openPowerRig, type PowerRig } from "./harness/disk/power-rig.ts";
import { endCall, journalOf, openStreet, type Street } from "./harness/programs/street.ts";

const SLOW = 400_000;
const DISK_MIB = 3072;
const OLD_CALLS = 5;
const OLD_BYTES = 200 * MIB;
/** A few turns of the hub, on a machine that is busy. */
const TURNS = { timeout: 60_000 };
/** Between where recording stops (768 MiB) and what two old recordings give back (1024 MiB). */
const TIGHT_BYTES = 700 * MIB;
/** So little that no rule of the hub calls it room. */
const LITTLE_BYTES = 32 * MIB;
const EVERY_DISK_FAULT = ["disk-low", "disk-critical", "recording-stopped"];
const MOST_PRESSES = 12;

let street: Street;
let pillar: PillarUnderTest;
beforeEach(async () => {
  street = await openStreet();
  pillar = await street.add("pillar-1", {
    media: {
      cameras: [{ id: "front", source: { kind: "test" } }],
      size: "640x360",
      framesPerSecond: 10,
      microphone: { kind: "test" },
    },
  });
  pillar.start();
  await pillar.untilArmed();
  await street.hub.stop();
});
afterEach(() => street?.close());

/** The hub on a small disk, with its reserve and with calls of days ago. */
async function onSmallDisk(): Promise<{ rig: PowerRig; calls: OldCall[] } | string> {
  const { hub } = street;
  const calls = await writeOldCalls(hub.dir, {
    pillarId: pillar.id,
    count: OLD_CALLS,
    bytes: OLD_BYTES,
  });
  const rig = await openPowerRig(hub.dir, DISK_MIB);
  if (typeof rig === "string") return rig;
  street.onClose(rig.close);
  await rig.run(`tune2fs -m 0 $(findmnt -no SOURCE ${hub.dir})`);
  const paths = calls.map(({ path }) => path);
  await takeRoom(rig, OLD_BYTES, paths);
  await takeRoom(rig, RESERVE_BYTES, [join(hub.dir, RESERVE_FILE)]);
  await hub.start(rig.around);
  return { rig, calls };
}

const faults = async (): Promise<string[]> =>
  (await street.hub.operator.get<HubStatus>("/hub", "supervisor")).faults.map(({ code }) => code);

/** Facts of one kind, in their order. */
const facts = (type: string): Record<string, unknown>[] =>
  journalOf(street.hub)
    .filter((row) => row.type === type)
    .map((row) => JSON.parse(row.body) as Record<string, unknown>);

const deleted = (): unknown[] => facts("recording-deleted").map((fact) => fact["recordingId"]);

const recordings = async (incidentId: string): Promise<string[]> =>
  (await street.hub.operator.recordings(incidentId)).map(({ state }: Recording) => state);

async function openCall(): Promise<string> {
  await pillar.press();
  await pillar.untilLamp("received");
  const [incident] = await street.hub.operator.active();
  const id = incident?.id ?? "";
  await street.hub.operator.order(id, "answer");
  await pillar.untilLamp("answered");
  return id;
}

async function lock({ incidentId }: OldCall): Promise<void> {
  const answer = await street.hub.operator.request(`/incidents/${incidentId}/lock`, {
    method: "POST",
    as: "supervisor",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ reason: "法院调取" }),
  });
  expect(answer.status).toBe(200);
}

const media = async ({ recordingId }: OldCall): Promise<number> => {
  const headers = { range: "bytes=0-0" };
  const answer = await street.hub.operator.request(`/recordings/${recordingId}/media`, { headers });
  await answer.arrayBuffer();
  return answer.status;
};

test(
  "B2 the hub's disk fills up: recording gives way first, then the oldest that nobody locked, then the reserve, and every press is accepted",
  { timeout: SLOW },
  async ({ skip }) => {
    const made = await onSmallDisk();
    if (typeof made === "string") return skip(made);
    const { rig, calls } = made;
    const { hub } = street;
    const isThere = (path: string): boolean => existsSync(rig.seen(path));
    const there = (): boolean[] => calls.map(({ path }) => isThere(path));
    const reserve = join(hub.dir, RESERVE_FILE);
    const filler = newFiller(rig, hub.dir);
    await lock(calls[0]!);
    const id = await openCall();
    await expect.poll(() => recordings(id), TURNS).toEqual(["recording"]);
    expect(deleted()).toEqual([]);

    await filler.leave(TIGHT_BYTES);
    // The recording that runs ends; the two oldest that may go are enough, and then it goes on.
    await expect.poll(() => recordings(id), TURNS).toEqual(["closed", "recording"]);
    expect(facts("hub-fault")).toMatchObject([
      { code: "recording-stopped", isActive: true },
      { code: "recording-stopped", isActive: false },
    ]);
    expect(deleted()).toEqual([calls[1]!.recordingId, calls[2]!.recordingId]);
    expect(there()).toEqual([true, false, false, true, true]);
    expect(isThere(reserve)).toBe(true);
    await hub.operator.clear();
    await pillar.untilLamp("standby");

    await filler.leaveNothing(hub.process().pid());
    for (let n = 0; n < MOST_PRESSES && (n < 3 || isThere(reserve)); n += 1) {
      await pillar.press();
      await endCall(street, pillar);
    }
    expect(isThere(reserve)).toBe(false);
    await expect.poll(there, TURNS).toEqual([true, false, false, false, false]);

    // Full again, and nothing is left that may go.
    await filler.leave(LITTLE_BYTES);
    await expect.poll(faults, TURNS).toEqual(EVERY_DISK_FAULT);
    for (let n = 0; n < 3; n += 1) {
      const unrecorded = await openCall();
      expect(await recordings(unrecorded)).toEqual([]);
      await hub.operator.clear();
      await pillar.untilLamp("standby");
    }
    expect(await media(calls[0]!)).toBe(206);
    expect(await media(calls[1]!)).toBe(410);

    filler.remove();
    await expect.poll(faults, TURNS).toEqual([]);
    await expect.poll(() => isThere(reserve), { timeout: 90_000 }).toBe(true);
    const later = await openCall();
    await expect.poll(() => recordings(later), TURNS).toContain("recording");
    await hub.operator.clear();
    await pillar.untilLamp("standby");
    const gone = deleted();
    expect(gone.length).toBeLessThan(MAX_PER_TURN);
    expect(new Set(gone).size).toBe(gone.length);
    expect(gone.slice(0, 4)).toEqual(calls.slice(1).map(({ recordingId }) => recordingId));
    expect(isThere(calls[0]!.path)).toBe(true);
    expect(await street.verdict()).toEqual([]);
  },
);
