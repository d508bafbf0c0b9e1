/** When the world outside is called, and how many calls are under way at once. */
import { describe, expect, test } from "vitest";
import { MAX_CALLS } from "../../../hub/core/external.ts";
import { newStreet, type Street } from "./street.ts";

const TARGETS = ["https://one.example/hook"];
const ESCALATION = { desksAfterMs: 10_000, supervisorAfterMs: 20_000, externalAfterMs: 40_000 };
const settings = { escalation: { ...ESCALATION, targets: TARGETS } };

const underWay = (street: Street) =>
  [...street.state.heard.calls].filter(([, { orderedAt }]) => orderedAt !== null);

describe("the world outside", () => {
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
    expect(street.state.heard.calls.size).toBe(pillars);
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
    expect(street.state.heard.calls.has(incidentId)).toBe(false);
    expect(underWay(street)).toHaveLength(MAX_CALLS);
  });
});
