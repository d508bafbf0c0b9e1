import { ROOT_AREA } from "../../../../shared/access/areas.ts";
import { describe, expect, test } from "vitest";
import {
  MediaId,
  type IncidentId,
  type PillarId,
  type RecordingId,
  type Username,
} from "../../../../shared/ids.ts";
import type { Role } from "../../../../shared/api/session.ts";
import type { HubEvent } from "../../../../hub/core/events.ts";
import { unrecorded } from "../../../../hub/core/recording/recording.ts";
import {
  leastFree,
  MAX_DELETING,
  MAX_LOCK_REASON,
  MAX_LOCKED,
  MAX_PER_TURN,
  RECORDING_AGAIN_BYTES,
  RECORDING_LEAST_BYTES,
} from "../../../../hub/core/recording/retention.ts";
import type { Candidate } from "../../../../hub/core/state/storage-state.ts";
import { readSnapshot, writeSnapshot } from "../../../../hub/core/snapshot.ts";
import {
  CHEN,
  hex,
  newStreet,
  pillar,
  types,
  type Street,
} from "../../../kit/core/hub-core-street.ts";

const MEDIA = MediaId.parse(1);
const DAY_MS = 86_400_000;
const GIB = 1024 ** 3;
const TOTAL = 100 * GIB;
const ROOMY = { freeBytes: 50 * GIB, totalBytes: TOTAL };
const SETTINGS = { keepDays: 90, leastFreePercent: 10 };
/** The clock must run so long without a jump before recordings are deleted by their age. */
const AN_HOUR_S = 3601;

type Checked = Extract<HubEvent, { type: "storage-checked" }>;

const check = (street: Street, given: Partial<Checked> = {}) =>
  street.tell({
    type: "storage-checked",
    at: street.now(),
    recordings: ROOMY,
    journal: given.recordings ?? ROOMY,
    settings: SETTINGS,
    candidates: [],
    failure: null,
    ...given,
  });

/** A recording of a closed incident that ended `ageDays` ago. */
const old = (street: Street, n: number, ageDays: number, bytes = GIB): Candidate => ({
  recordingId: hex(n) as RecordingId,
  incidentId: hex(10_000 + n) as IncidentId,
  startedAt: street.now() - ageDays * DAY_MS - 60_000,
  endedAt: street.now() - ageDays * DAY_MS,
  bytes,
});

const gone = (decision: { readonly facts: readonly object[] }): string[] =>
  decision.facts.flatMap((fact) =>
    "reason" in fact && "recordingId" in fact
      ? [`${Number.parseInt(String(fact.recordingId), 16)} ${String(fact.reason)}`]
      : [],
  );

const free = (freeBytes: number) => ({ freeBytes, totalBytes: TOTAL });

function steady(): Street {
  const street = newStreet();
  street.advance(AN_HOUR_S);
  return street;
}

describe("by age", () => {
  test("a recording goes when it ended longer ago than the days it is kept, and not a moment before", () => {
    const street = steady();
    const candidates = [old(street, 1, 91), old(street, 2, 90), old(street, 3, 89)];
    expect(gone(check(street, { candidates }))).toEqual(["1 age"]);
  });

  test("the days are a setting", () => {
    const street = steady();
    const candidates = [old(street, 1, 3)];
    expect(gone(check(street, { candidates }))).toEqual([]);
    const settings = { ...SETTINGS, keepDays: 2 };
    expect(gone(check(street, { candidates, settings }))).toEqual(["1 age"]);
  });

  test("a clock that leaps to the next century deletes nothing until it has stood for an hour", () => {
    const street = steady();
    street.setClock(80 * 365 * DAY_MS);
    street.advance(1);
    const candidates = [old(street, 1, 80 * 365)];
    expect(gone(check(street, { candidates }))).toEqual([]);
    street.advance(3599);
    expect(gone(check(street, { candidates }))).toEqual([]);
    street.advance(1);
    expect(gone(check(street, { candidates }))).toEqual(["1 age"]);
  });

  test("nothing goes by age in the first hour of a start, and a clock that is corrected by seconds changes nothing", () => {
    const street = newStreet();
    street.advance(60);
    const candidates = [old(street, 1, 100)];
    expect(gone(check(street, { candidates }))).toEqual([]);
    street.setClock(5000);
    street.advance(AN_HOUR_S - 60);
    expect(gone(check(street, { candidates }))).toEqual(["1 age"]);
  });
});

