import { expect, test } from "vitest";
import { EventId, IncidentId, PillarId } from "../../../shared/ids.ts";
import type { PressRecord } from "../../../simulator/load/fleet.ts";
import {
  isExactlyOnce,
  judgePresses,
  type JournalledAlarm,
} from "../../../simulator/load/press-verdict.ts";

const eventId = (number: number): EventId => EventId.parse(String(number).padStart(32, "0"));

const press = (number: number, more: Partial<PressRecord> = {}): PressRecord => ({
  pillarId: PillarId.parse(`load-${number}`),
  eventId: eventId(number),
  pressedAt: 1000 + number,
  acceptedAt: 1100 + number,
  ...more,
});

const held = (number: number, incident = number): JournalledAlarm => ({
  eventId: eventId(number),
  incidentId: IncidentId.parse(String(incident).padStart(32, "a")),
});

test("presses that the journal holds once, with a receipt each, are exactly once", () => {
  const verdict = judgePresses([press(1), press(2)], [held(1), held(2)]);
  expect(verdict).toMatchObject({ pressed: 2, accepted: 2, incidents: 2, tailMs: 100 });
  expect(verdict.waitsMs).toEqual([100, 100]);
  expect(isExactlyOnce(verdict)).toBe(true);
});

test("a press that the journal does not hold is lost, and its receipt was false", () => {
  const verdict = judgePresses([press(1), press(2)], [held(1)]);
  expect(verdict.lost).toEqual([eventId(2)]);
  expect(verdict.falselyAccepted).toEqual([eventId(2)]);
  expect(isExactlyOnce(verdict)).toBe(false);
});

test("an alarm that the journal holds twice is doubled", () => {
  const verdict = judgePresses([press(1)], [held(1), held(1, 2)]);
  expect(verdict.doubled).toEqual([eventId(1)]);
  expect(verdict.incidents).toBe(2);
  expect(isExactlyOnce(verdict)).toBe(false);
});

test("an alarm that nobody pressed is foreign", () => {
  const verdict = judgePresses([press(1)], [held(1), held(2)]);
  expect(verdict.foreign).toEqual([eventId(2)]);
  expect(isExactlyOnce(verdict)).toBe(false);
});

test("while a receipt is missing there is no time of the last one", () => {
  const verdict = judgePresses([press(1), press(2, { acceptedAt: null })], [held(1), held(2)]);
  expect(verdict).toMatchObject({ accepted: 1, tailMs: Number.NaN });
  expect(judgePresses([], []).tailMs).toBeNaN();
});
