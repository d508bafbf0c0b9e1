import { expect, test } from "vitest";
import { MAX_RECORDINGS, unrecorded } from "../../../hub/core/recording.ts";
import { CHEN, newStreet, types } from "./street.ts";

const ended = (recordingId: never, at: number) =>
  ({ type: "recording-ended", at, recordingId, state: "closed", durationMs: 9, bytes: 9 }) as const;

test("without a media process an alarm rings unrecorded, and is recorded when media comes", () => {
  const street = newStreet();
  expect(types(street.alarm(0).effects)).toEqual(["accept", "tell-pillar"]);
  expect(types(street.startMedia().effects)).toEqual(["start-recording"]);
  expect(unrecorded(street.state)).toEqual([]);
});

test("a recording that broke off leaves its incident to be recorded again", () => {
  const street = newStreet();
  street.startMedia();
  street.alarm(0);
  street.tell(ended(street.only().recordingId as never, street.now()));
  expect(unrecorded(street.state)).toHaveLength(1);
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
  expect(unrecorded(street.state)).toEqual([]);
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
  expect(unrecorded(street.state)).toHaveLength(more);
  expect(street.startMedia().facts).toEqual([]);
  const [running] = street.state.recordings.keys();
  street.tell(ended(running as never, street.now()));
  expect(types(street.startMedia().facts)).toEqual(["recording-started"]);
});