describe("by space", () => {
  test("the oldest go until enough is free, and no more than that", () => {
    const street = newStreet();
    const candidates = [1, 2, 3, 4, 5].map((n) => old(street, n, 10 - n, GIB));
    const recordings = free(7.5 * GIB);
    expect(gone(check(street, { candidates, recordings }))).toEqual([
      "1 space",
      "2 space",
      "3 space",
    ]);
  });

  test("nothing goes when exactly enough is free", () => {
    const street = newStreet();
    const candidates = [old(street, 1, 1)];
    expect(gone(check(street, { candidates, recordings: free(10 * GIB) }))).toEqual([]);
    expect(gone(check(street, { candidates, recordings: free(10 * GIB - 1) }))).toEqual([
      "1 space",
    ]);
  });

  test("what was decided to go and is still there counts as free: nothing is deleted twice over", () => {
    const street = newStreet();
    const candidates = [old(street, 1, 2), old(street, 2, 1)];
    const recordings = free(9.5 * GIB);
    expect(gone(check(street, { candidates, recordings }))).toEqual(["1 space"]);
    expect(gone(check(street, { candidates, recordings }))).toEqual([]);
  });

  test("a small disk keeps what recordings need to begin again, whatever the share", () => {
    const small = { freeBytes: 0, totalBytes: 4 * GIB };
    expect(leastFree(small, SETTINGS)).toBe(RECORDING_AGAIN_BYTES);
    expect(leastFree(ROOMY, SETTINGS)).toBe(10 * GIB);
  });

  test("by space the clock is not asked", () => {
    const street = newStreet();
    const candidates = [old(street, 1, -400)];
    expect(gone(check(street, { candidates, recordings: free(0) }))).toEqual(["1 space"]);
  });
});

describe("what is kept", () => {
  test("an open incident's recordings and a running one are never touched", () => {
    const street = newStreet();
    street.startMedia();
    street.alarm(0);
    const { id: incidentId, recordingId } = street.only();
    const candidates = [
      { ...old(street, 1, 400), incidentId },
      { ...old(street, 2, 400), recordingId: recordingId as RecordingId },
    ];
    expect(gone(check(street, { candidates, recordings: free(0) }))).toEqual([]);
  });

  test("a locked incident's are kept while it is locked", () => {
    const street = newStreet();
    const candidates = [old(street, 1, 400)];
    const { incidentId } = candidates[0]!;
    lock(street, incidentId);
    expect(gone(check(street, { candidates, recordings: free(0) }))).toEqual([]);
    lock(street, incidentId, { isLocked: false });
    expect(gone(check(street, { candidates, recordings: free(0) }))).toEqual(["1 space"]);
  });

  test("a turn decides on so many, and so many wait for their removal at most", () => {
    const street = newStreet();
    const candidates = Array.from({ length: 300 }, (_, n) => old(street, n, 1, 1));
    const turn = () => gone(check(street, { candidates, recordings: free(0) })).length;
    expect([turn(), turn(), turn(), turn(), turn()]).toEqual([50, 50, 50, 50, 0]);
    expect([MAX_PER_TURN, MAX_DELETING]).toEqual([50, 200]);
    const recordingIds = [...street.state.deleting.keys()].slice(0, 20);
    street.tell({ type: "recordings-removed", at: street.now(), recordingIds });
    expect(street.state.deleting.size).toBe(180);
    expect(turn()).toBe(20);
  });

  test("a removal that was never decided on is no fact", () => {
    const street = newStreet();
    const recordingIds = [hex(7) as RecordingId];
    expect(street.tell({ type: "recordings-removed", at: 1, recordingIds }).facts).toEqual([]);
  });

  test("a restart remembers what waits to be removed, what is locked and what is wrong", () => {
    const street = newStreet();
    check(street, { candidates: [old(street, 1, 1)], recordings: free(0) });
    lock(street, hex(99) as IncidentId);
    const before = street.state;
    street.restart();
    for (const key of ["deleting", "locked", "hubFaults"] as const) {
      expect(street.state[key]).toEqual(before[key]);
      const read = readSnapshot(street.settings, writeSnapshot(before));
      expect(read?.[key]).toEqual(before[key]);
      expect(read?.[key].size).toBeGreaterThan(0);
    }
  });
});

