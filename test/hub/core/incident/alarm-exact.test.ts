/**
 * The facts and effects of an alarm, compared completely: the first, the next one, a repetition,
 * and another alarm with the same number.
 */
import { describe, expect, test } from "vitest";
import type { HubEffect } from "../../../../hub/core/events.ts";
import type { AlarmKind } from "../../../../shared/protocol/alarm.ts";
import {
  CHEN,
  hashOf,
  hex,
  newAlarm,
  newStreet,
  pillar,
  START,
  WANG,
  type AlarmDetails,
  type Street,
} from "../../../kit/core/hub-core-street.ts";

const PILLAR = pillar(0);
const CLOSE = { name: "close", disposition: "resolved", note: "" } as const;
const INCIDENT = hex(1_000_000);

const recorded = (details: AlarmDetails, incidentId: string, more: object = {}) => {
  const { event, sig } = newAlarm(PILLAR, details);
  return {
    ...{ type: "alarm-recorded", at: START, incidentId, isVerified: true, event, sig },
    ...{ via: "mqtt", pressedAt: START - 100, hash: hashOf(details) },
    ...more,
  };
};
const opened = (kind: AlarmKind, priority: number, more: object = {}) => ({
  ...{ type: "incident-opened", at: START, incidentId: INCIDENT, pillarId: PILLAR, kind, priority },
  ...(kind === "silent"
    ? { rules: ["kind", "silent"], reason: "silent" }
    : { rules: ["kind"], reason: "kind" }),
  ...{ eventId: hex(1), pressedAt: START - 100, text: null, isVerified: true },
  ...more,
});
const rung = {
  ...{ type: "deadline-set", at: START, incidentId: INCIDENT, reason: "unacknowledged" },
  dueAt: START + 10_000,
};
const accept = (seq: number, more: object = {}) => ({
  ...{ type: "accept", pillarId: PILLAR, eventId: hex(seq), seq, incidentId: INCIDENT },
  isOver: false,
  ...more,
});
const tell = (eventId: number, status: string, more: object = {}) => ({
  ...{ type: "tell-pillar", pillarId: PILLAR },
  call: { v: 1, incidentId: INCIDENT, eventId: hex(eventId), status, ...more },
});

describe("the first alarm", () => {
  test.each([
    ["voice", 2],
    ["silent", 1],
    ["text", 2],
  ] as const)(
    "of kind %s opens an incident of priority %i, rings and is recorded",
    (kind, priority) => {
      const street = newStreet();
      street.startMedia();
      const subject = { recordingId: hex(1_000_011), incidentId: hex(1_000_010), pillarId: PILLAR };
      const { facts, effects } = street.alarm(0, { kind });
      const incidentId = subject.incidentId;
      expect(facts).toEqual([
        recorded({ kind }, incidentId),
        opened(kind, priority, { incidentId }),
        { ...rung, incidentId },
        { type: "recording-started", at: START, ...subject },
      ]);
      expect(effects).toEqual([
        accept(1, { incidentId }),
        { ...tell(1, "ringing"), call: { v: 1, incidentId, eventId: hex(1), status: "ringing" } },
        { type: "review-views", pillarId: PILLAR },
        { type: "start-recording", ...subject, isCallRunning: false },
      ]);
    },
  );

  test("with words keeps them; a test has priority 4 and no recording", () => {
    expect(newStreet().alarm(0, { kind: "text", text: "two" }).facts[1]).toEqual(
      opened("text", 2, { text: "two" }),
    );
    const street = newStreet();
    street.startMedia(0);
    expect(street.alarm(0, { kind: "test" }).facts).toEqual([
      ...[recorded({ kind: "test" }, INCIDENT), opened("test", 4), rung],
    ]);
  });

  test("of an impossible age, or by HTTPS, says so", () => {
    const ageMs = Number.MAX_SAFE_INTEGER;
    expect(newStreet().alarm(0, { ageMs }).facts[0]).toEqual(
      recorded({ ageMs }, INCIDENT, { pressedAt: START, doubt: "age", ageMs }),
    );
    expect(newStreet().alarm(0, {}, { via: "https" }).facts[0]).toEqual(
      recorded({}, INCIDENT, { via: "https" }),
    );
  });

  test("of a pillar in doubt rings, not verified, until one that is beyond doubt joins", () => {
    const street = newStreet();
    const record = street.state.pillars.get(PILLAR)!;
    street.state.pillars.set(PILLAR, { ...record, isCertificateOver: true });
    expect(street.alarm(0).facts.slice(0, 2)).toEqual([
      recorded({}, INCIDENT, { isVerified: false }),
      opened("voice", 2, { isVerified: false }),
    ]);
    street.state.pillars.set(PILLAR, record);
    street.alarm(0, { seq: 2 });
    expect(street.only().isVerified).toBe(true);
  });
});

