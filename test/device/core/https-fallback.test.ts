/**
 * The HTTPS fallback in virtual time: when an alarm goes by HTTPS, to which hub, and for how long.
 */
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { MAX_FALLBACK_REQUESTS } from "../../../device/core/https-fallback.ts";
import type { EventId } from "../../../shared/ids.ts";
import {
  falsePillar,
  keptAlarm,
  LINK_UP,
  reachedPillar,
  type FalsePillar,
} from "../../kit/core/pillar-core.ts";

const ways = { fallbackHubs: 2 };
const fail = (pillar: FalsePillar, eventId: EventId): void =>
  pillar.tell({ type: "fallback-failed", eventId, reason: "no answer within 5 s" });
const hubs = (pillar: FalsePillar): number[] => pillar.fallbackRequests.map(({ hub }) => hub);

describe("an alarm without a receipt", () => {
  test("goes by HTTPS 5 s after it was free to go, the very same signed event", () => {
    const pillar = reachedPillar(ways);
    pillar.press();
    pillar.pass(4999);
    expect(pillar.fallbackRequests).toEqual([]);
    pillar.pass(1);
    expect(hubs(pillar)).toEqual([0]);
    const [first] = pillar.alarms();
    expect(pillar.fallbackRequests[0]?.message).toMatchObject({
      event: first?.event,
      sig: first?.sig,
    });
    expect(pillar.fallbackRequests[0]?.message.ageMs).toBe(5060);
  });

  test("goes by HTTPS though the link never came up", () => {
    const pillar = falsePillar(ways);
    pillar.press();
    pillar.pass(5000);
    expect(hubs(pillar)).toEqual([0]);
    expect(pillar.screen()).toBe("sent");
  });

  test("does not wait when the link has been missing for long", () => {
    const pillar = falsePillar(ways);
    pillar.pass(16_000);
    pillar.press();
    pillar.pass(0);
    expect(hubs(pillar)).toEqual([0]);
  });

  test("asks each hub in turn, rests, and asks again, for ever", () => {
    const pillar = falsePillar(ways);
    const eventId = pillar.press();
    for (let asked = 1; asked <= 40; asked++) {
      pillar.pass(16_000);
      expect(pillar.fallbackRequests).toHaveLength(asked);
      fail(pillar, eventId);
    }
    expect(hubs(pillar).slice(0, 6)).toEqual([0, 1, 0, 1, 0, 1]);
  });

  test("rests longer after each round, up to 15 s", () => {
    const pillar = falsePillar({ fallbackHubs: 1 });
    const eventId = pillar.press();
    const rests: number[] = [];
    pillar.pass(5000);
    for (let round = 0; round < 6; round++) {
      const before = pillar.fallbackRequests.length;
      const from = pillar.now();
      fail(pillar, eventId);
      while (pillar.fallbackRequests.length === before) pillar.pass(10);
      rests.push(Math.round((pillar.now() - from) / 1000));
    }
    expect(rests).toEqual([2, 4, 8, 15, 15, 15]);
  });

  test("is asked for by MQTT all the while", () => {
    const pillar = reachedPillar(ways);
    const eventId = pillar.press();
    pillar.pass(6000);
    const before = pillar.alarms().length;
    for (let second = 0; second < 60; second++) {
      pillar.pass(1000);
      if (second % 5 === 0) fail(pillar, eventId);
    }
    expect(pillar.alarms().length).toBeGreaterThan(before + 2);
  });

  test("has one request under way at a time", () => {
    const pillar = falsePillar(ways);
    pillar.press();
    pillar.pass(600_000);
    expect(pillar.fallbackRequests).toHaveLength(1);
  });

  test("is left in peace once its receipt is there, by whichever way it came", () => {
    const pillar = reachedPillar(ways);
    const eventId = pillar.press();
    pillar.pass(5000);
    pillar.accept(eventId);
    fail(pillar, eventId);
    pillar.pass(600_000);
    expect(pillar.fallbackRequests).toHaveLength(1);
    expect(pillar.state().outbox.pending.size).toBe(0);
  });

  test("that is kept from before a reboot goes by HTTPS too", () => {
    const pillar = falsePillar({ ...ways, unaccepted: [keptAlarm(1)], bootEpoch: 2 });
    pillar.pass(5000);
    expect(pillar.fallbackRequests).toHaveLength(1);
    expect(pillar.fallbackRequests[0]?.message.ageMs).toBeUndefined();
  });

  test("that waits for its turn has it when the ones before it are accepted", () => {
    const unaccepted = Array.from({ length: 3 * MAX_FALLBACK_REQUESTS }, (_, index) =>
      keptAlarm(index + 1),
    );
    const head = { seq: unaccepted.length, hash: unaccepted.at(-1)!.hash };
    const pillar = falsePillar({ ...ways, unaccepted, head, bootEpoch: 2 });
    pillar.pass(5000);
    for (let asked = 0; asked < unaccepted.length; asked++) {
      pillar.accept(pillar.fallbackRequests[asked]!.message.event.eventId);
      pillar.pass(0);
    }
    expect(pillar.fallbackRequests).toHaveLength(unaccepted.length);
    expect(pillar.state().outbox.pending.size).toBe(0);
  });

  test("of a person who waits goes before all that is kept", () => {
    const unaccepted = Array.from({ length: 50 }, (_, index) => keptAlarm(index + 1));
    const pillar = falsePillar({
      ...ways,
      unaccepted,
      head: { seq: 50, hash: unaccepted[49]!.hash },
    });
    pillar.accept(unaccepted[49]!.event.eventId);
    // The hub says nothing for half an hour, so the call ends.
    pillar.tell({ type: "timer-due", name: "call-silence" });
    pillar.pass(4900);
    const eventId = pillar.press();
    pillar.pass(4999);
    expect(pillar.fallbackRequests).toHaveLength(MAX_FALLBACK_REQUESTS);
    pillar.pass(1);
    expect(pillar.fallbackRequests.at(-1)?.message.event.eventId).toBe(eventId);
    expect(pillar.fallbackRequests).toHaveLength(MAX_FALLBACK_REQUESTS + 1);
  });

  test("stays with MQTT when no HTTPS fallback is configured", () => {
    const pillar = reachedPillar();
    pillar.press();
    pillar.pass(600_000);
    expect(pillar.fallbackRequests).toEqual([]);
  });
});

