/**
 * The disk, locks and deletions: every fact and refusal compared completely, and every limit with
 * one value below and one above.
 */
import { describe, expect, test } from "vitest";
import type { HubEvent } from "../../../../hub/core/events.ts";
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
import type { IncidentId, RecordingId } from "../../../../shared/ids.ts";
import { hex, newStreet, pillar, START, type Street } from "../../../kit/core/hub-core-street.ts";

const DAY_MS = 86_400_000;
const MIB = 1024 * 1024;
const GIB = 1024 * MIB;
const disk = (freeBytes: number, totalBytes = 100 * GIB) => ({ freeBytes, totalBytes });
const ROOMY = disk(50 * GIB);

type Checked = Extract<HubEvent, { type: "storage-checked" }>;
const check = (street: Street, given: Partial<Checked>) =>
  street.tell({
    ...{ type: "storage-checked", at: street.now(), recordings: ROOMY, journal: ROOMY },
    ...{ settings: { keepDays: 90, leastFreePercent: 10 }, candidates: [], failure: null },
    ...given,
  });
const candidate = (n: number, change: Partial<Candidate> = {}): Candidate => ({
  recordingId: hex(n) as RecordingId,
  incidentId: hex(10_000 + n) as IncidentId,
  ...{ startedAt: START - 60_000, endedAt: START, bytes: GIB },
  ...change,
});

test("the limits are these, and a change of one is a decision", () => {
  expect([MAX_PER_TURN, MAX_DELETING, MAX_LOCKED, MAX_LOCK_REASON]).toEqual([50, 200, 10_000, 500]);
  expect([RECORDING_LEAST_BYTES, RECORDING_AGAIN_BYTES]).toEqual([768 * MIB, 1024 * MIB]);
  const settings = { keepDays: 1, leastFreePercent: 10 };
  expect(leastFree(disk(0, 100 * GIB), settings)).toBe(10 * GIB);
  expect(leastFree(disk(0, 10 * GIB - 10), settings)).toBe(GIB);
});

describe("a fault of the disk", () => {
  const fault = (code: string, isActive: boolean, detail: string) => ({
    ...{ type: "hub-fault", at: START, code, isActive, detail },
  });
  const facts = (street: Street, given: Partial<Checked>) => check(street, given).facts;

  test("is told with the share that is free of the fuller disk, and is over with it", () => {
    const street = newStreet();
    expect(facts(street, { journal: disk(19 * GIB) })).toEqual([fault("disk-low", true, "19 %")]);
    expect(facts(street, { recordings: disk(4.9 * GIB) })).toEqual([
      fault("disk-critical", true, "4 %"),
    ]);
    expect(facts(street, {})).toEqual([
      fault("disk-low", false, "50 %"),
      fault("disk-critical", false, "50 %"),
    ]);
  });

  test("of the recordings' room is told in MiB, at the line where they stop and where they begin again", () => {
    const street = newStreet();
    const room = (freeBytes: number) => facts(street, { journal: disk(freeBytes, 3 * GIB) });
    expect(room(768 * MIB)).toEqual([]);
    expect(room(768 * MIB - 1)).toEqual([fault("recording-stopped", true, "767 MiB")]);
    expect(room(1024 * MIB - 1)).toEqual([]);
    expect(room(1024 * MIB)).toEqual([fault("recording-stopped", false, "1024 MiB")]);
  });

  test("of a disk of which nothing is known is none, and one of one byte is a disk", () => {
    expect(facts(newStreet(), { journal: disk(2 * GIB, 0) })).toEqual([]);
    const street = newStreet();
    street.record(fault("recording-stopped", true, "") as never);
    expect(facts(street, { journal: disk(0, 1) })).toEqual([
      fault("disk-low", true, "0 %"),
      fault("disk-critical", true, "0 %"),
    ]);
  });

  test("of the removal is told in the system's words, at most 200 characters, and is over without any", () => {
    const street = newStreet();
    expect(facts(street, { failure: "E".repeat(201) })).toEqual([
      fault("retention-failing", true, "E".repeat(200)),
    ]);
    expect(street.state.hubFaults.get("retention-failing")).toEqual({
      ...{ since: START, detail: "E".repeat(200) },
    });
    expect(facts(street, {})).toEqual([fault("retention-failing", false, "")]);
    expect(street.state.hubFaults.size).toBe(0);
  });

  test("ends every recording that runs, once", () => {
    const street = newStreet({ pillars: 2 });
    street.startMedia();
    street.alarm(0);
    street.alarm(1);
    const running = [...street.state.recordings.keys()];
    const full = { journal: disk(1, 3 * GIB) };
    expect(check(street, full).effects).toEqual(
      running.map((recordingId, n) => ({
        ...{ type: "stop-recording", recordingId, pillarId: pillar(n) },
      })),
    );
    expect(check(street, full).effects).toEqual([]);
    expect(check(street, {}).effects).toEqual([]);
  });
});

