/** The record of a recording and the decisions about it, compared completely. */
import { expect, test } from "vitest";
import {
  decideRecordings,
  evolveRecording,
  MAX_RECORDINGS,
  startRecording,
  unrecorded,
} from "../../../../hub/core/recording/recording.ts";
import type { RecordingRecord } from "../../../../hub/core/state/recording-record.ts";
import { MediaId, type IncidentId, type RecordingId } from "../../../../shared/ids.ts";
import { hex, newStreet, pillar, START, type Street } from "../../../kit/core/hub-core-street.ts";

const recordingId = hex(5) as RecordingId;
const incidentId = hex(6) as IncidentId;
const MEDIA = MediaId.parse(1);
const nothing = { facts: [], effects: [] };

const RUNNING: RecordingRecord = {
  ...{ id: recordingId, incidentId, pillarId: pillar(0), startedAt: START },
  state: "recording",
  ...{ endedAt: null, durationMs: null, bytes: null, deletion: null },
};

const started = (id: RecordingId, of: IncidentId, n = 0) => {
  const subject = { recordingId: id, incidentId: of, pillarId: pillar(n) };
  return {
    facts: [{ type: "recording-started", at: START, ...subject }],
    effects: [{ type: "start-recording", ...subject, isCallRunning: false }],
  };
};

test("a record begins with its start, ends with its file, and knows when that was given up", () => {
  const begun = { type: "recording-started", at: START, recordingId, incidentId } as const;
  expect(evolveRecording(undefined, { ...begun, pillarId: pillar(0) })).toEqual(RUNNING);
  const ended = {
    ...{ type: "recording-ended", at: START + 9, recordingId, incidentId, state: "failed" },
    ...{ durationMs: 7, bytes: 8 },
  } as const;
  const closed = { ...RUNNING, endedAt: START + 9, state: "failed", durationMs: 7, bytes: 8 };
  expect(evolveRecording(RUNNING, ended as never)).toEqual(closed);
  const gaps = [{ fromMs: 1, toMs: 2 }];
  expect(evolveRecording(RUNNING, { ...ended, gaps } as never)).toEqual({ ...closed, gaps });
  const cameras = ["front", "rear"];
  expect(evolveRecording(RUNNING, { ...ended, cameras } as never)).toEqual({ ...closed, cameras });
  const deleted = { type: "recording-deleted", at: START + 20, reason: "age" };
  expect(evolveRecording(closed as never, deleted as never)).toEqual({
    ...closed,
    deletion: { at: START + 20, reason: "age" },
  });
});

/** A street whose media process runs, with one call that is not recorded yet. */
function calling(change: (street: Street) => void = () => undefined): Street {
  const street = newStreet({ pillars: 2, settings: { maxOpen: 1 } });
  street.alarm(0);
  street.state.heard.mediaUp.add(MEDIA);
  change(street);
  return street;
}
const start = (street: Street, kind: "voice" | "test" = "voice") =>
  startRecording(
    street.state,
    { id: incidentId, pillarId: pillar(0), kind },
    { at: START, recordingId },
  );

test("one starts when media is up and has room, for a call of a pillar that is not revoked", () => {
  expect(start(calling())).toEqual(started(recordingId, incidentId));
  expect(start(calling(), "test")).toEqual(nothing);
  expect(start(calling(({ state }) => state.heard.mediaUp.delete(MEDIA)))).toEqual(nothing);
  // One open call more than may be recorded at the same time.
  expect(start(calling((street) => street.alarm(1)))).toEqual(nothing);
  const revoked = calling(({ state }) => {
    const record = state.pillars.get(pillar(0))!;
    const revocation = { at: 1, byName: "", reason: "other", note: "" } as const;
    state.pillars.set(pillar(0), { ...record, revocation });
  });
  expect(start(revoked)).toEqual(nothing);
  const full = { since: 1, detail: "" };
  expect(start(calling(({ state }) => state.hubFaults.set("recording-stopped", full)))).toEqual(
    nothing,
  );
});

test("two hundred run at once, and not one more", () => {
  expect(MAX_RECORDINGS).toBe(200);
  const running = (count: number) =>
    calling(({ state }) => {
      for (let n = 0; n < count; n++) state.recordings.set(hex(900 + n) as RecordingId, RUNNING);
    });
  expect(start(running(199)).facts).toHaveLength(1);
  expect([start(running(200)), start(running(201))]).toEqual([nothing, nothing]);
  const came = {
    type: "media-started",
    at: START,
    mediaId: MEDIA,
    newRecordingIds: [recordingId],
  } as const;
  expect(decideRecordings(running(201).state, came)).toEqual(nothing);
});

test("media that comes records each open call that is not recorded, as far as room and names go", () => {
  const street = newStreet({ pillars: 4 });
  for (const n of [0, 1, 2]) street.alarm(n);
  street.alarm(3, { kind: "test" });
  const calls = [...street.state.incidents.values()].slice(0, 3);
  expect(unrecorded(street.state, MEDIA)).toEqual(calls);
  const newRecordingIds = [hex(1), hex(2)] as RecordingId[];
  const [first, second] = [0, 1].map((n) => started(newRecordingIds[n]!, calls[n]!.id, n));
  expect(
    street.tell({ type: "media-started", at: START, mediaId: MEDIA, newRecordingIds }),
  ).toEqual({
    facts: [...first!.facts, ...second!.facts],
    effects: [...first!.effects, ...second!.effects].map((effect) => ({
      ...effect,
      isCallRunning: true,
    })),
  });
  expect(unrecorded(street.state, MEDIA).map(({ id }) => id)).toEqual([calls[2]!.id]);
});

test("the end of one that runs is a fact, with its gaps; of any other it is none", () => {
  const street = newStreet();
  street.startMedia();
  street.alarm(0);
  const { id, recordingId: running } = street.only();
  const counts = { state: "closed", durationMs: 7, bytes: 8 } as const;
  const end = (given: object) =>
    street.tell({ type: "recording-ended", at: START, ...counts, ...given } as never);
  expect(end({ recordingId })).toEqual(nothing);
  const gaps = [{ fromMs: 1, toMs: 2 }];
  const cameras = ["front"];
  const said = { ...counts, gaps, cameras };
  expect(end({ recordingId: running, gaps, cameras })).toEqual({
    facts: [{ type: "recording-ended", at: START, incidentId: id, recordingId: running, ...said }],
    effects: [],
  });
  expect(end({ recordingId: running })).toEqual(nothing);
});

test("pictures that come and cannot be written are a fault of the pillar, until they are written", () => {
  const street = newStreet();
  street.startMedia();
  street.alarm(0);
  const { recordingId: running } = street.only();
  const said = (isWritten: boolean, detail = "", id = running!) =>
    street.tell({ type: "recording-picture", at: START, recordingId: id, isWritten, detail });
  const fault = (isActive: boolean, detail: string) => ({
    ...{ effects: [] },
    facts: [
      {
        ...{ type: "pillar-fault", at: START, pillarId: pillar(0), code: "picture-unrecorded" },
        ...{ isActive, detail },
      },
    ],
  });
  expect([said(true), said(false, "why", recordingId)]).toEqual([nothing, nothing]);
  expect(said(false, "w".repeat(301))).toEqual(fault(true, "w".repeat(300)));
  expect([said(false, "other"), said(true)]).toEqual([nothing, fault(false, "")]);
  expect(said(true)).toEqual(nothing);
  street.state.pillars.delete(pillar(0));
  expect(said(false)).toEqual(nothing);
});
