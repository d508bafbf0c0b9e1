/**
 * Calls to the external contacts, fact by fact: when one is due, what its outcome records, and what
 * cancels it.
 */
import { describe, expect, test } from "vitest";
import type { IncidentId, Username } from "../../../../shared/ids.ts";
import type { IncidentFact } from "../../../../hub/core/facts.ts";
import {
  decideAnswered,
  decideCalls,
  evolveOwed,
  hearCalls,
  MAX_CALLS,
} from "../../../../hub/core/outside/outside-call.ts";
import {
  DEFAULT_ESCALATION,
  nextLevel,
  REPEAT_MS,
  waitAt,
} from "../../../../hub/core/incident/escalation.ts";
import { DEFAULT_PRIORITY } from "../../../../hub/core/incident/priority-settings.ts";
import { newState } from "../../../../hub/core/parts.ts";
import { hex } from "../../../kit/core/hub-core-street.ts";

const A = "https://a.example";
const B = "https://b.example";
const incidentId = hex(1) as IncidentId;
const settings = {
  escalation: { ...DEFAULT_ESCALATION, targets: [A, B] },
  priority: DEFAULT_PRIORITY,
  maxOpen: 10,
  mediaProcesses: 1,
};
const base = { at: 1, incidentId };
const ESCALATED: IncidentFact = { type: "incident-escalated", ...base, level: "external", ring: 3 };

function owing(tries = 0) {
  const state = newState(settings);
  evolveOwed(state, ESCALATED);
  if (tries > 0) state.owedCalls.set(incidentId, { ring: 3, tries });
  const turn = (nowMs: number) => {
    state.heard.clock.nowMs = nowMs;
    hearCalls(state);
    return state.heard.outsideCalls.get(incidentId);
  };
  return { state, turn, owed: () => state.owedCalls.get(incidentId) };
}

test("the limits are these, and a change of one is a decision", () => {
  expect([MAX_CALLS, REPEAT_MS]).toEqual([20, 60_000]);
  expect(DEFAULT_ESCALATION).toEqual({
    ...{ desksAfterMs: 10_000, supervisorAfterMs: 20_000, externalAfterMs: 40_000, targets: [] },
  });
});

describe("a call is owed", () => {
  test("from the last level on, and not from an earlier one", () => {
    expect(owing().owed()).toEqual({ ring: 3, tries: 0 });
    const state = newState(settings);
    evolveOwed(state, { type: "incident-escalated", ...base, level: "supervisor", ring: 3 });
    expect(state.owedCalls.size).toBe(0);
  });

  const call = { ...base, ring: 3, target: A, attempt: 2 };
  const WANG = { by: "wang" as Username, byName: "王" };

  test("after a failure, one try later; an address that is gone is remembered", () => {
    const failed = owing();
    evolveOwed(failed.state, { type: "external-failed", ...call, detail: "" });
    expect(failed.owed()).toEqual({ ring: 3, tries: 2 });
    expect([...failed.state.goneTargets]).toEqual([]);
    const gone = owing();
    evolveOwed(gone.state, { type: "external-gone", ...call });
    expect(gone.owed()).toEqual({ ring: 3, tries: 2 });
    expect([...gone.state.goneTargets]).toEqual([A]);
  });

  test("no more when nobody owes it: an outcome that comes late owes nothing anew", () => {
    const state = newState(settings);
    evolveOwed(state, { type: "external-failed", ...call, detail: "" });
    evolveOwed(state, { type: "external-gone", ...call });
    expect(state.owedCalls.size).toBe(0);
    expect([...state.goneTargets]).toEqual([A]);
  });

  test.each<IncidentFact>([
    { type: "external-delivered", ...call },
    { type: "incident-acknowledged", ...base, ...WANG },
    { type: "incident-answered", ...base, ...WANG, from: null, fromName: null },
    { type: "incident-transferred", ...base, ...WANG, to: WANG.by, toName: "" },
    { type: "incident-closed", ...base, ...WANG, disposition: "resolved", note: "" },
  ])("until $type", (fact) => {
    const { state, owed } = owing();
    evolveOwed(state, fact);
    expect(owed()).toBeUndefined();
  });

  test.each<IncidentFact>([
    { type: "incident-noted", ...base, ...WANG, text: "" },
    { type: "incident-held", ...base, ...WANG, held: true },
    { type: "deadline-passed", ...base, reason: "unacknowledged" },
  ])("still after $type", (fact) => {
    const { state, owed } = owing();
    evolveOwed(state, fact);
    expect(owed()).toEqual({ ring: 3, tries: 0 });
  });
});

