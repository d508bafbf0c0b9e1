/** The HTTPS fallback: each timer, request and log line compared completely, at each limit. */
import { describe, expect, test } from "vitest";
import { MAX_FALLBACK_REQUESTS, FALLBACK_AFTER } from "../../../../device/core/https-fallback.ts";
import type { EventId } from "../../../../shared/ids.ts";
import { after, only, set } from "../../../kit/core/effects.ts";
import {
  falsePillar,
  keptAlarm,
  LINK_UP,
  reachedPillar,
  type FalsePillar,
} from "../../../kit/core/pillar-core.ts";

const ways = { fallbackHubs: 2 };
const reason = "no answer within 5 s";
const fail = (pillar: FalsePillar, eventId: EventId) =>
  after(pillar, () => pillar.tell({ type: "fallback-failed", eventId, reason }));
const fallbackOf = (pillar: FalsePillar, eventId: EventId) =>
  pillar.state().outbox.pending.get(eventId)?.fallback;
const line = (eventId: EventId) => ({
  ...{ type: "log", level: "warn", text: `alarm ${eventId.slice(0, 4)} by HTTPS: ${reason}` },
});
const kept = (count: number) => Array.from({ length: count }, (_, n) => keptAlarm(n + 1));
const idOf = (seq: number): EventId => keptAlarm(seq).event.eventId;
const fallbackTimers = (effects: Parameters<typeof only>[0]) =>
  only(effects, "set-timer").filter(
    (one) => one.type === "set-timer" && one.name === "https-fallback",
  );

describe("an alarm that is free to go", () => {
  test("has its turn by HTTPS five seconds later, with one timer for it", () => {
    expect([FALLBACK_AFTER, MAX_FALLBACK_REQUESTS]).toEqual([5000, 4]);
    const pillar = reachedPillar(ways);
    const at = pillar.now();
    let eventId: EventId | undefined;
    const effects = after(pillar, () => (eventId = pillar.press()));
    expect(fallbackTimers(effects)).toEqual([set("https-fallback", at + 5000)]);
    expect(fallbackOf(pillar, eventId!)).toEqual({ dueAt: at + 5000, tries: 0, isUnderWay: false });
  });

  test("has it at once while the link is known to be missing", () => {
    const pillar = falsePillar(ways);
    pillar.pass(15_000);
    const eventId = pillar.press();
    expect(fallbackOf(pillar, eventId)?.dueAt).toBe(pillar.now());
    const early = falsePillar(ways);
    early.pass(14_999);
    expect(fallbackOf(early, early.press())?.dueAt).toBe(early.now() + 5000);
  });

  test("has none without a configured hub, neither a new one nor one that was kept", () => {
    const none = falsePillar({ unaccepted: kept(2), head: { seq: 2, hash: keptAlarm(2).hash } });
    const eventId = none.press();
    expect([fallbackOf(none, eventId), fallbackOf(none, idOf(1))]).toEqual([undefined, undefined]);
    none.pass(60_000);
    expect([none.fallbackRequests, fallbackTimers(none.effects)]).toEqual([[], []]);
  });

  test("has one with a single configured hub, also one that was kept", () => {
    const one = falsePillar({ fallbackHubs: 1, unaccepted: kept(1) });
    expect(fallbackOf(one, idOf(1))).toEqual({ dueAt: 6000, tries: 0, isUnderWay: false });
    one.pass(5000);
    expect(one.fallbackRequests.map(({ at, hub }) => [at, hub])).toEqual([[6000, 0]]);
  });

  test("keeps the turn it has when the disk answers late", () => {
    const pillar = reachedPillar(ways);
    pillar.disk = "stuck";
    const eventId = pillar.press();
    pillar.pass(250);
    const fallback = fallbackOf(pillar, eventId);
    expect(fallback?.dueAt).toBe(pillar.now() + 5000);
    pillar.pass(100);
    pillar.tell({ type: "appended", eventId });
    expect(fallbackOf(pillar, eventId)).toEqual(fallback);
  });

  test("waits for the disk before it has a turn", () => {
    const pillar = reachedPillar(ways);
    pillar.disk = "stuck";
    const eventId = pillar.press();
    expect(fallbackOf(pillar, eventId)).toBeUndefined();
    expect(fallbackTimers(pillar.effects)).toEqual([]);
  });
});

