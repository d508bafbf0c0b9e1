import { describe, expect, test } from "vitest";
import { MAX_RECORDINGS, unrecorded } from "../../../../hub/core/recording/recording.ts";
import {
  CHEN,
  hex,
  newStreet,
  pillar,
  types,
  type Street,
} from "../../../kit/core/hub-core-street.ts";

const ended = (recordingId: never, at: number) =>
  ({ type: "recording-ended", at, recordingId, state: "closed", durationMs: 9, bytes: 9 }) as const;

test("without a media process an alarm rings unrecorded, and is recorded when media comes", () => {
  const street = newStreet();
  expect(types(street.alarm(0).effects)).toEqual(["accept", "tell-pillar"]);
  expect(street.startMedia().effects).toMatchObject([
    { type: "start-recording", isCallRunning: true },
  ]);
  expect(unrecorded(street.state.incidents)).toEqual([]);
});

test("a recording that broke off leaves its incident to be recorded again", () => {
  const street = newStreet();
  street.startMedia();
  street.alarm(0);
  street.tell(ended(street.only().recordingId as never, street.now()));
  expect(unrecorded(street.state.incidents)).toHaveLength(1);
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
  expect(unrecorded(street.state.incidents)).toEqual([]);
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
  expect(unrecorded(street.state.incidents)).toHaveLength(more);
  expect(street.startMedia().facts).toEqual([]);
  const [running] = street.state.recordings.keys();
  street.tell(ended(running as never, street.now()));
  expect(types(street.startMedia().facts)).toEqual(["recording-started"]);
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