describe("its turn", () => {
  const due = (tries: number) => {
    const { state, turn } = owing();
    turn(1000);
    state.owedCalls.set(incidentId, { ring: 3, tries });
    return turn(2000);
  };
  const waiting = { ring: 3, calledAt: null };

  test("is at once, at first, in another ring and after a restart of the hub", () => {
    const { state, turn } = owing(2);
    expect(turn(1000)).toEqual({ ...waiting, tries: 2, dueAt: 1000 });
    state.owedCalls.set(incidentId, { ring: 4, tries: 2 });
    expect(turn(2000)).toEqual({ ring: 4, tries: 2, dueAt: 2000, calledAt: null });
  });

  test.each([
    [1, 0],
    [2, 5000],
    [3, 0],
    [4, 30_000],
    [6, 300_000],
    [8, 1_800_000],
    [10, 7_200_000],
    [11, 0],
    [12, 7_200_000],
    [40, 7_200_000],
  ])("with two addresses after %d tries is %d ms later", (tries, waitMs) => {
    expect(due(tries)).toEqual({ ...waiting, tries, dueAt: 2000 + waitMs });
  });

  test("is forgotten with what it belongs to", () => {
    const { state, turn } = owing();
    turn(1000);
    state.owedCalls.clear();
    expect(turn(2000)).toBeUndefined();
  });

  test("comes again when a minute has brought no outcome, and not before", () => {
    const { state, turn } = owing();
    turn(1000);
    const ordered = () => ({ type: "call-external", incidentId, ring: 3, target: A, attempt: 1 });
    expect(decideCalls(state)).toEqual({ facts: [], effects: [ordered()] });
    state.heard.outsideCalls.get(incidentId)!.calledAt = 1000;
    expect(turn(61_000)?.calledAt).toBe(1000);
    expect(decideCalls(state).effects).toEqual([]);
    expect(turn(61_001)?.calledAt).toBeNull();
    expect(decideCalls(state).effects).toEqual([ordered()]);
  });

  test("is not before it is due", () => {
    const { state } = owing();
    state.heard.outsideCalls.set(incidentId, { ring: 3, tries: 1, dueAt: 5000, calledAt: null });
    state.heard.clock.nowMs = 4999;
    expect(decideCalls(state).effects).toEqual([]);
    state.heard.clock.nowMs = 5000;
    expect(decideCalls(state).effects).toEqual([
      { type: "call-external", incidentId, ring: 3, target: B, attempt: 2 },
    ]);
  });

  test("goes to the addresses that are left, and to none when all are gone", () => {
    const { state, turn } = owing();
    state.goneTargets.add(A);
    turn(1000);
    expect(decideCalls(state).effects).toMatchObject([{ target: B, attempt: 1 }]);
    state.goneTargets.add(B);
    expect(decideCalls(state)).toEqual({ facts: [], effects: [] });
    state.owedCalls.set(incidentId, { ring: 3, tries: 4 });
    expect(turn(2000)).toEqual({ ...waiting, tries: 4, dueAt: 2000 });
  });
});

describe("its outcome", () => {
  const heard = (state: ReturnType<typeof newState>, given: object) =>
    decideAnswered(state, {
      ...{ type: "external-answered", ...base, ring: 3, target: A, outcome: "delivered" },
      detail: "",
      ...given,
    });
  const told = { ...base, ring: 3, target: A, attempt: 3 };

  test("is written as it was, its words cut to 300 characters", () => {
    const { state } = owing(2);
    expect(heard(state, {})).toEqual({
      facts: [{ type: "external-delivered", ...told }],
      effects: [],
    });
    expect(heard(state, { outcome: "gone" }).facts).toEqual([{ type: "external-gone", ...told }]);
    const detail = "x".repeat(300);
    expect(heard(state, { outcome: "failed", detail: `${detail}x` }).facts).toEqual([
      { type: "external-failed", ...told, detail },
    ]);
  });

  test("of an older ring, or of what is owed no more, is nothing", () => {
    const { state } = owing(2);
    expect(heard(state, { ring: 2 })).toEqual({ facts: [], effects: [] });
    state.owedCalls.clear();
    expect(heard(state, {})).toEqual({ facts: [], effects: [] });
  });
});

describe("the levels", () => {
  const named = settings.escalation;
  const without = DEFAULT_ESCALATION;
  test.each([
    ["none", "desks", 10_000, "desks", 10_000],
    ["desks", "supervisor", 10_000, "supervisor", 10_000],
    ["supervisor", "external", 20_000, undefined, undefined],
    ["external", undefined, undefined, undefined, undefined],
  ] as const)("after %s comes %s in %s ms; without an address %s in %s", (escalation, ...found) => {
    const at = { kind: "voice", escalation } as const;
    expect([
      nextLevel(named, at),
      waitAt(named, at),
      nextLevel(without, at),
      waitAt(without, at),
    ]).toEqual([...found]);
    expect(nextLevel(named, { kind: "test", escalation })).toBeUndefined();
    expect(waitAt(named, { kind: "test", escalation })).toBeUndefined();
  });
});
