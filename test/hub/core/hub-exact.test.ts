/**
 * What the core does with events and facts beyond its parts: complete decisions, and where records
 * are kept.
 */
import { describe, expect, test } from "vitest";
import { evolve, unattended } from "../../../hub/core/hub.ts";
import type { Fact } from "../../../hub/core/facts.ts";
import type { IncidentId, RecordingId, Username } from "../../../shared/ids.ts";
import {
  FAR_AHEAD,
  CHEN,
  hex,
  newHeartbeat,
  newStreet,
  pillar,
  START,
  WANG,
  type Street,
} from "../../kit/core/hub-core-street.ts";

const PILLAR = pillar(0);
const nothing = { facts: [], effects: [] };
const CLOSE = { name: "close", disposition: "resolved", note: "" } as const;
const UNKNOWN = hex(77) as IncidentId;

describe("a fact of an incident that the core has forgotten", () => {
  const recording = { recordingId: hex(5) as RecordingId, reason: "age", startedAt: 1, bytes: 2 };
  const person = { by: "wang" as Username, byName: "wang" };
  test.each([
    { type: "recording-deleted", ...recording },
    { type: "incident-locked", ...person, reason: "court" },
    { type: "incident-unlocked", ...person, reason: "over" },
    { type: "view-closed", ...person, viewId: "1" },
    { type: "external-delivered", ring: 1, target: "t", attempt: 1 },
    { type: "external-failed", ring: 1, target: "t", attempt: 1, detail: "" },
    { type: "external-gone", ring: 1, target: "t", attempt: 1 },
  ])("of the type $type makes none of it", (fact) => {
    const { state } = newStreet();
    evolve(state, { at: START, incidentId: UNKNOWN, ...fact } as unknown as Fact, 9);
    expect([state.incidents.size, state.closed.size, state.openByKey.size]).toEqual([0, 0, 0]);
  });

  test("whose recording ends later is not opened by that", () => {
    const street = newStreet();
    street.startMedia();
    street.alarm(0);
    const { id, recordingId } = street.only();
    street.order(CHEN, id, CLOSE);
    street.state.closed.clear();
    const ended = { state: "closed", durationMs: 1, bytes: 1, recordingId: recordingId! } as const;
    const { facts } = street.tell({ type: "recording-ended", at: START, ...ended });
    expect(facts).toHaveLength(1);
    expect([street.state.recordings.size, street.state.closed.size]).toEqual([0, 0]);
  });

  test("that changes it is a journal that cannot be read, in words", () => {
    const fact = { type: "incident-noted", at: START, incidentId: UNKNOWN, ...person, text: "" };
    expect(() => evolve(newStreet().state, fact as Fact, 9)).toThrow(
      `incident-noted for incident ${UNKNOWN}, which was never opened`,
    );
  });

  test("that was sealed or read is passed over", () => {
    const street = newStreet();
    const before = street.refolded();
    for (const type of ["fact-sealed", "records-read", "sign-in-refused", "command-sent"]) {
      street.record({ type, at: START } as unknown as Fact);
    }
    expect(street.refolded()).toBe(before);
  });
});

