/** How urgent an incident is: rules raise it, a person decides, and a test stays where it is. */
import { describe, expect, test } from "vitest";
import { SEVERAL_WITHIN_MS } from "../../../../hub/core/incident/priority.ts";
import {
  DEFAULT_PRIORITY,
  type PrioritySettings,
} from "../../../../hub/core/incident/priority-settings.ts";
import { isInSpan, minuteOfDay } from "../../../../hub/core/time/time-of-day.ts";
import { treeOf } from "../../../../shared/access/areas.ts";
import type { Priority } from "../../../../shared/api/incident.ts";
import { AreaId } from "../../../../shared/ids.ts";
import {
  CHEN,
  LI,
  newStreet,
  pillar,
  WANG,
  type AlarmDetails,
  type Person,
  type Street,
} from "../../../kit/core/hub-core-street.ts";

/** A street in Shanghai's time, where the first press is at 20:00. */
const street = (priority: Partial<PrioritySettings> = {}, more: object = {}): Street =>
  newStreet({
    pillars: 5,
    settings: {
      priority: { ...DEFAULT_PRIORITY, offsetMinutes: 480, ...priority },
      areas: treeOf([{ id: AreaId.parse("d"), areas: [{ id: AreaId.parse("g") }] }]),
      ...more,
    },
  });
const rule = (name: string) => ({ priorityReason: { kind: "rule", rule: name } });
const grades = (one: Street) =>
  [...one.state.incidents.values()].map(({ priority, priorityReason }) => [
    priority,
    priorityReason.kind === "rule" ? priorityReason.rule : priorityReason.reason,
  ]);
const regrade = (one: Street, person: Person, priority: Priority, reason = "as heard") =>
  one.order(person, one.only().id, { name: "grade", priority, reason });

describe("a first press", () => {
  test.each<[string, AlarmDetails, Partial<PrioritySettings>, Priority, string]>([
    ["aloud, by day", {}, {}, 2, "kind"],
    ["silent", { kind: "silent" }, {}, 1, "silent"],
    ["typed", { kind: "text", text: "我的车丢了" }, {}, 2, "kind"],
    ["typed, with a word that is listed", { kind: "text", text: "快来救命啊" }, {}, 1, "words"],
    ["typed, in capitals", { kind: "text", text: "HE HAS A KNIFE" }, {}, 1, "words"],
    ["by night", {}, { night: { fromMinute: 1200, untilMinute: 300 } }, 1, "night"],
    ["a minute before the night", {}, { night: { fromMinute: 1201, untilMinute: 300 } }, 2, "kind"],
    ["at the end of the night", {}, { night: { fromMinute: 600, untilMinute: 1200 } }, 2, "kind"],
    ["in a grid that is listed", {}, { urgentAreas: [AreaId.parse("g")] }, 1, "area"],
    ["in a district that is", {}, { urgentAreas: [AreaId.parse("d")] }, 1, "area"],
    ["elsewhere", {}, { urgentAreas: [AreaId.parse("other")] }, 2, "kind"],
  ])("%s", (_, details, settings, priority, reason) => {
    const one = street(settings);
    one.alarm(0, { ageMs: 0, ...details });
    expect(one.only()).toMatchObject({ priority, ...rule(reason) });
  });

  test("of a test is no emergency, wherever and whenever it comes", () => {
    const night = { fromMinute: 0, untilMinute: 1440 };
    const one = street({ night, urgentAreas: [AreaId.parse("g")] });
    one.alarm(0, { kind: "test", text: "救命" });
    expect(one.only()).toMatchObject({ priority: 4, ...rule("kind"), rules: ["kind"] });
    expect(one.order(CHEN, one.only().id, { name: "grade", priority: 1, reason: "x" })).toEqual({
      facts: [],
      effects: [expect.objectContaining({ type: "refuse", code: "bad-request" })],
    });
  });

  test("silent, by night: the silence is what is shown", () => {
    const one = street({ night: { fromMinute: 0, untilMinute: 1440 } });
    one.alarm(0, { kind: "silent" });
    expect(one.only()).toMatchObject({
      ...{ priority: 1, ...rule("silent") },
      rules: ["kind", "silent", "night"],
    });
  });
});

