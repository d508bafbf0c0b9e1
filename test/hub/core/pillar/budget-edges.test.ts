/** Every number of the daily budget, one below, at and one above; and what each fact costs. */
import { describe, expect, test } from "vitest";
import type { FaultCode } from "../../../../shared/protocol/heartbeat.ts";
import {
  ALARM_BURST_BYTES,
  budgetFacts,
  budgetOf,
  DAY_MS,
  isAlarmBudgetSpent,
  isRenewalBudgetSpent,
  keptEvent,
  MAX_BYTES_PER_DAY,
  MAX_FACTS_PER_DAY,
  MAX_RENEWALS_PER_DAY,
  spentFacts,
  withinBudget,
} from "../../../../hub/core/pillar/budget.ts";
import type { Budget } from "../../../../hub/core/state/budget-state.ts";
import type { Fact, FactOf } from "../../../../hub/core/facts.ts";
import { newAlarm, newStreet, pillar, type Street } from "../../../kit/core/hub-core-street.ts";

const ID = pillar(0);

/** A street in which pillar 0 has used this much of today's budget. */
function used(given: Partial<Budget>): Street {
  const street = newStreet({ pillars: 2 });
  street.state.budgets.set(ID, { ...budgetOf(street.state, ID, street.now()), ...given });
  return street;
}
const fault = (
  street: Street,
  given: Partial<FactOf<"pillar-fault">> = {},
): FactOf<"pillar-fault"> => ({
  ...{ type: "pillar-fault", at: street.now(), pillarId: ID, code: "camera-lost" },
  ...{ isActive: true, detail: "" },
  ...given,
});
const within = (street: Street, ...facts: readonly Fact[]): readonly Fact[] =>
  withinBudget(street.state, { at: street.now(), pillarId: ID }, facts);
const sizeOf = (fact: Fact): number => new TextEncoder().encode(JSON.stringify(fact)).length;
const NOTHING = { facts: 0, bytes: 0, renewals: 0, raised: {}, alarmBytes: 0 };
const SPENT =
  "it says more than a whole day of faults or alarms may cost: until it is quiet again its faults are not " +
  "recorded, and alarms during an open incident only now and then; look for a loose contact or a stolen key";

test("the numbers are these, and a change of one is a decision", () => {
  expect([DAY_MS, MAX_FACTS_PER_DAY, MAX_BYTES_PER_DAY]).toEqual([86_400_000, 2500, 2_097_152]);
  expect([MAX_RENEWALS_PER_DAY, ALARM_BURST_BYTES]).toEqual([12, 4_194_304]);
});

describe("what is used up", () => {
  test("is nothing for a pillar that has cost nothing", () => {
    const street = newStreet();
    street.state.budgets.clear();
    const at = 5 * DAY_MS + 7;
    expect(budgetOf(street.state, ID, at)).toEqual({ ...NOTHING, day: 5, alarmsAt: at });
    expect(budgetOf(street.state, ID, 5 * DAY_MS - 1).day).toBe(4);
    expect(budgetOf(street.state, ID, 5 * DAY_MS).day).toBe(5);
  });

  test("drains by 12 MiB a day where it is of alarms, never below nothing, never backwards in time", () => {
    const street = used({ alarmBytes: 100_000 });
    const at = street.now();
    const left = (ms: number) => budgetOf(street.state, ID, at + ms).alarmBytes;
    expect(left(0)).toBe(100_000);
    expect(left(1000)).toBeCloseTo(100_000 - (12 * 1_048_576) / 86_400, 6);
    expect(left(686_645)).toBeGreaterThan(0);
    expect(left(686_646)).toBe(0);
    expect(left(-5000)).toBe(100_000);
    expect(budgetOf(street.state, ID, at + 1000).alarmsAt).toBe(at + 1000);
  });

  test("is the same all day, and nothing on the next, but for alarms that have not drained", () => {
    const raised = { "camera-lost": { times: 3, at: 1 } };
    const counted = { facts: 5, bytes: 600, renewals: 2, raised };
    const street = used({ ...counted, alarmBytes: ALARM_BURST_BYTES });
    const at = street.now();
    const midnight = (Math.floor(at / DAY_MS) + 1) * DAY_MS;
    expect(budgetOf(street.state, ID, midnight - 1)).toMatchObject(counted);
    const { alarmBytes, ...next } = budgetOf(street.state, ID, midnight);
    const { alarmBytes: _none, ...fresh } = NOTHING;
    expect(next).toEqual({ ...fresh, day: midnight / DAY_MS, alarmsAt: midnight });
    const drained = ((midnight - at) * 12 * 1_048_576) / DAY_MS;
    expect(alarmBytes).toBeCloseTo(Math.max(0, ALARM_BURST_BYTES - drained), 3);
  });
});