describe("an incident", () => {
  const closeOnly = (street: Street) => street.order(CHEN, street.only().id, CLOSE);
  test("is open under its key until it is closed, and again when it is opened again", () => {
    const street = newStreet();
    street.alarm(0);
    const { id } = street.only();
    const places = () => [
      [...street.state.incidents.keys()],
      [...street.state.closed.keys()],
      [...street.state.openByKey],
    ];
    expect(places()).toEqual([[id], [], [[PILLAR, id]]]);
    closeOnly(street);
    expect(places()).toEqual([[], [id], []]);
    street.order(CHEN, id, { name: "reopen" });
    expect(places()).toEqual([[id], [], [[PILLAR, id]]]);
  });

  test("that is noted after its end leaves the key to the one that came after it", () => {
    const street = newStreet();
    street.alarm(0);
    const { id } = street.only();
    closeOnly(street);
    street.alarm(0, { seq: 2 });
    const [second] = street.state.incidents.keys();
    street.order(WANG, id, { name: "note", text: "late" });
    expect([...street.state.openByKey]).toEqual([[PILLAR, second]]);
    expect([...street.state.closed.keys()]).toEqual([id]);
    expect(street.state.closed.get(id)?.notes).toBe(1);
  });

  test("is unattended without owner and deadline, or with an owner who has not taken it", () => {
    const street = newStreet();
    street.alarm(0);
    const { state } = street;
    const incident = street.only();
    const checked = (change: object) => {
      state.incidents.set(incident.id, { ...incident, ...change });
      return unattended(state);
    };
    const owner = "wang" as Username;
    expect([checked({}), checked({ deadline: null })]).toEqual([[], [incident.id]]);
    expect(checked({ deadline: null, owner })).toEqual([incident.id]);
    expect(checked({ deadline: null, owner, state: "answered" })).toEqual([]);
    expect(checked({ deadline: null, state: "answered" })).toEqual([incident.id]);
  });
});

describe("a heartbeat", () => {
  const tell = (incidentId: string, eventId: string, status: string) => ({
    ...{ type: "tell-pillar", pillarId: PILLAR },
    call: { v: 1, incidentId, eventId, status },
  });
  test("of a pillar that has called hears of its call, also when the hub has forgotten that", () => {
    const street = newStreet();
    street.alarm(0);
    const { id } = street.only();
    const call = (status: string) => tell(id, hex(1), status);
    expect(street.heartbeat(0, { seq: 1 }).effects).toEqual([call("ringing")]);
    street.order(CHEN, id, CLOSE);
    street.connect(0);
    expect(street.heartbeat(0, { seq: 1 }).effects).toEqual([call("ended")]);
    street.state.closed.clear();
    expect(street.connect(0).effects).toEqual([call("ended")]);
  });

  test("asks for what is missing, by boot and session", () => {
    const street = newStreet();
    const { bootEpoch, sessionNonce } = newHeartbeat();
    const ask = { type: "ask-resend", pillarId: PILLAR, fromSeq: 1, bootEpoch, sessionNonce };
    expect(street.heartbeat(0, { seq: 2 }).effects).toEqual([ask]);
    expect(street.heartbeat(0, { seq: 2 }).effects).toEqual([]);
  });

  test("is online, and a pillar that only reports is told nothing", () => {
    const street = newStreet();
    const online = { type: "presence-changed", at: START, pillarId: PILLAR, presence: "online" };
    const started = { type: "pillar-started", at: START, pillarId: PILLAR };
    expect(street.heartbeat(0)).toEqual({
      facts: [{ ...started, bootEpoch: 1, release: "0.1.0" }, online],
      effects: [],
    });
    expect(newStreet().connect(0)).toEqual({ facts: [online], effects: [] });
    expect(street.disconnect(0)).toEqual(nothing);
    expect(street.connectConsole(WANG)).toEqual(nothing);
    expect(street.seeConsole(WANG)).toEqual(nothing);
  });
});

test("a pillar that is enrolled has a mark of its own, and only then", () => {
  const street = newStreet({ pillars: 0 });
  const place = { name: "n", grid: "g", address: "", position: null };
  street.record({ type: "pillar-registered", at: START, pillarId: PILLAR, ...place });
  expect(street.state.marks.size).toBe(0);
  const keys = { certificateSerial: "1", alarmPublicKey: "key", certificateExpiresAt: FAR_AHEAD };
  street.record({ type: "pillar-enrolled", at: START, pillarId: PILLAR, ...keys });
  expect(street.state.marks.get(PILLAR)).toMatchObject({ enrolments: 1, since: 2 });
});

test("a grid is lost and back as its facts say", () => {
  const { state } = newStreet();
  evolve(state, { type: "grid-lost", at: START, grid: "g", count: 4 }, 9);
  expect([...state.lostGrids]).toEqual([["g", 4]]);
  evolve(state, { type: "grid-back", at: START, grid: "g", count: 4 }, 10);
  expect([...state.lostGrids]).toEqual([]);
});
