/**
 * The facts and effects of each order, compared completely, and the refusal of whoever may not give
 * it.
 */
import { describe, expect, test } from "vitest";
import type { Username } from "../../../../shared/ids.ts";
import type { OperatorOrder } from "../../../../hub/core/incident/kinds.ts";
import { MAX_NOTE_LENGTH, MAX_NOTES, MAX_UNITS } from "../../../../hub/core/incident/order.ts";
import {
  CHEN,
  hex,
  LI,
  newStreet,
  pillar,
  WANG,
  ZHAO,
  type Person,
  type Street,
} from "../../../kit/core/hub-core-street.ts";

/**
 * A street with one call, a function that gives orders, and others that build what they must cause.
 */
function called(kind: "voice" | "test" = "voice") {
  const street = newStreet();
  street.startMedia();
  street.alarm(0, { kind });
  const { id: incidentId, lastEventId: eventId } = street.only();
  const say = (person: Person, order: OperatorOrder) => street.order(person, incidentId, order);
  const base = (person: Person) => ({
    ...{ at: street.now(), incidentId, by: person.name, byName: person.name },
  });
  const told = (call: object) => ({
    type: "tell-pillar",
    pillarId: pillar(0),
    call: { v: 1, incidentId, eventId, ...call },
  });
  const due = () => ({
    ...{ type: "deadline-set", at: street.now(), incidentId, reason: "unacknowledged" },
    dueAt: street.now() + 10_000,
  });
  return { street, incidentId, say, base, told, due };
}
const refusal = (code: string, detail: string, by?: string) => ({
  facts: [],
  effects: [{ type: "refuse", code, detail, ...(by && { by }) }],
});
const nothing = { facts: [], effects: [] };
const talkers = (incidentId: string) => ({ type: "end-views", incidentId, who: "talkers" });
const TRANSFER: OperatorOrder = { name: "transfer", to: "li" as Username, toName: "l".repeat(70) };
const close = (note = ""): OperatorOrder => ({ name: "close", disposition: "resolved", note });

test("the limits are these, and a change of one is a decision", () => {
  expect([MAX_NOTES, MAX_UNITS, MAX_NOTE_LENGTH]).toEqual([200, 20, 2000]);
});

describe("an order is refused", () => {
  test("for an incident nobody knows", () => {
    const { street } = called();
    const order = { name: "answer" } as const;
    const detail = `no such incident, or closed before the latest 1000: ${hex(5)}`;
    expect(street.order(WANG, hex(5) as never, order)).toEqual(refusal("not-found", detail));
  });

  test.each(["technician", "admin"] as const)("from a %s, but for a test", (role) => {
    const person = { name: "zhao", role };
    const detail = `expected an operator or a supervisor, found a ${role}`;
    expect(called().say(person, { name: "acknowledge" })).toEqual(refusal("forbidden", detail));
    const { say, base } = called("test");
    expect(say(person, { name: "acknowledge" })).toEqual({
      facts: [{ type: "incident-acknowledged", ...base(person) }],
      effects: [],
    });
  });

  test("when somebody else was first, by name", () => {
    const { say } = called();
    say(WANG, { name: "acknowledge" });
    const first = refusal("conflict", "somebody else was first", "wang");
    for (const order of [
      { name: "acknowledge" },
      { name: "answer" },
      TRANSFER,
      close(),
      { name: "dispatch", unit: "car" },
    ] as const) {
      expect(say(LI, order)).toEqual(first);
    }
    expect(say(WANG, { name: "acknowledge" })).toEqual(nothing);
    expect(say(CHEN, { name: "acknowledge" })).toEqual(first);
    say(WANG, { name: "answer" });
    expect(say(LI, { name: "hold", held: true })).toEqual(first);
    expect(say(CHEN, { name: "hold", held: true })).toEqual(first);
  });

  test("when it needs an owner and has none", () => {
    const { say } = called();
    const taken = refusal("conflict", "acknowledge or answer the incident first");
    for (const order of [TRANSFER, close(), { name: "dispatch", unit: "car" }] as const) {
      expect(say(WANG, order)).toEqual(taken);
    }
    const held = refusal("conflict", "expected an answered call, found it open");
    expect(say(WANG, { name: "hold", held: true })).toEqual(held);
    expect(say(WANG, { name: "reopen" })).toEqual(nothing);
  });

  test("when a hand-over still rings: it has no owner yet", () => {
    const { say } = called();
    say(WANG, { name: "answer" });
    say(WANG, TRANSFER);
    expect(say(LI, close())).toEqual(
      refusal("conflict", "acknowledge or answer the incident first"),
    );
  });
});

describe("answering", () => {
  test("is one fact, and the pillar hears the name", () => {
    const { say, base, told } = called();
    expect(say(WANG, { name: "answer" })).toEqual({
      facts: [{ type: "incident-answered", ...base(WANG), from: null, fromName: null }],
      effects: [told({ status: "answered", by: "wang" })],
    });
    expect(say(WANG, { name: "answer" })).toEqual(nothing);
  });

  test("after acknowledging names nobody before", () => {
    const { say, base, told } = called();
    say(WANG, { name: "acknowledge" });
    expect(say(WANG, { name: "answer" })).toEqual({
      facts: [{ type: "incident-answered", ...base(WANG), from: null, fromName: null }],
      effects: [told({ status: "answered", by: "wang" })],
    });
  });

  test("by a supervisor takes over, and ends the talk of the one before", () => {
    const { say, base, told, incidentId } = called();
    say(WANG, { name: "answer" });
    expect(say(CHEN, { name: "answer" })).toEqual({
      facts: [{ type: "incident-answered", ...base(CHEN), from: "wang", fromName: "wang" }],
      effects: [told({ status: "answered", by: "chen" }), talkers(incidentId)],
    });
  });

  test("takes a held call back", () => {
    const { say, base, told } = called();
    say(WANG, { name: "answer" });
    const held = (isHeld: boolean) => ({ type: "incident-held", ...base(WANG), held: isHeld });
    expect(say(WANG, { name: "hold", held: false })).toEqual(nothing);
    expect(say(WANG, { name: "hold", held: true })).toEqual({
      facts: [held(true)],
      effects: [told({ status: "held", by: "wang" })],
    });
    expect(say(WANG, { name: "hold", held: true })).toEqual(nothing);
    expect(say(WANG, { name: "answer" })).toEqual({
      facts: [held(false)],
      effects: [told({ status: "answered", by: "wang" })],
    });
  });
});