describe("a fact costs its bytes in UTF-8 and 300 more", () => {
  const base = (street: Street) => ({ at: street.now(), pillarId: ID });
  const after = (fact: (street: Street) => Fact) => {
    const street = newStreet();
    street.state.budgets.clear();
    const told = fact(street);
    street.record(told);
    const { day: _day, alarmsAt: _at, ...budget } = budgetOf(street.state, ID, street.now());
    return { budget, cost: sizeOf(told) + 300, at: street.now() };
  };

  test("of a fault that begins, which is counted by its name", () => {
    const { budget, cost, at } = after((street) => fault(street, { detail: "镜头坏了" }));
    const raised = { "camera-lost": { times: 1, at } };
    expect(budget).toEqual({ ...NOTHING, facts: 1, bytes: cost, raised });
  });

  test("of a fault that ends", () => {
    const { budget, cost } = after((street) => fault(street, { isActive: false }));
    expect(budget).toEqual({ ...NOTHING, facts: 1, bytes: cost });
  });

  test("of a start", () => {
    const { budget, cost } = after((street) => {
      return { type: "pillar-started", ...base(street), bootEpoch: 3, release: "1" };
    });
    expect(budget).toEqual({ ...NOTHING, facts: 1, bytes: cost });
  });

  test("of a renewal, only as one more", () => {
    const { budget } = after((street) => ({
      ...{ type: "certificate-renewed", ...base(street), replaces: "1", certificateSerial: "2" },
      certificateExpiresAt: street.now() + DAY_MS,
    }));
    expect(budget).toEqual({ ...NOTHING, renewals: 1 });
  });

  test("of an alarm, from what is recorded of it", () => {
    const street = newStreet();
    street.state.budgets.clear();
    const costs: number[] = [];
    for (const seq of [1, 2]) {
      const { facts } = street.alarm(0, { seq });
      const paid = ["alarm-recorded", "incident-opened", "incident-joined"];
      costs.push(
        ...facts.filter(({ type }) => paid.includes(type)).map((one) => sizeOf(one) + 300),
      );
    }
    expect(costs).toHaveLength(4);
    const budget = budgetOf(street.state, ID, street.now());
    expect(budget).toMatchObject({ facts: 0, bytes: 0, renewals: 0 });
    expect(budget.alarmBytes).toBe(costs.reduce((sum, one) => sum + one, 0));
  });

  test("of two alarms under one number, from that news too", () => {
    const street = newStreet();
    street.alarm(0, { seq: 1, eventId: 1 });
    const before = budgetOf(street.state, ID, street.now()).alarmBytes;
    const { facts } = street.alarm(0, { seq: 1, eventId: 2 });
    const paid = ["alarm-recorded", "incident-joined", "alarm-equivocation"];
    const cost = facts.filter(({ type }) => paid.includes(type)).map((one) => sizeOf(one) + 300);
    expect(cost).toHaveLength(3);
    const { alarmBytes } = budgetOf(street.state, ID, street.now());
    expect(alarmBytes - before).toBe(cost.reduce((sum, one) => sum + one, 0));
  });

  test("and one of presence, of people or of the hub costs nothing", () => {
    const { budget } = after((street) => {
      return { type: "presence-changed", ...base(street), presence: "late" };
    });
    expect(budget).toEqual(NOTHING);
  });
});

