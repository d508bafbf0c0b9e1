/**
 * Retention in a real shell with a real journal: decisions are durable, and durable decisions are
 * carried out.
 */
import { existsSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { expect, test } from "vitest";
import { pino } from "pino";
import type { Fact } from "../../hub/core/facts.ts";
import { RECORDING_AGAIN_BYTES } from "../../hub/core/recording/retention.ts";
import { newId } from "../../hub/shell/identifier.ts";
import { recordingPath } from "../../hub/journal/read/api-shape.ts";
import { openDiskSamples } from "../../hub/storage/disk-samples.ts";
import { openReserve, RESERVE_BYTES, RESERVE_FILE } from "../../hub/storage/journal-reserve.ts";
import type { EventId, IncidentId, RecordingId, Username } from "../../shared/ids.ts";
import { newHub, person, type FalseHub } from "../kit/hub/shell-on-doubles.ts";
import { pillar } from "../kit/core/hub-core-street.ts";
import { tempDir } from "../kit/journal/directory.ts";
import { waitFor } from "../kit/run/wait.ts";

const DAY_MS = 86_400_000;
/** No disk is entirely free, so everything that may be deleted for space is deleted. */
const GREEDY = { keepDays: 90, leastFreePercent: 100 };
const IDLE = { keepDays: 3650, leastFreePercent: 0 };

interface Kept {
  readonly incidentId: IncidentId;
  readonly id: RecordingId;
  readonly path: string;
}

/** A recorded call of some days ago, closed unless `isOpen` is set. */
async function recorded(hub: FalseHub, daysAgo: number, isOpen = false): Promise<Kept> {
  const [incidentId, id] = [newId<IncidentId>(), newId<RecordingId>()];
  const at = Date.now() - daysAgo * DAY_MS;
  const pillarId = pillar(0);
  const by = { by: "wang" as Username, byName: "王芳" };
  const opened = { kind: "voice", priority: 2, eventId: newId<EventId>(), text: null } as const;
  const grade = { rules: ["kind"], reason: "kind" } as const;
  const facts: Fact[] = [
    { type: "incident-opened", at, incidentId, pillarId, pressedAt: at, ...opened, ...grade },
    { type: "incident-answered", at, incidentId, ...by, from: null, fromName: null },
    { type: "recording-started", at, incidentId, recordingId: id, pillarId },
  ];
  if (!isOpen) {
    const ended = { state: "closed", durationMs: 1000, bytes: 5 } as const;
    const end = { disposition: "resolved", note: "" } as const;
    facts.push({ type: "incident-closed", at, incidentId, ...by, ...end });
    facts.push({ type: "recording-ended", at, incidentId, recordingId: id, ...ended });
  }
  await hub.shell.commands.record(facts);
  const path = join(hub.dataDir, recordingPath({ id, startedAt: at }));
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, "media");
  return { incidentId, id, path };
}

function journalOf(hub: FalseHub): { type: string; body: string }[] {
  const database = new DatabaseSync(join(hub.dataDir, "journal.db"), { readOnly: true });
  try {
    return database.prepare("select type, body from journal order by idx").all() as unknown as {
      type: string;
      body: string;
    }[];
  } finally {
    database.close();
  }
}
const count = (hub: FalseHub, type: string): number =>
  journalOf(hub).filter((row) => row.type === type).length;

const lock = (hub: FalseHub, id: IncidentId) =>
  hub.shell.commands.lock(id, { isLocked: true, reason: "法院调取" }, person("chen", "supervisor"));

test("a full disk deletes the oldest recordings, and keeps those of open and locked incidents", async () => {
  const hub = await newHub();
  const [old, locked, open, recent] = [
    await recorded(hub, 30),
    await recorded(hub, 20),
    await recorded(hub, 10, true),
    await recorded(hub, 1),
  ];
  expect(await lock(hub, locked.incidentId)).toMatchObject({ ok: true, incident: { lock: {} } });
  await hub.restart({ retention: GREEDY });
  await waitFor(() => expect(count(hub, "recordings-removed")).toBe(1));
  const there = [old, locked, open, recent].map(({ path }) => existsSync(path));
  expect(there).toEqual([false, true, true, false]);
  expect(existsSync(dirname(old.path))).toBe(false);
  expect(await hub.shell.reads.recording(old.id)).toMatchObject({
    state: "closed",
    deletion: { reason: "space" },
  });
  expect((await hub.shell.reads.timeline(old.incidentId))?.items.at(-1)).toMatchObject({
    type: "recording-deleted",
    detail: { kind: "deletion", reason: "space" },
  });
  expect(hub.shell.loop.state().deleting.size).toBe(0);
  const told = hub.events.flatMap(({ event }) =>
    event.type === "recording" && event.recording.deletion ? [event.recording.id] : [],
  );
  expect(told).toEqual([old.id, recent.id]);
});

test("an incident that the core no longer remembers can be locked", async () => {
  const hub = await newHub();
  const { incidentId, path } = await recorded(hub, 30);
  hub.shell.loop.state().closed.clear();
  expect(await lock(hub, incidentId)).toMatchObject({
    ok: true,
    incident: { id: incidentId, lock: { byName: "chen", reason: "法院调取" } },
  });
  expect(await lock(hub, newId<IncidentId>())).toMatchObject({ ok: false, code: "not-found" });
  await hub.restart({ retention: GREEDY });
  await waitFor(() => expect(hub.shell.commands.status().disk).not.toBe(null));
  expect(existsSync(path)).toBe(true);
});