function lock(
  street: Street,
  incidentId: IncidentId,
  more: { isLocked?: boolean; reason?: string; role?: Role; isKnown?: boolean } = {},
) {
  const { isLocked = true, reason = "法院调取", role = "supervisor", isKnown = true } = more;
  const by = { by: CHEN.name as Username, byName: CHEN.name, role, scope: ROOT_AREA };
  const atPillar = isKnown ? ("pillar-0" as PillarId) : null;
  return street.tell({
    ...{ type: "lock-order", at: street.now(), incidentId, isLocked, reason, atPillar },
    ...by,
  } as HubEvent);
}

describe("a lock", () => {
  const incidentId = hex(5) as IncidentId;

  test("is a supervisor's, with a reason, for an incident there is", () => {
    const street = newStreet();
    const code = (more: Parameters<typeof lock>[2]) =>
      lock(street, incidentId, more).effects.map((effect) => "code" in effect && effect.code);
    expect(code({ role: "operator" })).toEqual(["forbidden"]);
    expect(code({ role: "admin" })).toEqual(["forbidden"]);
    expect(code({ isKnown: false })).toEqual(["not-found"]);
    expect(code({ reason: "  " })).toEqual(["bad-request"]);
    expect(code({ reason: "x".repeat(MAX_LOCK_REASON + 1) })).toEqual(["bad-request"]);
    expect(street.state.locked.size).toBe(0);
    expect(
      lock(street, incidentId, { reason: ` ${"x".repeat(MAX_LOCK_REASON)} ` }).facts,
    ).toMatchObject([
      { type: "incident-locked", by: "chen", byName: "chen", reason: "x".repeat(MAX_LOCK_REASON) },
    ]);
  });

  test("given twice, or taken away twice, is one fact", () => {
    const street = newStreet();
    expect(types(lock(street, incidentId).facts)).toEqual(["incident-locked"]);
    expect(types(lock(street, incidentId).facts)).toEqual([]);
    expect(types(lock(street, incidentId, { isLocked: false }).facts)).toEqual([
      "incident-unlocked",
    ]);
    expect(types(lock(street, incidentId, { isLocked: false }).facts)).toEqual([]);
  });

  test("stands on the incident it belongs to, open or closed", () => {
    const street = newStreet();
    street.alarm(0);
    const { id } = street.only();
    lock(street, id);
    expect(street.only().lock).toEqual({ at: street.now(), byName: "chen", reason: "法院调取" });
    street.order(CHEN, id, { name: "close", disposition: "resolved", note: "" });
    expect(street.only().lock).not.toBe(null);
    lock(street, id, { isLocked: false });
    expect(street.only().lock).toBe(null);
    expect(street.refolded()).toBe(writeSnapshot(street.state));
  });

  test("has a most, and an unlocked one makes room", () => {
    const street = newStreet();
    for (let n = 0; n < MAX_LOCKED; n++) street.state.locked.add(hex(100 + n) as IncidentId);
    expect(types(lock(street, incidentId).effects)).toEqual(["refuse"]);
    lock(street, hex(100) as IncidentId, { isLocked: false });
    expect(types(lock(street, incidentId).facts)).toEqual(["incident-locked"]);
  });
});