describe("a request", () => {
  test("carries the alarm with its age and its number, and counts as an attempt", () => {
    const pillar = falsePillar(ways);
    const eventId = pillar.press();
    pillar.pass(5000);
    const { alarm } = pillar.state().outbox.pending.get(eventId)!;
    const message = { v: 1, event: alarm.event, sig: alarm.sig, ageMs: 5060, attempt: 1 };
    expect(pillar.fallbackRequests).toEqual([{ at: pillar.now(), hub: 0, message }]);
    expect(fallbackOf(pillar, eventId)).toMatchObject({ tries: 0, isUnderWay: true });
    fail(pillar, eventId);
    pillar.pass(250);
    expect(pillar.fallbackRequests.at(-1)?.message.attempt).toBe(2);
  });

  test("that fails is followed by the next hub after 250 ms, and after the last by a rest", () => {
    const pillar = falsePillar(ways);
    const eventId = pillar.press();
    pillar.pass(5000);
    const at = pillar.now();
    expect(fail(pillar, eventId)).toEqual([set("https-fallback", at + 250), line(eventId)]);
    expect(fallbackOf(pillar, eventId)).toEqual({ dueAt: at + 250, tries: 1, isUnderWay: false });
    pillar.pass(249);
    expect(pillar.fallbackRequests).toHaveLength(1);
    pillar.pass(1);
    expect(pillar.fallbackRequests.map(({ hub }) => hub)).toEqual([0, 1]);
    // The random number is 0.999 here, so the wait is nearly two seconds, and then nearly four.
    const rested = pillar.now();
    expect(fail(pillar, eventId)).toEqual([set("https-fallback", rested + 1998), line(eventId)]);
    for (let asked = 0; asked < 2; asked++) {
      pillar.pass(15_000);
      fail(pillar, eventId);
    }
    expect((fallbackOf(pillar, eventId)?.dueAt ?? 0) - pillar.now()).toBe(3996);
    expect(fallbackOf(pillar, eventId)?.tries).toBe(4);
  });

  test("of an alarm that is accepted meanwhile fails without a word", () => {
    const pillar = falsePillar(ways);
    const eventId = pillar.press();
    pillar.pass(5000);
    pillar.accept(eventId);
    expect(fail(pillar, eventId)).toEqual([]);
  });
});

describe("of many alarms", () => {
  const many = (count: number) => {
    const unaccepted = kept(count);
    return falsePillar({
      ...ways,
      unaccepted,
      head: { seq: count, hash: unaccepted.at(-1)!.hash },
    });
  };
  const asked = (pillar: FalsePillar): number[] =>
    pillar.fallbackRequests.map(({ message }) => message.event.seq);

  test("four are under way at once, the oldest, and no timer runs until one is answered", () => {
    const pillar = many(6);
    // Without this receipt the newest alarm would be the running call and would go first.
    pillar.accept(idOf(6));
    const effects = after(pillar, () => pillar.pass(5000));
    expect(asked(pillar)).toEqual([1, 2, 3, 4]);
    expect(fallbackTimers(effects)).toEqual([]);
    const at = pillar.now();
    expect(fallbackTimers(fail(pillar, idOf(2)))).toEqual([set("https-fallback", 6000)]);
    pillar.pass(0);
    expect(asked(pillar)).toEqual([1, 2, 3, 4, 5]);
    expect(fallbackOf(pillar, idOf(2))?.dueAt).toBe(at + 250);
  });

  test("the one timer is for the one that is due first", () => {
    const pillar = many(3);
    pillar.accept(idOf(3));
    pillar.pass(5000);
    const at = pillar.now();
    fail(pillar, idOf(1));
    pillar.pass(100);
    expect(fallbackTimers(fail(pillar, idOf(2)))).toEqual([set("https-fallback", at + 250)]);
  });

  test("what another hub hears again has no turn, and holds up none", () => {
    const pillar = falsePillar({ ...ways, replayFrom: 1, unaccepted: [keptAlarm(9)] });
    pillar.stored.push(keptAlarm(1), keptAlarm(2));
    pillar.tell(LINK_UP);
    pillar.pass(5000);
    expect(asked(pillar)).toEqual([9]);
    expect(fallbackOf(pillar, idOf(1))).toBeUndefined();
  });

  test("a request by MQTT counts among the attempts", () => {
    const pillar = reachedPillar(ways);
    pillar.press();
    pillar.pass(5000);
    expect(pillar.fallbackRequests[0]?.message.attempt).toBe(pillar.alarms().length + 1);
  });
});
