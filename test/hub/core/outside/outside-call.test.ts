/** When the external contacts are called, and how many calls run at the same time. */
import { describe, expect, test } from "vitest";
import { MAX_CALLS } from "../../../../hub/core/outside/outside-call.ts";
import { newStreet, type Street } from "../../../kit/core/hub-core-street.ts";

const TARGETS = ["https://one.example/hook"];
const ESCALATION = { desksAfterMs: 10_000, supervisorAfterMs: 20_000, externalAfterMs: 40_000 };
const settings = { escalation: { ...ESCALATION, targets: TARGETS } };

const underWay = (street: Street) =>
  [...street.state.heard.outsideCalls].filter(([, { calledAt }]) => calledAt !== null);

describe("the external contacts", () => {
  test("is not called before its own level, whatever the levels before it do", () => {
    const street = newStreet({ settings });
    street.alarm(0);
    const called: number[] = [];
    for (let second = 1; second <= 45; second++) {
      street.advance(1);
      if (underWay(street).length > 0) called.push(second);
    }
    expect(called[0]).toBeGreaterThanOrEqual(40);
    expect(called[0]).toBeLessThanOrEqual(41);
  });

  test(`has at most ${MAX_CALLS} calls under way, and the next ones as these are answered`, () => {
    const pillars = MAX_CALLS * 3;
    const street = newStreet({ pillars, settings });
    for (let n = 0; n < pillars; n++) street.alarm(n);
    street.advance(42);
    expect(street.state.heard.outsideCalls.size).toBe(pillars);
    expect(underWay(street)).toHaveLength(MAX_CALLS);
    const [first] = underWay(street);
    const [incidentId, { ring }] = first!;
    street.tell({
      type: "external-answered",
      at: street.now(),
      incidentId,
      ring,
      target: TARGETS[0]!,
      outcome: "delivered",
      detail: "",
    });
    street.advance(2);
    expect(street.state.heard.outsideCalls.has(incidentId)).toBe(false);
    expect(underWay(street)).toHaveLength(MAX_CALLS);
  });
});

/** Seconds from the first try to each of the next ones, when every try fails at once. */
function waitsOf(targets: readonly string[], tries: number): number[] {
  const street = newStreet({ settings: { escalation: { ...ESCALATION, targets } } });
  street.alarm(0);
  street.advance(39);
  const at: number[] = [];
  for (let second = 0; at.length < tries; second++) {
    street.advance(1);
    for (const [incidentId, { ring, tries: made, calledAt }] of underWay(street)) {
      if (calledAt !== street.state.heard.clock.nowMs) continue;
      at.push(second);
      street.tell({
        type: "external-answered",
        ...{ at: street.now(), incidentId, ring, target: targets[made % targets.length]! },
        ...{ outcome: "failed", detail: "no answer" },
      });
    }
  }
  return at.map((second) => second - at[0]!);
}

describe("a call outside that fails", () => {
  test("is made again after 5 s, 30 s, 5 min, 30 min, and then every two hours", () => {
    const times = waitsOf(TARGETS, 7);
    const waits = times.slice(1).map((time, n) => time - times[n]!);
    // Each is a second longer, because the wait begins with the tick after the failure.
    expect(waits).toEqual([6, 31, 301, 1801, 7201, 7201]);
  });

  test("is followed by the next address at once; only a whole round is followed by a wait", () => {
    const times = waitsOf(["https://one.example/hook", "https://two.example/hook"], 6);
    const waits = times.slice(1).map((time, n) => time - times[n]!);
    expect(waits.map((wait) => wait > 1)).toEqual([false, true, false, true, false]);
    expect([waits[1]! - 5, waits[3]! - 30].every((late) => late === 0 || late === 1)).toBe(true);
  });

  test("and whose outcome never comes is made again after a minute", () => {
    const street = newStreet({ settings });
    street.alarm(0);
    street.advance(40);
    const calledAt = () => [...street.state.heard.outsideCalls.values()][0]?.calledAt ?? null;
    while (calledAt() === null) street.advance(1);
    const first = calledAt();
    let waited = 0;
    while (calledAt() === first) {
      street.advance(1);
      waited += 1;
    }
    expect(waited).toBe(61);
    expect(calledAt()).toBe(street.state.heard.clock.nowMs);
  });
});
