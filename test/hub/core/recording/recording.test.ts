import { describe, expect, test } from "vitest";
import { mediaOf } from "../../../../hub/core/media-of.ts";
import { MAX_RECORDINGS, runningIn, unrecorded } from "../../../../hub/core/recording/recording.ts";
import { MediaId } from "../../../../shared/ids.ts";
import {
  CHEN,
  hex,
  newStreet,
  pillar,
  types,
  type Street,
} from "../../../kit/core/hub-core-street.ts";

const MEDIA = MediaId.parse(1);
const ended = (recordingId: never, at: number) =>
  ({ type: "recording-ended", at, recordingId, state: "closed", durationMs: 9, bytes: 9 }) as const;

test("without a media process an alarm rings unrecorded, and is recorded when media comes", () => {
  const street = newStreet();
  expect(types(street.alarm(0).effects)).toEqual(["accept", "tell-pillar", "review-views"]);
  expect(street.startMedia().effects).toMatchObject([
    { type: "start-recording", isCallRunning: true },
  ]);
  expect(unrecorded(street.state, MEDIA)).toEqual([]);
});

test("a recording that broke off leaves its incident to be recorded again", () => {
  const street = newStreet();
  street.startMedia();
  street.alarm(0);
  street.tell(ended(street.only().recordingId as never, street.now()));
  expect(unrecorded(street.state, MEDIA)).toHaveLength(1);
  expect(types(street.startMedia().facts)).toEqual(["recording-started"]);
});

test("a recording that ends after its incident, and twice, is recorded once", () => {
  const street = newStreet();
  street.startMedia();
  street.alarm(0);
  const { id, recordingId } = street.only();
  street.order(CHEN, id, { name: "close", disposition: "resolved", note: "" });
  expect(types(street.tell(ended(recordingId as never, street.now())).facts)).toEqual([
    "recording-ended",
  ]);
  expect(street.tell(ended(recordingId as never, street.now())).facts).toEqual([]);
  expect(unrecorded(street.state, MEDIA)).toEqual([]);
});

test("beyond what the recorder can do an incident rings unrecorded, costs the journal nothing, and is recorded when one ends", () => {
  const more = 3;
  const street = newStreet({ pillars: MAX_RECORDINGS + more });
  street.startMedia();
  const started = Array.from(
    { length: MAX_RECORDINGS + more },
    (_, n) => types(street.alarm(n).facts).filter((type) => type === "recording-started").length,
  );
  expect(started.filter((count) => count === 1)).toHaveLength(MAX_RECORDINGS);
  expect(unrecorded(street.state, MEDIA)).toHaveLength(more);
  expect(street.startMedia().facts).toEqual([]);
  const [running] = street.state.recordings.keys();
  street.tell(ended(running as never, street.now()));
  expect(types(street.startMedia().facts)).toEqual(["recording-started"]);
});

describe("of two media processes", () => {
  const [FIRST, SECOND] = [1, 2].map((n) => MediaId.parse(n)) as [MediaId, MediaId];
  const two = { pillars: 2 * MAX_RECORDINGS + 40, settings: { mediaProcesses: 2 } };
  const of = (mediaId: MediaId, count: number): number[] =>
    Array.from({ length: two.pillars }, (_, n) => n)
      .filter((n) => mediaOf(pillar(n), 2) === mediaId)
      .slice(0, count);
  const end = (street: Street, mediaId: MediaId) =>
    street.tell({ type: "media-ended", at: street.now(), mediaId });

  test("the one that is up records its pillars, and no others", () => {
    const street = newStreet(two);
    for (const n of [...of(FIRST, 2), ...of(SECOND, 2)]) street.alarm(n);
    const { effects } = street.startMedia(10, SECOND);
    expect(effects.map((effect) => "pillarId" in effect && effect.pillarId)).toEqual(
      of(SECOND, 2).map(pillar),
    );
    expect(unrecorded(street.state, FIRST)).toHaveLength(2);
    expect(unrecorded(street.state, SECOND)).toEqual([]);
  });

  test("while one is away its pillars ring unrecorded, and those of the other are recorded", () => {
    const street = newStreet(two);
    street.startMedia(10, FIRST);
    street.startMedia(10, SECOND);
    expect(end(street, FIRST)).toEqual({ facts: [], effects: [] });
    const started = (n: number) => types(street.alarm(n).effects).includes("start-recording");
    expect(of(FIRST, 2).map(started)).toEqual([false, false]);
    expect(of(SECOND, 2).map(started)).toEqual([true, true]);
    expect(types(street.startMedia(10, FIRST).facts)).toEqual([
      "recording-started",
      "recording-started",
    ]);
  });

  test("each has room of its own", () => {
    const street = newStreet(two);
    street.startMedia(0, FIRST);
    street.startMedia(0, SECOND);
    for (const n of of(FIRST, MAX_RECORDINGS + 5)) street.alarm(n);
    expect(runningIn(street.state, FIRST)).toHaveLength(MAX_RECORDINGS);
    for (const n of of(SECOND, 5)) street.alarm(n);
    expect(runningIn(street.state, SECOND)).toHaveLength(5);
  });
});

describe("a picture that comes and cannot be written", () => {
  const picture = (street: Street, isWritten: boolean, detail = "no parameter sets") =>
    street.tell({
      type: "recording-picture",
      at: street.now(),
      recordingId: street.only().recordingId as never,
      isWritten,
      detail,
    }).facts;
  const called = (): Street => {
    const street = newStreet();
    street.startMedia();
    street.alarm(0);
    return street;
  };

  test("is the pillar's fault while the call runs, told once, with words a technician can use", () => {
    const street = called();
    expect(picture(street, false, "x".repeat(1000))).toEqual([
      {
        type: "pillar-fault",
        at: street.now(),
        pillarId: pillar(0),
        code: "picture-unrecorded",
        isActive: true,
        detail: "x".repeat(300),
      },
    ]);
    expect(street.state.pillars.get(pillar(0))?.faults).toEqual(["picture-unrecorded"]);
    expect(picture(street, false)).toEqual([]);
  });

  test("stays a fault when the pillar's heartbeat does not list it, and ends when a picture is written", () => {
    const street = called();
    picture(street, false);
    street.heartbeat(0);
    expect(street.state.pillars.get(pillar(0))?.faults).toEqual(["picture-unrecorded"]);
    expect(picture(street, true)).toMatchObject([{ isActive: false }]);
    expect(street.state.pillars.get(pillar(0))?.faults).toEqual([]);
    expect(picture(street, true)).toEqual([]);
  });

  test("of a recording nobody knows is nothing", () => {
    const street = newStreet();
    const unknown = { recordingId: hex(1) as never, isWritten: false, detail: "" };
    expect(street.tell({ type: "recording-picture", at: street.now(), ...unknown }).facts).toEqual(
      [],
    );
  });
});
