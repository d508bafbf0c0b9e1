/** The record of an incident, field by field, after each fact of it. */
import { describe, expect, test } from "vitest";
import type { EventId, IncidentId, RecordingId, Username } from "../../../../shared/ids.ts";
import type { IncidentFact } from "../../../../hub/core/facts.ts";
import { callOf, evolveIncident } from "../../../../hub/core/incident/incident.ts";
import type { IncidentRecord } from "../../../../hub/core/state/incident-record.ts";
import { hex, pillar } from "../../../kit/core/hub-core-street.ts";

const incidentId = hex(1) as IncidentId;
const eventId = hex(2) as EventId;
const recordingId = hex(3) as RecordingId;
const WANG = { by: "wang" as Username, byName: "王" };
const LI = { by: "li" as Username, byName: "李" };

const OPENED: IncidentFact = {
  ...{ type: "incident-opened", at: 1000, incidentId, pillarId: pillar(1), kind: "voice" },
  ...{ priority: 2, rules: ["kind"], reason: "kind", eventId, pressedAt: 900, text: null },
};
const NEW: IncidentRecord = {
  ...{ id: incidentId, pillarId: pillar(1), kind: "voice", state: "open", priority: 2 },
  ...{ priorityReason: { kind: "rule", rule: "kind" }, rules: ["kind"] },
  ...{ pressedAt: 900, openedAt: 1000, acknowledgedAt: null, answeredAt: null, closedAt: null },
  ...{ owner: null, ownerName: null, closedByName: null, isHeld: false, presses: 1 },
  ...{ lastEventId: eventId, deadline: null, ring: 1, escalation: "none", isVerified: true },
  ...{ recordingId: null, notes: 0, units: 0, disposition: null, note: null, text: null },
  lock: null,
};
type Given = IncidentFact extends infer Fact
  ? Fact extends IncidentFact
    ? Omit<Fact, "at" | "incidentId"> & { at?: number }
    : never
  : never;
const fold = (...facts: readonly Given[]): IncidentRecord => {
  let record = evolveIncident(undefined, OPENED);
  for (const fact of facts) {
    record = evolveIncident(record, { at: 2000, incidentId, ...fact } as IncidentFact);
  }
  return record!;
};
const DUE = { type: "deadline-set", dueAt: 9000, reason: "unacknowledged" } as const;
const DEADLINE = { dueAt: 9000, setAt: 2000, reason: "unacknowledged", passed: 0 } as const;
const joined = { type: "incident-joined", priority: 2 } as const;
const ANSWERED = { type: "incident-answered", ...WANG, from: null, fromName: null } as const;
const OWNED = { owner: "wang", ownerName: "王" };
const TAKEN = { ...OWNED, state: "answered", acknowledgedAt: 2000, answeredAt: 2000 };
const CLOSED = {
  ...({ type: "incident-closed", ...LI, disposition: "false-press", note: "a child" } as const),
};

describe("an incident that opened", () => {
  test("has nothing but what its alarm brought", () => {
    expect(fold()).toEqual(NEW);
    const doubted = evolveIncident(undefined, { ...OPENED, isVerified: false, text: "help" });
    expect(doubted).toEqual({ ...NEW, isVerified: false, text: "help" });
  });

  test("was pressed when it opened, if its alarm says what cannot be", () => {
    expect(evolveIncident(undefined, { ...OPENED, pressedAt: 1001 })?.pressedAt).toBe(1000);
  });
});

