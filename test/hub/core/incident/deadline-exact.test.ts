/**
 * The deadline of an unattended incident, to the millisecond, by the wall clock and by the
 * monotonic clock.
 */
import { describe, expect, test } from "vitest";
import {
  decideDeadlines,
  hearDeadlines,
  MAX_FIRED_PER_TICK,
  noteDeadline,
  setDeadline,
} from "../../../../hub/core/incident/deadline.ts";
import type { IncidentId } from "../../../../shared/ids.ts";
import { newStreet, START, types, type Street } from "../../../kit/core/hub-core-street.ts";

const tick = (at: number) => ({ type: "tick", at }) as const;

/** A ringing incident with this deadline. The monotonic clock shows 5000. */
function ringing(deadline: { dueAt: number; setAt: number }) {
  const street = newStreet();
  street.alarm(0);
  const incident = street.only();
  const { state } = street;
  state.incidents.set(incident.id, {
    ...incident,
    deadline: { ...deadline, reason: "unacknowledged", passed: 0 },
  });
  state.heard.clock.nowMs = 5000;
  state.heard.countdowns.clear();
  return { state, id: incident.id, countdowns: state.heard.countdowns };
}

describe("after a restart", () => {
  const leftAt = (at: number, deadline: { dueAt: number; setAt: number }) => {
    const { state, id, countdowns } = ringing(deadline);
    hearDeadlines(state, tick(at));
    expect(countdowns.get(id)).toMatchObject({ dueAt: deadline.dueAt, isOfOtherClock: false });
    return countdowns.get(id)!.endsAt - 5000;
  };
  test("what is left is by the wall clock, never less than nothing and never more than the whole wait", () => {
    const deadline = { setAt: START, dueAt: START + 10_000 };
    expect(
      [START, START + 4000, START + 10_000, START + 10_001].map((at) => leftAt(at, deadline)),
    ).toEqual([10_000, 6000, 0, 0]);
    expect(leftAt(START - 90_000, deadline)).toBe(10_000);
    expect(leftAt(START - 90_000, { setAt: START, dueAt: START - 5 })).toBe(0);
  });

  test("a countdown lives as long as its deadline, and a new deadline has a new one", () => {
    const { state, id, countdowns } = ringing({ setAt: START, dueAt: START + 10_000 });
    countdowns.set("gone" as IncidentId, { dueAt: 1, endsAt: 1, isOfOtherClock: false });
    const mine = { dueAt: START + 10_000, endsAt: 77, isOfOtherClock: true };
    countdowns.set(id, mine);
    hearDeadlines(state, tick(START));
    expect([...countdowns]).toEqual([[id, mine]]);
    countdowns.set(id, { ...mine, dueAt: START + 9999 });
    hearDeadlines(state, tick(START));
    expect([...countdowns]).toEqual([
      [id, { dueAt: START + 10_000, endsAt: 15_000, isOfOtherClock: false }],
    ]);
    state.incidents.set(id, { ...state.incidents.get(id)!, deadline: null });
    hearDeadlines(state, tick(START));
    expect(countdowns.size).toBe(0);
  });
});

describe("a deadline that is set", () => {
  test("is due when the desks are to be called", () => {
    const { state, id } = ringing({ setAt: START, dueAt: START });
    const of = { at: START + 7, incidentId: id, reason: "owner-lost" } as const;
    expect(setDeadline(state.settings.escalation, of)).toEqual({
      type: "deadline-set",
      ...of,
      dueAt: START + 10_007,
    });
  });

  test("is counted down from now; one whose time is over ends now", () => {
    const { state, id, countdowns } = ringing({ setAt: START, dueAt: START });
    const { clock } = state.heard;
    const note = (dueAt: number, at = START) => {
      const fact = { type: "deadline-set", incidentId: id, reason: "unacknowledged" } as const;
      noteDeadline({ countdowns, clock }, { ...fact, dueAt, at });
      return countdowns.get(id);
    };
    clock.offsetMs = START - 5000;
    const countdown = (dueAt: number, endsAt: number, isOfOtherClock = false) => ({
      ...{ dueAt, endsAt, isOfOtherClock },
    });
    expect(note(START + 10)).toEqual(countdown(START + 10, 5010));
    expect(note(START - 10)).toEqual(countdown(START - 10, 5000));
    expect(note(START + 9010, START + 9000)).toEqual(countdown(START + 9010, 5010, true));
  });
});

describe("a tick", () => {
  /** The decision with so much time left by the wall clock and by the countdown. */
  const decided = (wallLeftMs: number, countLeftMs?: number, stepMs = 0) => {
    const { state, id, countdowns } = ringing({ setAt: START - 10_000, dueAt: START + wallLeftMs });
    state.heard.clock.stepMs = stepMs;
    if (countLeftMs !== undefined) {
      const endsAt = 5000 + countLeftMs;
      countdowns.set(id, { dueAt: START + wallLeftMs, endsAt, isOfOtherClock: false });
    }
    const { facts, effects } = decideDeadlines(state, tick(START));
    expect(effects).toEqual([]);
    return { facts, id };
  };
  const of = (incidentId: IncidentId) => ({ at: START, incidentId });
  const fired = (incidentId: IncidentId, dueAt: number) => [
    { type: "deadline-passed", ...of(incidentId), reason: "unacknowledged" },
    { type: "incident-escalated", ...of(incidentId), level: "desks", ring: 1 },
    { type: "deadline-set", ...of(incidentId), reason: "unacknowledged", dueAt },
  ];

  test("fires by whichever clock says so first, and the next step counts from when it was due", () => {
    expect(decided(1, 1).facts).toEqual([]);
    for (const [wall, count] of [
      [0, 1],
      [1, 0],
    ] as const) {
      const { facts, id } = decided(wall, count);
      expect(facts).toEqual(fired(id, START + 10_000));
    }
    const late = decided(-300, 1);
    expect(late.facts).toEqual(fired(late.id, START + 9700));
    const unheard = decided(5000);
    expect(unheard.facts).toEqual(fired(unheard.id, START + 10_000));
  });

  test("after the wall clock was set asks the other one alone, and writes down what is left", () => {
    const moved = decided(-300, 2000, -9000);
    const set = { type: "deadline-set", ...of(moved.id), reason: "unacknowledged" };
    expect(moved.facts).toEqual([{ ...set, dueAt: START + 2000 }]);
    const due = decided(90_000, 0, 9000);
    expect(due.facts).toEqual(fired(due.id, START + 10_000));
    const late = decided(90_000, -300, 9000);
    expect(late.facts).toEqual(fired(late.id, START + 9700));
  });

  test("when everybody has been called only says it again, a minute later", () => {
    const { state, id } = ringing({ setAt: START - 10_000, dueAt: START - 5 });
    state.incidents.set(id, { ...state.incidents.get(id)!, escalation: "supervisor" });
    expect(decideDeadlines(state, tick(START)).facts).toEqual([
      { type: "deadline-passed", ...of(id), reason: "unacknowledged" },
      { type: "deadline-set", ...of(id), reason: "unacknowledged", dueAt: START + 60_000 },
    ]);
  });

  test("fires a thousand at most, and the others in the next", () => {
    expect(MAX_FIRED_PER_TICK).toBe(1000);
    const pillars = 1001;
    const street: Street = newStreet({ pillars });
    for (let n = 0; n < pillars; n++) street.alarm(n);
    const passed = (): number =>
      types(street.advance(1)).filter((type) => type === "deadline-passed").length;
    street.advance(9);
    expect([passed(), passed(), passed()]).toEqual([1000, 1, 0]);
  });
});