test("a hub that ended between the fact and the removal removes the file at its next start", async () => {
  const hub = await newHub();
  const { id, incidentId, path } = await recorded(hub, 30);
  const startedAt = (await hub.shell.reads.recording(id))?.startedAt ?? "";
  const which = { recordingId: id, incidentId, reason: "age", bytes: 5 } as const;
  const when = { at: Date.now(), startedAt: Date.parse(startedAt) };
  await hub.shell.commands.record([{ type: "recording-deleted", ...which, ...when }]);
  expect(existsSync(path)).toBe(true);
  await hub.restart({ retention: IDLE });
  await waitFor(() => expect(count(hub, "recordings-removed")).toBe(1));
  expect(existsSync(path)).toBe(false);
  expect(count(hub, "recording-deleted")).toBe(1);
});

test("one that ended after the removal, and before that was told, tells it at its next start", async () => {
  const hub = await newHub();
  const { id, incidentId, path } = await recorded(hub, 30);
  const startedAt = Date.parse((await hub.shell.reads.recording(id))?.startedAt ?? "");
  const which = { recordingId: id, incidentId, reason: "space", bytes: 5 } as const;
  await hub.shell.commands.record([
    { type: "recording-deleted", ...which, at: Date.now(), startedAt },
  ]);
  rmSync(path);
  await hub.restart({ retention: IDLE });
  await waitFor(() => expect(count(hub, "recordings-removed")).toBe(1));
  expect(hub.shell.loop.state().deleting.size).toBe(0);
});

test("a file that cannot be removed is a fault in words and holds up no other", async () => {
  const hub = await newHub();
  const stuck = await recorded(hub, 30);
  const other = await recorded(hub, 20);
  rmSync(stuck.path);
  // A directory cannot be unlinked by anybody, not even by root.
  mkdirSync(stuck.path);
  await hub.restart({ retention: GREEDY });
  await waitFor(() => expect(existsSync(other.path)).toBe(false));
  await waitFor(() => expect(count(hub, "recordings-removed")).toBe(1));
  expect([...hub.shell.loop.state().deleting.keys()]).toEqual([stuck.id]);
  await waitFor(
    () =>
      expect(hub.shell.commands.status().faults).toContainEqual(
        expect.objectContaining({
          code: "retention-failing",
          detail: expect.stringContaining(stuck.id),
        }),
      ),
    { timeout: 15_000 },
  );
  rmSync(stuck.path, { recursive: true });
  await waitFor(
    () =>
      expect(hub.shell.commands.status().faults.map(({ code }) => code)).not.toContain(
        "retention-failing",
      ),
    { timeout: 40_000 },
  );
}, 90_000);

test("nothing is removed while the journal cannot be written, and all at once when it can again", async () => {
  let isBroken = false;
  const hub = await newHub({
    wrap: (journal) => ({
      ...journal,
      append: (facts) =>
        isBroken ? Promise.reject(new Error("disk I/O error")) : journal.append(facts),
      reopen: () => (isBroken ? Promise.reject(new Error("disk I/O error")) : Promise.resolve()),
    }),
  });
  const { path } = await recorded(hub, 30);
  isBroken = true;
  await hub.restart({ retention: GREEDY });
  await waitFor(() => expect(hub.shell.loop.failure()).not.toBe(undefined));
  expect(existsSync(path)).toBe(true);
  isBroken = false;
  await waitFor(() => expect(hub.shell.loop.failure()).toBe(undefined), { timeout: 30_000 });
  // Without the recovery the next attempt would come ten seconds after the first.
  const recoveredAt = performance.now();
  await waitFor(() => expect(existsSync(path)).toBe(false), { timeout: 30_000 });
  expect(performance.now() - recoveredAt).toBeLessThan(5000);
  await waitFor(() => expect(count(hub, "recordings-removed")).toBe(1));
}, 60_000);

test("the journal's reserve is whole, private, made once, and not on a disk that has little room", async () => {
  const dir = tempDir();
  const file = join(dir, RESERVE_FILE);
  const reserve = openReserve(dir, pino({ level: "silent" }));
  await reserve.keep(RECORDING_AGAIN_BYTES + RESERVE_BYTES - 1);
  expect(existsSync(file)).toBe(false);
  await reserve.keep(RECORDING_AGAIN_BYTES + RESERVE_BYTES);
  const { size, mode, ino } = statSync(file);
  expect([size, mode & 0o777]).toEqual([RESERVE_BYTES, 0o600]);
  await reserve.keep(Number.MAX_SAFE_INTEGER);
  expect(statSync(file).ino).toBe(ino);
  // The disk is not full, so the reserve is kept.
  expect(reserve.release()).toBe(false);
  expect(existsSync(file)).toBe(true);
});

test("the forecast's samples survive a restart, and a file of anything else costs only them", async () => {
  const dir = tempDir();
  const log = pino({ level: "silent" });
  const file = join(dir, "disk-samples.json");
  const at = Date.UTC(2026, 10, 1);
  const samples = [0, 1, 2].map((n) => ({ at: at + n * 3_600_000, freeBytes: 1e12 - n * 1e9 }));
  writeFileSync(file, JSON.stringify(samples));
  const next = { at: at + 3 * 3_600_000, freeBytes: 1e12 - 3e9 };
  expect(await openDiskSamples(dir, log).note(next)).toBeCloseTo(
    (next.freeBytes - 805_306_368) / 24e9,
  );
  for (const text of ["", "{}", "[1]", '[{"at":-1,"freeBytes":0}]', "[".repeat(10_000)]) {
    writeFileSync(file, text);
    expect(await openDiskSamples(dir, log).note(next)).toBe(null);
  }
  expect(readFileSync(file, "utf8")).toBe("[".repeat(10_000));
});