describe("further presses", () => {
  test("three before anybody answers make it urgent", () => {
    const one = street();
    one.alarm(0);
    one.alarm(0, { seq: 2 });
    expect(one.only()).toMatchObject({ priority: 2, ...rule("kind") });
    one.alarm(0, { seq: 3 });
    expect(one.only()).toMatchObject({ priority: 1, ...rule("repeated") });
  });

  test("do not when somebody has answered", () => {
    const one = street();
    one.alarm(0);
    one.order(WANG, one.only().id, { name: "answer" });
    for (const seq of [2, 3, 4]) one.alarm(0, { seq });
    expect(one.only()).toMatchObject({ priority: 2, ...rule("kind") });
  });

  test("never make it less urgent", () => {
    const one = street();
    one.alarm(0, { kind: "silent" });
    one.alarm(0, { seq: 2, kind: "text", text: "没事" });
    expect(one.only()).toMatchObject({ priority: 1, ...rule("silent") });
  });
});

describe("several pillars of one grid", () => {
  test("from which people call within a minute make every one of the calls urgent", () => {
    const one = street();
    one.alarm(0, { ageMs: 0 });
    one.alarm(1, { ageMs: 0, eventId: 20 });
    expect(grades(one)).toEqual([
      [2, "kind"],
      [2, "kind"],
    ]);
    one.advance(SEVERAL_WITHIN_MS / 1000 - 1);
    one.alarm(2, { ageMs: 0, eventId: 30 });
    expect(grades(one)).toEqual(Array.from({ length: 3 }, () => [1, "several"]));
    one.alarm(3, { ageMs: 0, eventId: 40 });
    expect(grades(one)).toEqual(Array.from({ length: 4 }, () => [1, "several"]));
  });

  test("do not when the calls are more than a minute apart, or are tests, or of one in doubt", () => {
    const one = street();
    one.alarm(0, { ageMs: 0 });
    one.alarm(1, { ageMs: 0, eventId: 20, kind: "test" });
    const record = one.state.pillars.get(pillar(3))!;
    one.state.pillars.set(pillar(3), { ...record, isCertificateOver: true });
    one.alarm(3, { ageMs: 0, eventId: 30 });
    one.alarm(4, { ageMs: 0, eventId: 40 });
    one.advance(SEVERAL_WITHIN_MS / 1000 + 1);
    one.alarm(2, { ageMs: 0, eventId: 50 });
    expect(grades(one).filter(([priority]) => priority === 1)).toEqual([]);
  });
});

describe("what a person decides", () => {
  const urgent = (): Street => {
    const one = street({ night: { fromMinute: 0, untilMinute: 1440 } });
    one.alarm(0);
    return one;
  };

  test("stands with their name and reason, and only what is new raises it again", () => {
    const one = urgent();
    one.order(WANG, one.only().id, { name: "answer" });
    regrade(one, WANG, 3, "a child, known here");
    const told = { kind: "person", byName: "wang", reason: "a child, known here" };
    expect(one.only()).toMatchObject({ priority: 3, priorityReason: told });
    one.alarm(0, { seq: 2 });
    expect(one.only()).toMatchObject({ priority: 3, priorityReason: told });
    one.alarm(0, { seq: 3, kind: "silent" });
    expect(one.only()).toMatchObject({ priority: 1, ...rule("silent") });
  });

  test("everybody at a desk may make it more urgent; less urgent, who has it or a supervisor", () => {
    const one = street();
    one.alarm(0);
    regrade(one, LI, 1, "screams");
    expect(one.only().priority).toBe(1);
    expect(regrade(one, LI, 3).effects).toMatchObject([{ type: "refuse", code: "conflict" }]);
    one.order(WANG, one.only().id, { name: "answer" });
    expect(regrade(one, LI, 3).effects).toMatchObject([{ type: "refuse", by: "wang" }]);
    regrade(one, WANG, 2);
    expect(one.only().priority).toBe(2);
    regrade(one, CHEN, 3);
    expect(one.only().priority).toBe(3);
  });

  test("the same again changes nothing", () => {
    const one = street();
    one.alarm(0);
    expect(regrade(one, LI, 2)).toEqual({ facts: [], effects: [] });
  });
});

describe("times of day", () => {
  test.each([
    [Date.UTC(2026, 0, 1, 16, 30), 480, 30],
    [Date.UTC(2026, 0, 1, 0, 0), -60, 1380],
    [-1, 0, 1439],
  ])("%i at an offset of %i min is minute %i", (at, offset, minute) => {
    expect(minuteOfDay(at, offset)).toBe(minute);
  });

  test("a span may pass midnight; its end does not belong to it", () => {
    const night = { fromMinute: 1380, untilMinute: 300 };
    const found = [1379, 1380, 1439, 0, 299, 300].map((minute) => isInSpan(minute, night));
    expect(found).toEqual([false, true, true, true, true, false]);
    expect(isInSpan(600, { fromMinute: 600, untilMinute: 601 })).toBe(true);
    expect(isInSpan(601, { fromMinute: 600, untilMinute: 601 })).toBe(false);
  });
});