describe("handing over", () => {
  test("rings for one, whose name is cut to 60 characters", () => {
    const { say, base, told, due, incidentId } = called();
    say(WANG, { name: "answer" });
    const toName = "l".repeat(60);
    expect(say(WANG, TRANSFER)).toEqual({
      facts: [{ type: "incident-transferred", ...base(WANG), to: "li", toName }, due()],
      effects: [told({ status: "ringing" }), talkers(incidentId)],
    });
  });

  test("to whoever has it is refused", () => {
    const { say } = called();
    say(WANG, { name: "answer" });
    const self = { name: "transfer", to: "wang" as Username, toName: "王" } as const;
    const detail = "王 has this incident already";
    expect(say(WANG, self)).toEqual(refusal("bad-request", detail));
    expect(say(CHEN, self)).toEqual(refusal("bad-request", detail));
  });
});

describe("units and notes", () => {
  test("are written down, a unit's name up to 60 characters, a note up to 2000", () => {
    const { say, base } = called();
    say(WANG, { name: "answer" });
    const unit = "u".repeat(60);
    expect(say(WANG, { name: "dispatch", unit: `${unit}u` })).toEqual({
      facts: [{ type: "unit-dispatched", ...base(WANG), unit }],
      effects: [],
    });
    const text = "n".repeat(2000);
    expect(say(LI, { name: "note", text })).toEqual({
      facts: [{ type: "incident-noted", ...base(LI), text }],
      effects: [],
    });
    const long = refusal("bad-request", "expected at most 2000 characters");
    expect(say(LI, { name: "note", text: `${text}n` })).toEqual(long);
    expect(say(WANG, close(`${text}n`))).toEqual(long);
    expect(say(WANG, close(text)).facts).toHaveLength(1);
  });

  test("end at their limits", () => {
    const { say } = called();
    say(WANG, { name: "answer" });
    for (let n = 0; n < 20; n++) {
      expect(say(WANG, { name: "dispatch", unit: "u" }).facts).toHaveLength(1);
    }
    const units = "expected at most 20 units for one incident";
    expect(say(WANG, { name: "dispatch", unit: "u" })).toEqual(refusal("bad-request", units));
    for (let n = 0; n < 200; n++) {
      expect(say(WANG, { name: "note", text: "n" }).facts).toHaveLength(1);
    }
    const notes = "expected at most 200 notes for one incident";
    expect(say(WANG, { name: "note", text: "n" })).toEqual(refusal("bad-request", notes));
  });
});

const restart = (street: Street) => street.only().recordingId;

describe("closing and opening again", () => {
  test("ends views and the recording, and begins another", () => {
    const { street, say, base, told, due, incidentId } = called();
    say(WANG, { name: "answer" });
    const recordingId = restart(street);
    expect(recordingId).not.toBeNull();
    expect(say(WANG, close("well"))).toEqual({
      facts: [{ type: "incident-closed", ...base(WANG), disposition: "resolved", note: "well" }],
      effects: [
        told({ status: "ended" }),
        { type: "end-views", incidentId, who: "all" },
        { type: "stop-recording", recordingId, pillarId: pillar(0) },
      ],
    });
    const fresh = { recordingId: expect.any(String) as string, incidentId, pillarId: pillar(0) };
    expect(say(LI, { name: "reopen" })).toEqual({
      facts: [
        { type: "incident-reopened", ...base(LI) },
        due(),
        { type: "recording-started", at: street.now(), ...fresh },
      ],
      effects: [
        told({ status: "ringing" }),
        { type: "review-views", pillarId: pillar(0) },
        { type: "start-recording", ...fresh, isCallRunning: false },
      ],
    });
  });

  test("of one that is not recorded stops no recording", () => {
    const { say, told, incidentId } = called("test");
    expect(say(ZHAO, close()).effects).toEqual([
      told({ status: "ended" }),
      { type: "end-views", incidentId, who: "all" },
    ]);
  });

  test("again is nothing when the same person says the same, and a conflict otherwise", () => {
    const { say, base } = called();
    say(WANG, { name: "answer" });
    say(WANG, close());
    const conflict = refusal("conflict", "the incident is closed; reopen it first", "wang");
    expect(say(WANG, close())).toEqual(nothing);
    expect(say(LI, close())).toEqual(conflict);
    expect(say(WANG, { name: "close", disposition: "false-press", note: "" })).toEqual(conflict);
    expect(say(WANG, { name: "answer" })).toEqual(conflict);
    expect(say(LI, { name: "note", text: "late" }).facts).toEqual([
      { type: "incident-noted", ...base(LI), text: "late" },
    ]);
  });

  test("is refused while the pillar has a newer one", () => {
    const { street, say } = called();
    say(WANG, { name: "answer" });
    say(WANG, close());
    street.alarm(0, { seq: 2 });
    const detail = "the pillar has a newer open incident; work on that one";
    expect(say(WANG, { name: "reopen" })).toEqual(refusal("conflict", detail));
  });
});