describe("faults of the disk", () => {
  const faults = (street: Street): string[] => [...street.state.hubFaults.keys()];
  const at = (street: Street, share: number, total = 100 * GIB) =>
    check(street, { recordings: { freeBytes: Math.round(share * total), totalBytes: total } });

  test("a fifth and a twentieth of free space are told once, and are over a little above", () => {
    const street = newStreet();
    at(street, 0.2);
    expect(faults(street)).toEqual([]);
    expect(at(street, 0.199).facts).toMatchObject([
      { type: "hub-fault", code: "disk-low", isActive: true, detail: "19 %" },
    ]);
    expect(at(street, 0.21).facts).toEqual([]);
    expect(at(street, 0.05).facts).toEqual([]);
    at(street, 0.049);
    expect(faults(street)).toEqual(["disk-low", "disk-critical"]);
    at(street, 0.06);
    expect(faults(street)).toEqual(["disk-low", "disk-critical"]);
    at(street, 0.061);
    expect(faults(street)).toEqual(["disk-low"]);
    expect(at(street, 0.221).facts).toMatchObject([{ code: "disk-low", isActive: false }]);
    expect(faults(street)).toEqual([]);
  });

  test("the fuller of two disks counts", () => {
    const street = newStreet();
    check(street, { recordings: ROOMY, journal: { freeBytes: 2 * GIB, totalBytes: 50 * GIB } });
    expect(faults(street)).toEqual(["disk-low", "disk-critical"]);
  });

  test("a disk that says nothing of its size is not called full", () => {
    const street = newStreet();
    check(street, { recordings: { freeBytes: 2 * GIB, totalBytes: 0 } });
    expect(faults(street)).toEqual([]);
  });

  test("below its least a recording ends and none begins, the alarm rings all the same; with room it is recorded again", () => {
    const street = newStreet({ pillars: 2 });
    street.startMedia();
    street.alarm(0);
    const { id, recordingId } = street.only();
    const total = 10 * GIB;
    const room = (freeBytes: number) =>
      check(street, { recordings: { freeBytes, totalBytes: total } });
    expect(room(RECORDING_LEAST_BYTES).effects).toEqual([]);
    expect(room(RECORDING_LEAST_BYTES - 1).effects).toEqual([
      { type: "stop-recording", recordingId, pillarId: pillar(0) },
    ]);
    expect(room(RECORDING_LEAST_BYTES - 1).effects).toEqual([]);
    const ended = { state: "closed", durationMs: 1, bytes: 1 } as const;
    street.tell({ type: "recording-ended", at: street.now(), recordingId: recordingId!, ...ended });
    expect(types(street.alarm(1).facts)).toContain("incident-opened");
    expect(unrecorded(street.state, MEDIA)).toHaveLength(2);
    expect(street.startMedia().facts).toEqual([]);
    room(RECORDING_AGAIN_BYTES - 1);
    expect(street.startMedia().facts).toEqual([]);
    room(RECORDING_AGAIN_BYTES);
    expect(types(street.startMedia().effects)).toEqual(["start-recording", "start-recording"]);
    expect(street.state.incidents.get(id)?.recordingId).not.toBe(null);
  });

  test("files that cannot be removed are a fault with the system's words, until they are removed", () => {
    const street = newStreet();
    const failure = `EROFS: ${"x".repeat(400)}`;
    const [fact] = check(street, { failure }).facts;
    expect(fact).toMatchObject({ code: "retention-failing", isActive: true });
    expect(fact?.type === "hub-fault" && fact.detail).toBe(failure.slice(0, 200));
    expect(check(street, { failure: "EROFS: another" }).facts).toEqual([]);
    expect(check(street).facts).toMatchObject([{ code: "retention-failing", isActive: false }]);
  });
});
