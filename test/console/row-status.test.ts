/** The status in a row of the queue: who has the incident, or what happens next. */
import { describe, expect, test } from "vitest";
import { rowStatus, type Onlooker } from "../../hub/console/desk/queue/row-status.ts";
import { incident } from "../kit/console/incidents.ts";

const HERE: Onlooker = { me: "li", hungUpId: undefined, leftMs: 4001 };
const mine = { owner: "li", ownerName: "李娜" };
const theirs = { owner: "wang", ownerName: "王强" };

describe("a row", () => {
  test.each([
    ["counts down to the next step", {}, {}, "queue.leftUntil"],
    ["says that the step is due", {}, { leftMs: 0 }, "queue.escalated"],
    ["says nothing when nothing is due", {}, { leftMs: null }, undefined],
    ["says who was called outside", { escalation: "external" }, {}, "queue.level.external"],
    ["says to whom it was handed", theirs, {}, "queue.handedTo"],
    ["says that I have seen it", { state: "acknowledged", ...mine }, {}, "queue.seenByMe"],
    ["says who has seen it", { state: "acknowledged", ...theirs }, {}, "queue.seenBy"],
    ["says that I talk", { state: "answered", ...mine }, {}, "queue.byMe"],
    ["says who talks", { state: "answered", ...theirs }, {}, "queue.byOther"],
    [
      "says that somebody waits on hold",
      { state: "answered", isHeld: true, ...mine },
      {},
      "queue.held",
    ],
  ] as const)("%s", (_, change, here, key) => {
    expect(rowStatus(incident(1, change), { ...HERE, ...here })?.key).toBe(key);
  });

  test("of a call that was hung up here says that first", () => {
    const one = incident(1, { state: "answered", ...mine });
    expect(rowStatus(one, { ...HERE, hungUpId: one.id })).toEqual({ key: "queue.hungUp" });
  });

  test("rounds the seconds up, and names the other by the name people know", () => {
    expect(rowStatus(incident(1), HERE)?.values).toEqual({ seconds: 5 });
    const seen = incident(1, { state: "acknowledged", ...theirs });
    expect(rowStatus(seen, HERE)?.values).toEqual({ name: "王强" });
  });
});