describe("a deletion", () => {
  const deleted = (n: number, reason: string, at = START, change: Partial<Candidate> = {}) => {
    const { endedAt: _, ...rest } = candidate(n, change);
    return { type: "recording-deleted", at, reason, ...rest };
  };
  const deletions = (street: Street, given: Partial<Checked>) =>
    check(street, given).facts.filter(({ type }) => type === "recording-deleted");

  test("by space ends as soon as exactly enough is free, what waits to be removed counted in", () => {
    const street = newStreet();
    const candidates = [1, 2, 3].map((n) => candidate(n, { bytes: n * MIB }));
    const missing = (bytes: number) => ({ candidates, recordings: disk(10 * GIB - bytes) });
    expect(deletions(street, missing(0))).toEqual([]);
    expect(deletions(street, missing(MIB))).toEqual([deleted(1, "space", START, { bytes: MIB })]);
    expect([...street.state.deleting]).toEqual([
      [hex(1), { startedAt: START - 60_000, bytes: MIB }],
    ]);
    expect(deletions(street, missing(MIB))).toEqual([]);
    expect(deletions(street, missing(MIB + 1))).toEqual([
      deleted(2, "space", START, { bytes: 2 * MIB }),
    ]);
  });

  test("by age comes before one by space, and makes its room", () => {
    const street = newStreet();
    street.advance(3601);
    const at = street.now();
    const old = candidate(1, { endedAt: at - 90 * DAY_MS - 1 });
    const kept = candidate(2, { endedAt: at - 90 * DAY_MS });
    expect(deletions(street, { candidates: [old, kept], recordings: disk(9 * GIB) })).toEqual([
      deleted(1, "age", at),
    ]);
  });

  test("is decided on fifty times in a turn, up to two hundred that wait", () => {
    const street = newStreet();
    const turn = (from: number): number => {
      const candidates = Array.from({ length: 60 }, (_, n) => candidate(from + n, { bytes: 1 }));
      return deletions(street, { candidates, recordings: disk(0) }).length;
    };
    expect([turn(100), turn(200), turn(300)]).toEqual([50, 50, 50]);
    street.tell({ type: "recordings-removed", at: START, recordingIds: [hex(100)] as never });
    expect([turn(400), turn(500), turn(600)]).toEqual([50, 1, 0]);
  });

  test("passes over what is locked, open, running or decided on, and goes on behind it", () => {
    const street = newStreet({ pillars: 2 });
    street.startMedia();
    street.alarm(0);
    const { id, recordingId } = street.only();
    street.state.locked.add(hex(10_002) as IncidentId);
    street.state.deleting.set(hex(3) as RecordingId, { startedAt: 0, bytes: 0 });
    const candidates = [
      candidate(1, { incidentId: id }),
      candidate(2),
      candidate(3),
      candidate(4, { recordingId: recordingId! }),
      candidate(5),
    ];
    const found = deletions(street, { candidates, recordings: disk(9.5 * GIB) });
    expect(found).toEqual([deleted(5, "space")]);
  });

  test("is done when the file is gone, and is told only of those that were decided on", () => {
    const street = newStreet();
    deletions(street, { candidates: [candidate(1)], recordings: disk(9 * GIB) });
    const removed = (...ids: string[]) =>
      street.tell({ type: "recordings-removed", at: START, recordingIds: ids as never });
    expect(removed(hex(2))).toEqual({ facts: [], effects: [] });
    expect(removed(hex(2), hex(1))).toEqual({
      facts: [{ type: "recordings-removed", at: START, recordingIds: [hex(1)] }],
      effects: [],
    });
    expect(street.state.deleting.size).toBe(0);
  });
});

describe("a lock", () => {
  const incidentId = hex(9) as IncidentId;
  const order = (street: Street, change: object = {}) =>
    street.tell({
      ...{ type: "lock-order", at: START, incidentId, by: "chen", byName: "Chen" },
      ...{
        role: "supervisor",
        isLocked: true,
        atPillar: "pillar-0",
        scope: "all",
        reason: " court ",
      },
      ...change,
    } as never);
  const refused = (code: string, detail: string) => ({
    ...{ facts: [], effects: [{ type: "refuse", code, detail }] },
  });
  const nothing = { facts: [], effects: [] };
  const fact = (type: string, reason = "court") => ({
    facts: [{ type, at: START, incidentId, by: "chen", byName: "Chen", reason }],
    effects: [],
  });

  test("is a fact with its reason, and given twice or taken away twice is none", () => {
    const street = newStreet();
    expect([order(street), order(street)]).toEqual([fact("incident-locked"), nothing]);
    const off = () => order(street, { isLocked: false });
    expect([off(), off()]).toEqual([fact("incident-unlocked"), nothing]);
  });

  test.each([
    [{ role: "operator" }, "forbidden", "expected a supervisor, found a operator"],
    [{ atPillar: null }, "not-found", `no such incident: ${incidentId}`],
    [{ reason: "  " }, "bad-request", "expected a reason of 1 to 500 characters"],
    [{ reason: "r".repeat(501) }, "bad-request", "expected a reason of 1 to 500 characters"],
  ])("that may not be (%j) is refused in words", (change, code, detail) => {
    expect(order(newStreet(), change)).toEqual(refused(code, detail));
  });

  test("has a reason of up to 500 characters, and there are ten thousand at most", () => {
    const reason = "r".repeat(500);
    const street = newStreet();
    expect(order(street, { reason: `${reason} ` })).toEqual(fact("incident-locked", reason));
    for (let n = 0; street.state.locked.size < 10_000; n++) {
      street.state.locked.add(hex(50_000 + n) as IncidentId);
    }
    expect(order(street, { incidentId: hex(10) })).toEqual(
      refused("bad-request", "expected at most 10000 locked incidents: unlock some"),
    );
    expect(order(street, { isLocked: false })).toEqual(fact("incident-unlocked"));
    expect(order(street)).toEqual(fact("incident-locked"));
  });
});