test.each<[string, readonly Given[], object]>([
  ["a deadline", [DUE], { deadline: DEADLINE }],
  [
    "a deadline that passed belongs to everybody, and is counted",
    [DUE, { type: "deadline-passed", reason: "unacknowledged" }],
    { deadline: { ...DEADLINE, passed: 1 } },
  ],
  [
    "the next one goes on counting",
    [DUE, { type: "deadline-passed", reason: "unacknowledged" }, { ...DUE, at: 3000, dueAt: 9500 }],
    { deadline: { ...DEADLINE, dueAt: 9500, setAt: 3000, passed: 1 } },
  ],
  ["a level", [{ type: "incident-escalated", level: "desks", ring: 1 }], { escalation: "desks" }],
  [
    "acknowledged",
    [DUE, { type: "incident-acknowledged", ...WANG }],
    { ...OWNED, state: "acknowledged", acknowledgedAt: 2000 },
  ],
  ["answered", [DUE, ANSWERED], TAKEN],
  ["held", [ANSWERED, { type: "incident-held", ...WANG, held: true }], { ...TAKEN, isHeld: true }],
  [
    "answered again by another, who holds nobody",
    [
      ANSWERED,
      { type: "incident-held", ...WANG, held: true },
      { ...ANSWERED, ...LI, at: 2500, from: WANG.by, fromName: "王" },
    ],
    { ...TAKEN, owner: "li", ownerName: "李" },
  ],
  [
    "released, it rings anew from the first level",
    [
      { type: "incident-escalated", level: "supervisor", ring: 1 },
      ANSWERED,
      { type: "incident-held", ...WANG, held: true },
      { type: "incident-released", reason: "owner-lost", from: WANG.by, fromName: "王" },
    ],
    { acknowledgedAt: 2000, answeredAt: 2000, ring: 2 },
  ],
  [
    "handed over, it rings for one",
    [ANSWERED, DUE, { type: "incident-transferred", ...WANG, to: LI.by, toName: "李" }],
    { acknowledgedAt: 2000, answeredAt: 2000, ring: 2, owner: "li", ownerName: "李" },
  ],
  [
    "handed over to somebody who does not come, it is everybody's",
    [
      { type: "incident-transferred", ...WANG, to: LI.by, toName: "李" },
      DUE,
      { type: "deadline-passed", reason: "unacknowledged" },
    ],
    { ring: 2, deadline: { ...DEADLINE, passed: 1 } },
  ],
  [
    "two notes, a unit",
    [
      { type: "incident-noted", ...WANG, text: "a" },
      { type: "incident-noted", ...WANG, text: "b" },
      { type: "unit-dispatched", ...WANG, unit: "car 7" },
    ],
    { notes: 2, units: 1 },
  ],
  [
    "closed, it keeps whose it was",
    [DUE, ANSWERED, { type: "incident-held", ...WANG, held: true }, { ...CLOSED, at: 2600 }],
    {
      ...TAKEN,
      ...{ state: "closed", closedAt: 2600, closedByName: "李" },
      ...{ disposition: "false-press", note: "a child" },
    },
  ],
  [
    "opened again, it has no owner",
    [ANSWERED, { ...CLOSED, at: 2600 }, { type: "incident-reopened", ...LI }],
    { acknowledgedAt: 2000, answeredAt: 2000, ring: 2 },
  ],
  [
    "locked",
    [{ type: "incident-locked", ...WANG, reason: "court" }],
    { lock: { at: 2000, byName: "王", reason: "court" } },
  ],
  [
    "unlocked",
    [
      { type: "incident-locked", ...WANG, reason: "court" },
      { type: "incident-unlocked", ...WANG, reason: "over" },
    ],
    {},
  ],
  ["recorded", [{ type: "recording-started", recordingId, pillarId: pillar(1) }], { recordingId }],
  [
    "recorded until the end of its recording",
    [
      { type: "recording-started", recordingId, pillarId: pillar(1) },
      { type: "recording-ended", recordingId, state: "closed", durationMs: 1, bytes: 1 },
    ],
    {},
  ],
  [
    "recorded still, when it is an earlier recording that ended",
    [
      { type: "recording-started", recordingId, pillarId: pillar(1) },
      {
        type: "recording-ended",
        recordingId: hex(9) as RecordingId,
        state: "failed",
        durationMs: 1,
        bytes: 1,
      },
    ],
    { recordingId },
  ],
  [
    "of a pillar that was revoked",
    [{ type: "incident-pillar-revoked", ...WANG, reason: "pillar-stolen" }],
    { isVerified: false },
  ],
  [
    "joined by a silent press with words",
    [
      {
        type: "incident-joined",
        eventId: hex(7) as EventId,
        kind: "silent",
        priority: 1,
        rules: ["silent"],
        reason: "silent",
        text: "hush",
      },
    ],
    {
      ...{ presses: 2, lastEventId: hex(7), kind: "silent", text: "hush", priority: 1 },
      ...{ rules: ["kind", "silent"], priorityReason: { kind: "rule", rule: "silent" } },
    },
  ],
  [
    "joined by one of a journal that did not say its kind; the first words stand",
    [
      { ...joined, eventId: hex(7) as EventId, rules: ["night"], text: "first" },
      { ...joined, eventId: hex(8) as EventId, rules: [], text: "second" },
    ],
    { presses: 3, lastEventId: hex(8), rules: ["kind", "night"], text: "first" },
  ],
  [
    "raised by what happens elsewhere, lowered by a person, and not raised by the same again",
    [
      { type: "incident-graded", priority: 1, rule: "several" },
      { type: "incident-regraded", ...WANG, priority: 3, reason: "a drill" },
    ],
    {
      ...{ priority: 3, rules: ["kind", "several"] },
      priorityReason: { kind: "person", byName: WANG.byName, reason: "a drill" },
    },
  ],
  [
    "as urgent already when a rule speaks: what decided before stands",
    [
      { type: "incident-regraded", ...WANG, priority: 1, reason: "she screams" },
      { type: "incident-graded", priority: 1, rule: "several" },
    ],
    {
      ...{ priority: 1, rules: ["kind", "several"] },
      priorityReason: { kind: "person", byName: WANG.byName, reason: "she screams" },
    },
  ],
])("%s", (_, facts, change) => {
  expect(fold(...facts)).toEqual({ ...NEW, ...change });
});

