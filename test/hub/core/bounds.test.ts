import { describe, expect, test } from "vitest";
import { evolve } from "../../../hub/core/hub.ts";
import { MOST_AGE_MS } from "../../../hub/core/bounds.ts";
import type { AlarmEvent } from "../../../shared/protocol/alarm.ts";
import { hex, newAlarm, newStreet, pillar, START, types } from "./street.ts";

/** The street's alarm with other numbers in it than the helper would write. */
function alarmWith(street: ReturnType<typeof newStreet>, change: object, event: object = {}) {
  const alarm = newAlarm(pillar(0));
  return street.tell({
    type: "alarm",
    at: street.now(),
    pillarId: pillar(0),
    alarm: { ...alarm, event: { ...alarm.event, ...event } as AlarmEvent, ...change },
    hash: "1".repeat(64) as never,
    via: "mqtt",
    newIncidentId: hex(77) as never,
    newRecordingId: hex(78) as never,
  });
}

describe("an alarm with an absurd age", () => {
  test.each([Number.MAX_SAFE_INTEGER, 70_000_000_000_000, MOST_AGE_MS + 1])(
    "rings as pressed now, and the record says that its age is doubtful (%i)",
    (ageMs) => {
      const street = newStreet();
      const { facts, effects } = alarmWith(street, { ageMs });
      expect(types(effects)).toContain("accept");
      expect(street.only()).toMatchObject({ state: "open", pressedAt: street.now() });
      expect(facts[0]).toMatchObject({ type: "alarm-recorded", ageMs, doubt: "age" });
    },
  );

  test("within the bound is believed, and nothing is in doubt", () => {
    const street = newStreet();
    const { facts } = alarmWith(street, { ageMs: MOST_AGE_MS });
    expect(street.only().pressedAt).toBe(street.now() - MOST_AGE_MS);
    expect(facts[0]).not.toHaveProperty("doubt");
  });

  test.each([Number.MIN_SAFE_INTEGER, 0, Number.MAX_SAFE_INTEGER])(
    "of a wall clock that cannot be right rings as pressed now, its event kept to the letter (%i)",
    (wallMs) => {
      const street = newStreet();
      const { facts } = alarmWith(street, { ageMs: undefined }, { wallMs });
      expect(street.only().pressedAt).toBe(street.now());
      expect(facts[0]).toMatchObject({ event: { wallMs }, doubt: "wall-clock" });
    },
  );
});

test("a fact of an older hub with an absurd time folds to the time of its opening", () => {
  const street = newStreet();
  for (const [n, pressedAt] of [-9_005_000_000_000_000, 8.7e15, Number.NaN].entries()) {
    const incidentId = hex(900 + n) as never;
    evolve(
      street.state,
      {
        type: "incident-opened",
        at: START,
        incidentId,
        pillarId: pillar(0),
        kind: "voice",
        priority: 1,
        eventId: hex(n) as never,
        pressedAt,
        text: null,
      },
      100 + n,
    );
    expect(street.state.incidents.get(incidentId)?.pressedAt).toBe(START);
  }
});
