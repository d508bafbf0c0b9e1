/** An alarm as it arrives at the hub: refused in words, or the event that it becomes. */
import { expect, test } from "vitest";
import { alarmEvent, whyRefused } from "../../../../hub/core/incident/arrival.ts";
import { linkHash } from "../../../../shared/hash-chain.ts";
import type { IncidentId, RecordingId, Sha256 } from "../../../../shared/ids.ts";
import { hex, newAlarm, newStreet, pillar } from "../../../kit/core/hub-core-street.ts";

const PILLAR = pillar(0);
const good = (): boolean => true;
const arrivalOf = (alarm = newAlarm(PILLAR), pillarId = PILLAR) =>
  ({ pillarId, alarm, via: "mqtt" }) as const;

test("an alarm is taken of a pillar that the hub knows, under its own name and with its own key", () => {
  const { state } = newStreet();
  const { alarmPublicKey } = state.pillars.get(PILLAR)!;
  const keys: string[] = [];
  const verify = (key: string) => keys.push(key) > 0;
  expect(whyRefused(state, arrivalOf(), verify)).toBeUndefined();
  expect(keys).toEqual([alarmPublicKey]);
});

test.each([
  ["expected an alarm of pillar-0, found one of pillar-1", arrivalOf(newAlarm(pillar(1))), good],
  [
    "the signature of pillar-0 does not fit its alarm key; enrol it again",
    arrivalOf(),
    () => false,
  ],
  [/stranger/, arrivalOf(newAlarm("stranger" as never), "stranger" as never), good],
])("an alarm is refused: %s", (reason, arrival, verify) => {
  expect(whyRefused(newStreet().state, arrival, verify)).toMatch(reason);
});

test("an alarm becomes an event with its link in the chain, and with what the journal was asked", () => {
  const digest = (text: string) => `digest of ${text}` as Sha256;
  const ids = { newIncidentId: hex(1) as IncidentId, newRecordingId: hex(2) as RecordingId };
  const arrival = arrivalOf();
  const { event } = arrival.alarm;
  const expected = {
    ...{ type: "alarm", ...arrival, ...ids, at: 5 },
    hash: linkHash(digest, event.prevHash, event),
  };
  const given = { ...ids, at: 5, digest };
  expect(alarmEvent(arrival, { ...given, recorded: undefined })).toEqual(expected);
  expect(alarmEvent(arrival, { ...given, recorded: [] })).toEqual({ ...expected, recorded: [] });
});