const BY_HUB: readonly FaultCode[] = [
  ...(["budget-spent", "certificate-ending", "certificate-expired"] as const),
  ...(["clone-suspected", "ledger-forked", "ledger-lost"] as const),
  ...(["picture-unrecorded", "renewal-refused"] as const),
];

describe("what is written", () => {
  test.each(BY_HUB)("has %s in it whatever else was said, and for nothing", (code) => {
    const street = used({ facts: MAX_FACTS_PER_DAY, bytes: MAX_BYTES_PER_DAY });
    const told = fault(street, { code });
    expect(within(street, told)).toEqual([told]);
    // Together with a fact that does count.
    const spent = fault(street, { code: "budget-spent", detail: SPENT });
    expect(within(street, told, fault(street))).toEqual([told, spent]);
    const before = budgetOf(street.state, ID, street.now());
    street.record(told);
    expect(budgetOf(street.state, ID, street.now())).toEqual(before);
  });

  test("is the last of the day's number, and not one more", () => {
    const street = used({ facts: MAX_FACTS_PER_DAY - 1 });
    const told = fault(street);
    const spent = fault(street, { code: "budget-spent", detail: SPENT });
    expect(within(street, told)).toEqual([told]);
    expect(within(street, told, fault(street, { code: "media-down" }))).toEqual([told, spent]);
    expect(within(used({ facts: MAX_FACTS_PER_DAY }), told)).toEqual([spent]);
  });

  test("is what fits into the day's bytes to the last one", () => {
    const told = fault(newStreet());
    const cost = sizeOf(told) + 300;
    expect(within(used({ bytes: MAX_BYTES_PER_DAY - cost }), told)).toEqual([told]);
    expect(within(used({ bytes: MAX_BYTES_PER_DAY - cost + 1 }), told)).toEqual([
      fault(newStreet(), { code: "budget-spent", detail: SPENT }),
    ]);
  });

  test("is what costs nothing even then, in its order", () => {
    const street = used({ facts: MAX_FACTS_PER_DAY });
    const free: Fact = {
      ...{ type: "presence-changed", at: street.now(), pillarId: ID, presence: "online" },
    };
    expect(within(street, free)).toEqual([free]);
    const spent = fault(street, { code: "budget-spent", detail: SPENT });
    expect(within(street, free, fault(street), free)).toEqual([free, free, spent]);
  });
});

describe("the end of a fault that has come back often today", () => {
  const isWritten = (times: number, agoMs: number, given: Partial<Fact> = {}): boolean => {
    const street = newStreet();
    const at = street.now() - agoMs;
    street.state.budgets.set(ID, {
      ...budgetOf(street.state, ID, street.now()),
      raised: { "camera-lost": { times, at } },
    });
    return within(street, { ...fault(street, { isActive: false }), ...given } as Fact).length > 0;
  };

  test.each([
    [21, 60_000],
    [22, 120_000],
    [23, 240_000],
    [26, 1_920_000],
    [27, 3_600_000],
    [99, 3_600_000],
  ])("waits after %d times for %d ms", (times, holdMs) => {
    expect(isWritten(times, holdMs)).toBe(true);
    expect(isWritten(times, holdMs - 1)).toBe(false);
    expect(isWritten(times, 0)).toBe(false);
  });

  test("does not wait after twenty times", () => {
    expect(isWritten(20, 0)).toBe(true);
  });

  test("does not wait for a clock that was set back, and its beginning never waits", () => {
    expect(isWritten(21, -1)).toBe(true);
    expect(isWritten(21, 0, { isActive: true })).toBe(true);
    expect(isWritten(21, 0, { code: "media-down" })).toBe(true);
  });
});