test("what a changed hub hears again does not go by HTTPS", () => {
  const pillar = falsePillar({ ...ways, replayFrom: 3 });
  pillar.stored.push(keptAlarm(3), keptAlarm(4));
  pillar.tell(LINK_UP);
  pillar.pass(60_000);
  expect(pillar.alarms().length).toBeGreaterThan(2);
  expect(pillar.fallbackRequests).toEqual([]);
});

interface Story {
  readonly do: "press" | "up" | "down" | "answer-fallback" | "fail-fallback" | "pass";
  readonly ms: number;
}

function perform(pillar: FalsePillar, story: Story, accepted: Set<EventId>): void {
  const asked = pillar.fallbackRequests.at(-1)?.message.event.eventId;
  if (story.do === "press") pillar.press();
  if (story.do === "up" && pillar.state().link.phase === "trying") pillar.tell(LINK_UP);
  if (story.do === "down") pillar.tell({ type: "link-down", reason: "test" });
  if (story.do === "pass") pillar.pass(story.ms);
  if (story.do === "fail-fallback" && asked) fail(pillar, asked);
  if (story.do === "answer-fallback" && asked) {
    accepted.add(asked);
    pillar.accept(asked);
  }
}

const stories = fc.array(
  fc.record({
    do: fc.constantFrom<Story["do"][]>(
      "press",
      "up",
      "down",
      "answer-fallback",
      "fail-fallback",
      "pass",
    ),
    ms: fc.integer({ min: 1, max: 40_000 }),
  }),
  { maxLength: 60 },
);

test("whatever happens, 'received' follows that alarm's receipt, and asking never ends before it", () => {
  fc.assert(
    fc.property(stories, (all) => {
      const pillar = falsePillar(ways);
      const accepted = new Set<EventId>();
      for (const story of all) {
        perform(pillar, story, accepted);
        const { call } = pillar.state().call;
        const isShown = ["received", "answered", "reconnecting", "held"].includes(pillar.screen());
        const isProven = call.phase !== "idle" && accepted.has(call.eventId);
        expect(isShown && !isProven).toBe(false);
        const inFlight = [...pillar.state().outbox.pending.values()].filter(
          ({ fallback }) => fallback?.isUnderWay,
        );
        expect(inFlight.length).toBeLessThanOrEqual(MAX_FALLBACK_REQUESTS + 1);
      }
      for (const [eventId, one] of pillar.state().outbox.pending) {
        if (one.fallback?.isUnderWay) fail(pillar, eventId);
      }
      const before = pillar.fallbackRequests.length;
      pillar.pass(30_000);
      const waits = pillar.state().outbox.pending.size > 0;
      expect(pillar.fallbackRequests.length > before).toBe(waits);
    }),
    { numRuns: 200 },
  );
});
