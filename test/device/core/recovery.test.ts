/** What a pillar does when its link or its disk has come back, and after a reboot. */
import { describe, expect, test } from "vitest";
import { MAX_FAULT_DETAIL, Report } from "../../../shared/protocol/report.ts";
import {
  keptAlarm,
  LINK_UP,
  falsePillar,
  reachedPillar,
  type FalsePillar,
} from "../../kit/core/pillar-core.ts";

const connects = (pillar: FalsePillar): number =>
  pillar.effects.filter(({ type }) => type === "connect").length;

describe("a pillar whose call is over, with an alarm that no hub has", () => {
  test("tries to reach its hub twice a second, though nobody waits at it any more", () => {
    const [kept, called] = [keptAlarm(1), keptAlarm(2)];
    const pillar = falsePillar({ unaccepted: [kept, called], bootEpoch: 2 });
    pillar.accept(called.event.eventId);
    // The hub says nothing for half an hour, so the call ends.
    pillar.tell({ type: "timer-due", name: "call-silence" });
    expect(pillar.state().call.call.phase).toBe("idle");
    for (let tried = 0; tried < 20; tried++) {
      const before = connects(pillar);
      pillar.tell({ type: "link-down", reason: "ECONNREFUSED" });
      pillar.pass(500);
      expect(connects(pillar)).toBe(before + 1);
    }
  });
});

describe("a disk that was slow once", () => {
  test("is no fault any more when it has stored in time for a minute", () => {
    const pillar = reachedPillar();
    pillar.disk = "stuck";
    const eventId = pillar.press();
    pillar.pass(250);
    expect(pillar.faults()).toEqual(["ledger-slow"]);
    pillar.disk = "good";
    pillar.tell({ type: "appended", eventId });
    expect(pillar.faults()).toEqual(["ledger-slow"]);
    pillar.pass(600_000);
    expect(pillar.faults()).toEqual([]);
  });
});

describe("a disk that comes back while kept alarms are asked for", () => {
  const back = { type: "ledger-back", unaccepted: [], hubEpoch: undefined } as const;

  test("goes on with the resend that was under way, not with what its own note says", () => {
    const pillar = falsePillar({ replayFrom: 3 });
    pillar.stored.push(keptAlarm(3), keptAlarm(4), keptAlarm(5));
    pillar.tell({ ...back, replayFrom: 5 });
    pillar.tell(LINK_UP);
    expect(pillar.alarms().map(({ event }) => event.seq)).toEqual([3, 4, 5]);
  });

  test("begins the resend that it noted before it died", () => {
    const pillar = reachedPillar();
    pillar.stored.push(keptAlarm(4), keptAlarm(5));
    pillar.tell({ ...back, replayFrom: 5 });
    pillar.pass(60_000);
    expect(pillar.alarms().map(({ event }) => event.seq)).toContain(5);
    expect(pillar.alarms().map(({ event }) => event.seq)).not.toContain(4);
  });
});

test("after a reboot what is kept goes to the first hub first", () => {
  const pillar = falsePillar({ fallbackHubs: 2, unaccepted: [keptAlarm(1)], bootEpoch: 2 });
  pillar.pass(5000);
  expect(pillar.fallbackRequests.map(({ hub }) => hub)).toEqual([0]);
});

describe("pressing again during a call", () => {
  test.each([
    [4500, 1],
    [4999, 1],
    [5000, 2],
  ])("%i ms after the first press there are %i alarms", (waitMs, alarms) => {
    const pillar = reachedPillar();
    pillar.press();
    pillar.pass(waitMs);
    pillar.press();
    const born = new Set(pillar.alarms().map(({ event }) => event.eventId));
    expect(born.size).toBe(alarms);
    pillar.pass(5000);
    expect(new Set(pillar.alarms().map(({ event }) => event.eventId)).size).toBe(2);
  });
});

test("a fault whose words are too long is told with as many as the hub takes", () => {
  const pillar = reachedPillar();
  pillar.tell({ type: "ledger-moved", reason: "x".repeat(2000) });
  const told = pillar.sent.flatMap((one) => (one.channel === "report" ? [one.message] : []));
  expect(told).toHaveLength(1);
  expect(Report.safeParse(told[0]).success).toBe(true);
  expect(told[0]).toMatchObject({ detail: "x".repeat(MAX_FAULT_DETAIL) });
});

test("the log tells each step of a call, after how many attempts and how long after the press", () => {
  const pillar = reachedPillar();
  const eventId = pillar.press();
  pillar.pass(2500);
  pillar.accept(eventId);
  pillar.call(eventId, "answered", "Wang");
  pillar.call(eventId, "ended");
  const lines = pillar.effects.flatMap((effect) => (effect.type === "log" ? [effect.text] : []));
  const id = eventId.slice(0, 4);
  expect(lines.filter((line) => line.startsWith("call "))).toEqual([
    `call ${id} idle → calling   on button-pressed`,
    `call ${id} calling → received   on accepted (attempt 2, 2560 ms after press)`,
    `call ${id} received → answered by Wang   on call-told`,
    `call ${id} answered → idle   on call-told`,
  ]);
});
