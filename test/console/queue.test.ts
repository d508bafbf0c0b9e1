import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  byUrgency,
  groupOf,
  nextToAnswer,
  placeRows,
  talkTarget,
} from "../../hub/console/desk/queue/queue.ts";
import { at, idOf, incident } from "../kit/console/incidents.ts";

const talking = (n: number, change = {}) =>
  incident(n, { state: "answered", owner: "wang", answeredAt: at(n), ...change });

const ids = (list: readonly { id: string }[]): number[] =>
  list.map(({ id }) => Number.parseInt(id, 16));

describe("who waits", () => {
  test("urgent comes before old, and old before new", () => {
    const list = [
      incident(3, { priority: 2 }),
      incident(9, { priority: 1 }),
      incident(5, { priority: 1 }),
      incident(1, { priority: 3 }),
    ];
    expect(ids(list.sort(byUrgency))).toEqual([5, 9, 3, 1]);
  });

  test("of the most urgent, whoever must not be heard comes first, also later", () => {
    const list = [incident(2), incident(9, { kind: "silent" }), incident(1, { priority: 2 })];
    expect(ids(list.sort(byUrgency))).toEqual([9, 2, 1]);
  });

  test("two presses of the same instant have one order on every desk", () => {
    const a = incident(1, { pressedAt: at(0) });
    const b = incident(2, { pressedAt: at(0) });
    expect(ids([a, b].sort(byUrgency))).toEqual(ids([b, a].sort(byUrgency)));
  });

  test("a hand-over waits at the desk it was given to and nowhere else", () => {
    const handed = incident(1, { state: "open", owner: "li" });
    expect(groupOf(handed, "li")).toBe("waiting");
    expect(groupOf(handed, "wang")).toBe("others");
  });

  test.each([
    ["open", null, "waiting"],
    ["acknowledged", "wang", "mine"],
    ["acknowledged", "li", "others"],
    ["acknowledged", null, "waiting"],
    ["answered", "wang", "mine"],
    ["answered", "li", "others"],
    ["closed", "wang", "closed"],
  ])("%s and owned by %s is shown to wang as %s", (state, owner, group) => {
    expect(groupOf(incident(1, { state, owner }), "wang")).toBe(group);
  });
});

describe("rows on the screen", () => {
  const someIds = fc.uniqueArray(fc.nat(30), { maxLength: 12 }).map((n) => n.map(String));

  test("nothing is lost and nothing is shown twice, whoever points where", () => {
    fc.assert(
      fc.property(someIds, someIds, fc.nat(30), (shown, wanted, pinned) => {
        const placed = placeRows(shown, wanted, String(pinned));
        expect(placed.toSorted()).toEqual(wanted.toSorted());
      }),
    );
  });

  test("a row under the pointer does not move when others come or go below the end of the list", () => {
    fc.assert(
      fc.property(someIds, someIds, fc.nat(11), (shown, wanted, index) => {
        const pinned = shown[index];
        if (pinned === undefined || !wanted.includes(pinned) || wanted.length <= index) return;
        expect(placeRows(shown, wanted, pinned).indexOf(pinned)).toBe(index);
      }),
    );
  });

  test("without a hand on the list the order is the urgent one", () => {
    expect(placeRows(["a", "b"], ["c", "b", "a"], null)).toEqual(["c", "b", "a"]);
  });
});

describe("what F2 answers", () => {
  test("what a person chose, when it waits", () => {
    const waiting = [incident(1), incident(2)];
    expect(nextToAnswer(waiting, idOf(2))?.id).toBe(idOf(2));
  });

  test("the most urgent one when nobody chose, or the chosen one no longer waits", () => {
    const waiting = [incident(7, { priority: 4, kind: "test" }), incident(9)];
    expect(nextToAnswer(waiting, null)?.id).toBe(idOf(9));
    expect(nextToAnswer(waiting, idOf(1))?.id).toBe(idOf(9));
  });

  test("nothing when nobody waits", () => {
    expect(nextToAnswer([], idOf(1))).toBeUndefined();
  });
});

describe("whose voice is in the headset", () => {
  test("none of a call on hold, of another desk, or unanswered", () => {
    const list = [
      talking(1, { isHeld: true }),
      talking(2, { owner: "li" }),
      incident(3, { state: "acknowledged", owner: "wang" }),
    ];
    expect(talkTarget(list, "wang", null)).toBeUndefined();
  });

  test("after a reload the newest answered call is taken up again", () => {
    expect(talkTarget([talking(1), talking(2)], "wang", null)?.id).toBe(talking(2).id);
  });

  test("nobody is talked to in a self-test", () => {
    expect(talkTarget([talking(1), talking(2, { kind: "test" })], "wang", null)?.id).toBe(
      talking(1).id,
    );
  });

  test("the open incident is preferred", () => {
    expect(talkTarget([talking(1), talking(2)], "wang", talking(1).id)?.id).toBe(talking(1).id);
  });
});
