import { describe, expect, test } from "vitest";
import { evolve } from "../../../../hub/core/hub.ts";
import {
  boundedCount,
  boundedPress,
  MOST_AGE_MS,
  pressedOf,
} from "../../../../hub/core/time/bounds.ts";
import type { AlarmEvent } from "../../../../shared/protocol/alarm.ts";
import {
  hex,
  newAlarm,
  newStreet,
  pillar,
  START,
  types,
} from "../../../kit/core/hub-core-street.ts";

/** An alarm of pillar 0 with numbers that a correct pillar would not send. */
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
        priority: 2,
        rules: ["kind"],
        reason: "kind",
        eventId: hex(n) as never,
        pressedAt,
        text: null,
      },
      100 + n,
    );
    expect(street.state.incidents.get(incidentId)?.pressedAt).toBe(START);
  }
});

describe("the moment of a press", () => {
  const DAY_MS = 86_400_000;
  const AT = START;
  const pressed = (ageMs: number | undefined, wallMs = AT, synced = true) =>
    pressedOf({ ageMs, event: { wallMs, clock: { synced } } } as never, AT);

  test("is by its age, up to four hundred days", () => {
    expect(MOST_AGE_MS).toBe(400 * DAY_MS);
    expect([pressed(0), pressed(1), pressed(MOST_AGE_MS)]).toEqual([
      ...[{ pressedAt: AT }, { pressedAt: AT - 1 }, { pressedAt: AT - MOST_AGE_MS }],
    ]);
    const doubtful = { pressedAt: AT, doubt: "age" };
    expect([pressed(-1), pressed(MOST_AGE_MS + 1)]).toEqual([doubtful, doubtful]);
  });

  test("without an age is by the pillar's clock, if anything set it, and never after now", () => {
    const at = (wallMs: number, synced = true) => pressed(undefined, wallMs, synced);
    expect([at(AT - 9), at(AT), at(AT + 9)]).toEqual([
      ...[{ pressedAt: AT - 9 }, { pressedAt: AT }, { pressedAt: AT }],
    ]);
    expect(at(AT - MOST_AGE_MS)).toEqual({ pressedAt: AT - MOST_AGE_MS });
    expect(at(AT + MOST_AGE_MS)).toEqual({ pressedAt: AT });
    const doubtful = { pressedAt: AT, doubt: "wall-clock" };
    expect([at(AT - MOST_AGE_MS - 1), at(AT + MOST_AGE_MS + 1)]).toEqual([doubtful, doubtful]);
    expect(at(AT - 9, false)).toEqual({ pressedAt: AT });
  });

  test("as a fact tells it is believed up to the same age before its opening", () => {
    const told = (ageMs: number) => boundedPress(AT - ageMs, AT);
    expect([told(0), told(MOST_AGE_MS)]).toEqual([AT, AT - MOST_AGE_MS]);
    expect([told(-1), told(MOST_AGE_MS + 1)]).toEqual([AT, AT]);
  });
});

test("a count from another process is whole, not negative, and zero when it is no number", () => {
  expect([0, 0.4, 0.5, 1.6, -3].map(boundedCount)).toEqual([0, 0, 1, 2, 0]);
  expect([Number.NaN, Number.POSITIVE_INFINITY].map(boundedCount)).toEqual([0, 0]);
  expect(boundedCount(1e300)).toBe(Number.MAX_SAFE_INTEGER);
});