describe("that it is spent", () => {
  test("is told once, of a pillar that is known", () => {
    const street = newStreet();
    const by = { at: street.now(), pillarId: ID };
    const told = fault(street, { code: "budget-spent", detail: SPENT });
    expect(spentFacts(street.state, by)).toEqual([told]);
    expect(spentFacts(street.state, { ...by, pillarId: pillar(9) })).toEqual([]);
    street.record(told);
    expect(spentFacts(street.state, by)).toEqual([]);
    expect([...street.state.spent]).toEqual([ID]);
    street.record(fault(street, { code: "budget-spent", isActive: false }));
    expect([...street.state.spent]).toEqual([]);
  });

  test.each([
    [{ facts: MAX_FACTS_PER_DAY / 2 - 1 }, true],
    [{ facts: MAX_FACTS_PER_DAY / 2 }, false],
    [{ bytes: MAX_BYTES_PER_DAY / 2 - 1 }, true],
    [{ bytes: MAX_BYTES_PER_DAY / 2 }, false],
    [{ alarmBytes: ALARM_BURST_BYTES / 2 }, true],
    [{ alarmBytes: ALARM_BURST_BYTES / 2 + 1 }, false],
  ])("is over with %j: %s", (given, isOver) => {
    const street = newStreet();
    street.record(fault(street, { code: "budget-spent", detail: SPENT }));
    street.state.budgets.set(ID, { ...budgetOf(street.state, ID, street.now()), ...given });
    const over = fault(street, { code: "budget-spent", isActive: false });
    expect(budgetFacts(street.state, street.now())).toEqual(isOver ? [over] : []);
  });

  test("is not said to be over of a pillar that does not show it", () => {
    const street = newStreet({ pillars: 2 });
    street.state.spent.add(ID);
    expect(budgetFacts(street.state, street.now())).toEqual([]);
    // Only pillar 1 shows the fault, so only its end is recorded.
    street.record(fault(street, { code: "budget-spent", pillarId: pillar(1) }));
    expect(budgetFacts(street.state, street.now())).toHaveLength(1);
  });
});

test("alarms are spent with the last byte of the burst, renewals with the last of the day", () => {
  const alarms = (alarmBytes: number) => {
    const street = used({ alarmBytes });
    return isAlarmBudgetSpent(street.state, ID, street.now());
  };
  expect([alarms(ALARM_BURST_BYTES - 1), alarms(ALARM_BURST_BYTES)]).toEqual([false, true]);
  const renewals = (count: number) => {
    const street = used({ renewals: count });
    return isRenewalBudgetSpent(street.state, ID, street.now());
  };
  expect([renewals(11), renewals(12)]).toEqual([false, true]);
});

describe("of a large alarm", () => {
  const half = ALARM_BURST_BYTES / 2;
  function large(length: number, more: object = {}) {
    const { event } = newAlarm(ID, { text: "help" });
    const bare = { ...event, ...more, clock: { synced: true, errorMs: 12, by: "gps" }, pad: "" };
    const pad = "x".repeat(length - JSON.stringify(bare).length);
    return { ...bare, pad };
  }

  test("all is kept up to 2048 bytes, and while less than half of the burst is used up", () => {
    const street = used({ alarmBytes: half });
    const at = street.now();
    const short = large(2048);
    expect(keptEvent(street.state, short, at)).toEqual({ event: short });
    const long = large(2049);
    expect(keptEvent(used({ alarmBytes: half - 1 }).state, long, at)).toEqual({ event: long });
  });

  test("what is known is kept after that, each field of it, and how many bytes were signed", () => {
    const street = used({ alarmBytes: half });
    const { event } = newAlarm(ID, { text: "help" });
    expect(keptEvent(street.state, large(2049), street.now())).toEqual({
      event: { ...event, clock: { synced: true, errorMs: 12 } },
      signedBytes: 2049,
    });
    const { text: _text, ...bare } = large(2100);
    const { text: _same, ...known } = event;
    const kept = keptEvent(street.state, { ...bare, clock: { synced: true } }, street.now());
    expect(kept.event).toStrictEqual(known);
  });
});