describe("the next alarm of an open call", () => {
  const joined = (seq: number, kind: AlarmKind, more: object = {}) => ({
    ...{ type: "incident-joined", at: START, incidentId: INCIDENT, eventId: hex(seq) },
    ...{ kind, priority: 2, rules: [], text: null, isVerified: true },
    ...more,
  });

  test("joins it, and the pillar hears how it stands", () => {
    const street = newStreet();
    street.alarm(0);
    street.order(WANG, street.only().id, { name: "answer" });
    expect(street.alarm(0, { seq: 2, kind: "text", text: "two" })).toEqual({
      facts: [
        recorded({ seq: 2, kind: "text", text: "two" }, INCIDENT),
        joined(2, "voice", { text: "two" }),
      ],
      effects: [accept(2), tell(2, "answered", { by: "wang" })],
    });
  });

  test("that is silent ends the voices of it, once", () => {
    const street = newStreet();
    street.alarm(0);
    const silent = { priority: 1, rules: ["silent"], reason: "silent" };
    const hush = { type: "end-views", incidentId: INCIDENT, who: "talkers" };
    expect(street.alarm(0, { seq: 2, kind: "silent" })).toEqual({
      facts: [recorded({ seq: 2, kind: "silent" }, INCIDENT), joined(2, "silent", silent)],
      effects: [accept(2), hush, tell(2, "ringing", { isSilent: true })],
    });
    expect(street.alarm(0, { seq: 3, kind: "silent" }).effects).toEqual([
      ...[accept(3), tell(3, "ringing", { isSilent: true })],
    ]);
  });
});

describe("the same alarm again", () => {
  const again = (street: Street, seq = 1): readonly HubEffect[] => {
    const { facts, effects } = street.alarm(0, { seq });
    expect(facts).toEqual([]);
    return effects;
  };
  test("gets its receipt, and the newest hears how the call stands", () => {
    const street = newStreet();
    street.alarm(0);
    expect(again(street)).toEqual([accept(1, { index: 3 }), tell(1, "ringing")]);
    street.alarm(0, { seq: 2 });
    expect(again(street)).toEqual([accept(1, { index: 3 })]);
    expect(again(street, 2)).toEqual([accept(2, { index: 6 }), tell(2, "ringing")]);
  });

  test("of a call that is over hears so, whichever it is, also when the hub has forgotten the call", () => {
    const street = newStreet();
    street.alarm(0);
    street.alarm(0, { seq: 2 });
    street.order(CHEN, street.only().id, CLOSE);
    expect(again(street)).toEqual([accept(1, { index: 3, isOver: true })]);
    expect(again(street, 2)).toEqual([accept(2, { index: 6, isOver: true })]);
    street.state.closed.clear();
    expect(again(street)).toEqual([accept(1, { index: 3, isOver: true })]);
  });
});

describe("an alarm of a newer pillar", () => {
  const newer = (street: Street, change: object) => {
    const alarm = newAlarm(PILLAR);
    const event = { ...alarm.event, ...change };
    return street.alarm(0, {}, { alarm: { ...alarm, event } }).facts.slice(3);
  };
  const fault = (detail: string) => ({
    ...{ type: "pillar-fault", isActive: true, at: START, pillarId: PILLAR },
    ...{ code: "protocol-newer", detail },
  });
  test("is a fault in words, once", () => {
    const street = newStreet();
    const words = 'expected protocol 1, found 2 (kind "voice"); update this hub';
    expect(newer(street, { v: 2 })).toEqual([fault(words)]);
    expect(street.alarm(0, { seq: 2 }).facts).toHaveLength(2);
    expect(newer(newStreet(), { kind: "gesture" })).toEqual([
      fault('expected protocol 1, found 1 (kind "gesture"); update this hub'),
    ]);
  });
  test("that is known to be newer, or is not known at all, is none", () => {
    const street = newStreet();
    street.record(fault("") as never);
    expect(newer(street, { v: 2 })).toEqual([]);
    street.state.pillars.delete(PILLAR);
    expect(newer(newStreet(), {})).toEqual([]);
  });
});

describe("another alarm under a number that is held", () => {
  const rivals = `(${hex(1)} and ${hex(9)}); both are kept`;
  const fork = {
    ...{ type: "pillar-fault", isActive: true, at: START, pillarId: PILLAR, code: "ledger-forked" },
    detail: `expected one alarm under number 1, found two ${rivals}; inspect and enrol again`,
  };
  const equivocation = (incidentId: string, eventId: string, earlierEventId: string) => ({
    ...{ type: "alarm-equivocation", at: START, incidentId, pillarId: PILLAR, eventId, seq: 1 },
    earlierEventId,
  });
  test("is evidence beside the open incident it joins, and a fault, once", () => {
    const street = newStreet();
    street.alarm(0);
    expect(street.alarm(0, { seq: 1, eventId: 9 }).facts.slice(2)).toEqual([
      ...[equivocation(INCIDENT, hex(9), hex(1)), fork],
    ]);
    expect(street.alarm(0, { seq: 1, eventId: 8 }).facts.slice(2)).toEqual([
      equivocation(INCIDENT, hex(8), hex(9)),
    ]);
  });
  test("is evidence beside the incident it opens when none is open", () => {
    const street = newStreet();
    street.alarm(0);
    street.order(CHEN, street.only().id, CLOSE);
    const { facts } = street.alarm(0, { seq: 1, eventId: 9 });
    const incidentId = [...street.state.incidents.keys()][0]!;
    expect(incidentId).not.toBe(INCIDENT);
    expect(facts.slice(3)).toEqual([equivocation(incidentId, hex(9), hex(1)), fork]);
  });
});