test("what lies beside an incident changes nothing of it, also before it opened", () => {
  const base = { at: 2000, incidentId };
  const call = { ...base, ring: 1, target: "x", attempt: 1 };
  const beside: readonly IncidentFact[] = [
    { type: "external-delivered", ...call },
    { type: "external-failed", ...call, detail: "" },
    { type: "external-gone", ...call },
    { type: "view-opened", ...base, ...WANG, role: "watch" },
    { type: "view-closed", ...base, ...WANG, role: "watch" },
    { type: "recording-deleted", ...base, recordingId, reason: "age", startedAt: 1, bytes: 1 },
    {
      ...{ type: "alarm-equivocation", ...base, pillarId: pillar(1), eventId, seq: 1 },
      earlierEventId: hex(9) as EventId,
    },
  ];
  for (const fact of beside) {
    expect(evolveIncident(NEW, fact)).toBe(NEW);
    expect(evolveIncident(undefined, fact)).toBeUndefined();
  }
  const noted: IncidentFact = { type: "incident-noted", ...base, ...WANG, text: "" };
  expect(() => evolveIncident(undefined, noted)).toThrow(/never opened/);
});

test.each<[Partial<IncidentRecord>, object]>([
  [{}, { status: "ringing" }],
  [{ state: "acknowledged", ownerName: "王" }, { status: "ringing" }],
  [
    { state: "answered", ownerName: "王" },
    { status: "answered", by: "王" },
  ],
  [
    { state: "answered", ownerName: "王", isHeld: true },
    { status: "held", by: "王" },
  ],
  [
    { state: "answered", ownerName: "" },
    { status: "answered", by: "operator" },
  ],
  [
    { state: "answered", ownerName: null },
    { status: "answered", by: "operator" },
  ],
  [
    { state: "answered", ownerName: "w".repeat(61) },
    { status: "answered", by: "w".repeat(60) },
  ],
  [{ state: "closed", ownerName: "王" }, { status: "ended" }],
  [{ kind: "silent" }, { status: "ringing", isSilent: true }],
  [
    { kind: "silent", state: "closed" },
    { status: "ended", isSilent: true },
  ],
  [{ kind: "text" }, { status: "ringing" }],
])("the pillar hears of %j: %j", (given, call) => {
  expect(callOf({ ...NEW, ...given })).toEqual({ v: 1, incidentId, eventId, ...call });
});
