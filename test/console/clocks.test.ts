import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { LOST_AFTER_MS, newLink, stepLink, type Link } from "../../hub/console/api/link.ts";
import { escalationClock } from "../../hub/console/desk/queue/escalation.ts";
import { FROZEN_AFTER_MS, newPicture, stepPicture } from "../../hub/console/desk/call/frozen.ts";
import { formatWait } from "../../hub/console/desk/queue/wait.ts";
import { boundsOf, moveInto } from "../../hub/console/state/offset.ts";
import { at, incident, START_MS } from "../kit/console/incidents.ts";

describe("waiting time", () => {
  test.each([
    [0, "0:00"],
    [999, "0:00"],
    [59_999, "0:59"],
    [61_000, "1:01"],
    [3_600_000, "1:00:00"],
    [-5000, "0:00"],
  ])("%i ms reads %s", (ms, text) => expect(formatWait(ms)).toBe(text));
});

describe("escalation", () => {
  const ringing = incident(0, { deadlineAt: at(10_000) });

  test("the bar fills to the hub's own deadline and stays full", () => {
    expect(escalationClock(ringing, START_MS).filled).toBe(0);
    expect(escalationClock(ringing, START_MS + 5000).filled).toBeCloseTo(0.5);
    expect(escalationClock(ringing, START_MS + 60_000)).toMatchObject({
      filled: 1,
      leftMs: -50_000,
    });
  });

  test.each([
    [9999, "fresh"],
    [10_000, "late"],
    [19_999, "late"],
    [20_000, "overdue"],
  ])("after %i ms a wait is %s", (ms, stage) => {
    expect(escalationClock(ringing, START_MS + ms).stage).toBe(stage);
  });

  test("without a deadline nothing counts down", () => {
    expect(escalationClock(incident(0), START_MS + 5000)).toMatchObject({
      leftMs: null,
      filled: 0,
    });
  });
});

describe("the picture", () => {
  test("is not live before its first frame", () => {
    expect(stepPicture(newPicture(0), 0, 9000).phase).toBe("waiting");
  });

  test("is frozen when no frame was decoded for two seconds, and says since when", () => {
    const moving = stepPicture(newPicture(0), 10, 1000);
    expect(stepPicture(moving, 10, 1000 + FROZEN_AFTER_MS - 1).phase).toBe("moving");
    expect(stepPicture(moving, 10, 1000 + FROZEN_AFTER_MS)).toMatchObject({
      phase: "frozen",
      at: 1000,
    });
  });

  test("lives again with the next frame", () => {
    const frozen = stepPicture(stepPicture(newPicture(0), 10, 0), 10, 5000);
    expect(stepPicture(frozen, 11, 5100).phase).toBe("moving");
  });

  test("a new connection's first frame counts, though its counter begins again", () => {
    const frozen = stepPicture(stepPicture(newPicture(0), 500, 0), 0, 5000);
    expect(frozen.phase).toBe("frozen");
    expect(stepPicture(frozen, 1, 6000).phase).toBe("moving");
  });
});

describe("the link", () => {
  test("is lost by silence alone, within the three seconds the banner has", () => {
    const live = stepLink(newLink(0), { type: "heard", at: 1000 });
    expect(stepLink(live, { type: "tick", at: 1000 + LOST_AFTER_MS - 1 }).phase).toBe("live");
    expect(stepLink(live, { type: "tick", at: 1000 + LOST_AFTER_MS })).toMatchObject({
      phase: "lost",
      heardAt: 1000,
    });
    expect(LOST_AFTER_MS).toBeLessThan(3000);
  });

  test("is lost at once by an error, and keeps when it was last heard", () => {
    const live = stepLink(newLink(0), { type: "heard", at: 1000 });
    const lost = stepLink(live, { type: "failed", at: 1200 });
    expect(stepLink(lost, { type: "failed", at: 4000 })).toBe(lost);
    expect(lost).toMatchObject({ phase: "lost", since: 1200, heardAt: 1000 });
  });

  test("is live again with the first word, whatever came before", () => {
    const words = fc.constantFrom("heard", "failed", "tick");
    fc.assert(
      fc.property(fc.array(words), (types) => {
        const end = types.reduce<Link>(
          (link, type, n) => stepLink(link, { type, at: n * 700 } as const),
          newLink(0),
        );
        expect(stepLink(end, { type: "heard", at: 99_999 }).phase).toBe("live");
      }),
    );
  });
});

describe("the hub's clock", () => {
  test("a late answer on a busy machine does not move an offset that is right", () => {
    const late = boundsOf(10_000, 1000, { sentAt: 10_100, heardAt: 14_000 });
    expect(moveInto(0, late)).toBe(0);
  });

  test("a wrong clock is corrected to within the precision of one answer", () => {
    fc.assert(
      fc.property(fc.integer({ min: -1e7, max: 1e7 }), fc.nat(3000), (truth, delay) => {
        const sentAt = 1e9;
        const hubNow = sentAt + truth + delay / 2;
        const told = Math.floor(hubNow / 1000) * 1000;
        const bounds = boundsOf(told, 1000, { sentAt, heardAt: sentAt + delay });
        expect(Math.abs(moveInto(0, bounds) - truth)).toBeLessThanOrEqual(1000 + delay);
        expect(truth).toBeGreaterThanOrEqual(bounds.least);
        expect(truth).toBeLessThanOrEqual(bounds.most);
      }),
    );
  });
});
