/**
 * What the hub remembers of messages, to the millisecond: the clock, presence, and when something
 * is told again.
 */
import { describe, expect, test } from "vitest";
import type { IncidentId, SessionNonce, Username } from "../../../../shared/ids.ts";
import { hearRefolded } from "../../../../hub/core/hear.ts";
import { hearClock, isOfOtherClock, isSteady } from "../../../../hub/core/time/clock.ts";
import { unset, silence, type PillarContact } from "../../../../hub/core/state/heard-state.ts";
import { hearConsole, OWNER_GONE_MS } from "../../../../hub/core/incident/console.ts";
import {
  isCallOwed,
  LATE_AFTER_MS,
  LOST_AFTER_MS,
  MAX_CHANGES_PER_TICK,
  mayAskResend,
  presenceFact,
  RECONNECT_WITHIN_MS,
} from "../../../../hub/core/pillar/presence.ts";
import {
  CHEN,
  calls,
  hex,
  newStreet,
  pillar,
  type Street,
} from "../../../kit/core/hub-core-street.ts";

const ID = pillar(0);

test("the times are these, and a change of one is a decision", () => {
  expect([LATE_AFTER_MS, LOST_AFTER_MS, RECONNECT_WITHIN_MS]).toEqual([7500, 12_000, 4000]);
  expect([MAX_CHANGES_PER_TICK, OWNER_GONE_MS]).toEqual([4000, 30_000]);
});

/** A street whose pillar 0 sent a message a moment ago. */
function heard(given: Partial<PillarContact> = {}): Street {
  const street = newStreet();
  street.heartbeat(0);
  Object.assign(street.state.heard.contacts.get(ID)!, given);
  return street;
}

describe("a pillar", () => {
  const presenceAfter = (ms: number, given: Partial<PillarContact> = {}) => {
    const street = heard(given);
    const fact = presenceFact(street.state, ID, street.now() + ms);
    return fact?.type === "presence-changed" ? fact.presence : "online";
  };
  test("is late from 7.5 s of silence on, and lost from 12 s on", () => {
    expect([7500, 7501, 12_000, 12_001].map((ms) => presenceAfter(ms))).toEqual([
      ...["online", "late", "late", "lost"],
    ]);
  });

  test("is lost 4 s after its connection closed", () => {
    const street = newStreet();
    const disconnectedAt = street.now();
    expect([4000, 4001].map((ms) => presenceAfter(ms, { disconnectedAt }))).toEqual([
      ...["online", "lost"],
    ]);
  });

  test("that was never heard is lost 12 s after listening began", () => {
    const street = heard();
    street.state.heard.contacts.clear();
    street.state.heard.since = street.now();
    const after = (ms: number) => presenceFact(street.state, ID, street.now() + ms);
    const at = street.now() + 12_001;
    expect([after(12_000), after(12_001)]).toEqual([
      undefined,
      { type: "presence-changed", at, pillarId: ID, presence: "lost" },
    ]);
    street.state.heard.since = null;
    expect(after(99_999)).toBeUndefined();
  });

  test("that is connected is remembered with all that is not known of it yet", () => {
    const street = newStreet();
    street.connect(0);
    const { cloneWatch: _watch, ...contact } = street.state.heard.contacts.get(ID)!;
    expect(contact).toEqual({
      ...{ heardAt: street.now(), disconnectedAt: null, isTold: false },
      ...{ toldAt: 5000, resendAskedAt: null, resendAfterMs: 15_000, sessionNonce: null },
      behindSince: null,
    });
    street.disconnect(0);
    expect(street.state.heard.contacts.get(ID)).toMatchObject({
      ...{ isTold: false, disconnectedAt: street.now() },
    });
    street.advance(1);
    street.heartbeat(0);
    expect(street.state.heard.contacts.get(ID)).toMatchObject({
      ...{ disconnectedAt: null, heardAt: street.now(), sessionNonce: hex(1) },
    });
  });

  test("that calls by HTTPS is alive, but not reached", () => {
    const street = newStreet();
    street.alarm(0, {}, { via: "https" });
    expect(street.state.heard.contacts.size).toBe(0);
    street.alarm(0, { seq: 2 });
    expect(street.state.heard.contacts.size).toBe(1);
  });

  test("that reports is heard by it", () => {
    const street = heard();
    street.disconnect(0);
    street.advance(1);
    const report = { v: 1, type: "fault-cleared", code: "camera-lost" } as const;
    street.tell({ type: "report", at: street.now(), pillarId: ID, report });
    expect(street.state.heard.contacts.get(ID)).toMatchObject({
      ...{ heardAt: street.now(), disconnectedAt: null },
    });
  });
});

describe("a call is told again", () => {
  const owed = (sinceMs: number, given: { open?: true; overMs?: number } = {}) => {
    const street = heard({ isTold: true });
    const incidentId = hex(40) as IncidentId;
    if (given.open || given.overMs !== undefined) street.alarm(0);
    const [id = incidentId] = street.state.incidents.keys();
    if (given.overMs !== undefined) {
      street.order(CHEN, id, { name: "close", disposition: "resolved", note: "" });
    }
    const { heard: now } = street.state;
    Object.assign(now.contacts.get(ID)!, { isTold: true, toldAt: 1000 });
    now.clock.nowMs = 1000 + sinceMs;
    return isCallOwed(street.state, ID, street.now() + (given.overMs ?? 0));
  };

  test("while it runs, every nine seconds", () => {
    expect([owed(8999, { open: true }), owed(9000, { open: true })]).toEqual([false, true]);
  });

  test("as often when it has been over for less than two minutes", () => {
    expect([8999, 9000].map((ms) => owed(ms, { overMs: 119_999 }))).toEqual([false, true]);
  });

  test("once a minute after that, up to half an hour", () => {
    expect([59_999, 60_000].map((ms) => owed(ms, { overMs: 120_000 }))).toEqual([false, true]);
    expect([1_799_999, 1_800_000].map((ms) => owed(60_000, { overMs: ms }))).toEqual([true, false]);
  });

  test("never to one that has not called, or is not heard", () => {
    expect(owed(99_999)).toBe(false);
    expect(isCallOwed(newStreet().state, ID, 0)).toBe(false);
    expect(isCallOwed(heard({ isTold: false }).state, ID, 0)).toBe(true);
  });

  test("to a session that has not shown itself with its first heartbeat, each incident's latest word", () => {
    const street = newStreet();
    street.connect(0);
    for (let seq = 1; seq <= 65; seq += 1) {
      expect(calls(street.alarm(0, { seq }).effects)).toEqual(["ringing"]);
    }
    const untold = () => [...(street.state.heard.untold.get(ID)?.keys() ?? [])];
    expect(untold().map((eventId) => Number.parseInt(eventId, 16))).toEqual([65]);
    expect(calls(street.heartbeat(0, { seq: 65 }).effects)).toContain("ringing");
    // Only the next heartbeat proves which session received it.
    expect(untold()).toHaveLength(1);
    street.heartbeat(0, { seq: 65 });
    expect(untold()).toEqual([]);
  });

  test("that called by HTTPS alone: the end of that call, when it is connected and calls again", () => {
    const street = newStreet();
    street.alarm(0, { seq: 2 }, { via: "https" });
    street.order(CHEN, street.only().id, { name: "close", disposition: "resolved", note: "" });
    expect(street.state.heard.contacts.get(ID)).toBeUndefined();
    street.alarm(0, { seq: 1 }, { via: "https" });
    street.connect(0);
    const told = street.heartbeat(0, { seq: 2 }).effects;
    expect(calls(told).toSorted()).toEqual(["ended", "ringing"]);
  });
});

test("a pillar that may have missed it hears of the end of a call that another one has followed, once and not for long", () => {
  const endsOf = (street: Street): string[] =>
    street
      .heartbeat(0, { seq: 9 })
      .effects.flatMap((effect) =>
        effect.type === "tell-pillar" && effect.call.status === "ended"
          ? [effect.call.incidentId]
          : [],
      );
  const street = heard();
  const ended: string[] = [];
  for (const seq of [5, 6, 7, 8]) {
    street.alarm(0, { seq });
    const open = [...street.state.incidents.keys()][0]!;
    street.order(CHEN, open, { name: "close", disposition: "resolved", note: "" });
    ended.push(open);
  }
  // An alarm of before comes now, and rings for itself.
  street.alarm(0, { seq: 4 });
  expect(endsOf(street)).toEqual([]);
  // The commit failed, and nobody knows what of it left the hub.
  hearRefolded(street.state.heard);
  expect(endsOf(street)).toEqual(ended.slice(1));
  expect(endsOf(street)).toEqual([]);
  street.advance(1800);
  hearRefolded(street.state.heard);
  expect(endsOf(street)).toEqual([]);
});

describe("a resend is asked for", () => {
  test("again after 15 s, 30 s and so on, up to ten minutes, by a fresh count for each silence", () => {
    const street = heard();
    const asked: number[] = [];
    for (let second = 0; second <= 3000; second += 1) {
      const { effects } = street.heartbeat(0, { seq: 2 });
      if (effects.some(({ type }) => type === "ask-resend")) asked.push(second);
      street.advance(1);
    }
    const waits = asked.slice(1).map((second, n) => second - asked[n]!);
    expect(asked[0]).toBe(0);
    expect(waits).toEqual([15, 30, 60, 120, 240, 480, 600, 600, 600]);
  });

  test("of nobody who is not heard", () => {
    expect(mayAskResend(newStreet().state, ID, 0)).toBe(false);
    expect(mayAskResend(heard().state, ID, 0)).toBe(true);
  });
});

describe("a session", () => {
  const isToldAgain = (street: Street, ms: number, nonce = 1): boolean => {
    street.setClock(ms);
    const sessionNonce = hex(nonce) as SessionNonce;
    return calls(street.heartbeat(0, { seq: 1, sessionNonce }).effects).length > 0;
  };
  test("that was silent for more than 7.5 s may have missed something, and so may another one", () => {
    const told = () => {
      const street = heard();
      street.alarm(0);
      street.heartbeat(0, { seq: 1 });
      return street;
    };
    expect(isToldAgain(told(), 7500)).toBe(false);
    expect(isToldAgain(told(), 7501)).toBe(true);
    expect(isToldAgain(told(), 10, 2)).toBe(true);
  });

  test("is told at once what it may have missed when a report is the first that is heard of it", () => {
    const report = (street: Street) =>
      street.tell({
        ...{ type: "report", at: street.now(), pillarId: ID },
        report: { v: 1, type: "fault-cleared", code: "messages-refused" },
      });
    for (const [ms, isTold] of [
      [7500, false],
      [7501, true],
    ] as const) {
      const street = heard();
      street.alarm(0);
      street.heartbeat(0, { seq: 1 });
      street.setClock(ms);
      expect(calls(report(street).effects).length > 0).toBe(isTold);
      expect(calls(report(street).effects)).toEqual([]);
    }
    // Its session is not known: the next heartbeat tells it.
    const street = newStreet();
    street.alarm(0);
    street.setClock(7501);
    expect(calls(report(street).effects)).toEqual([]);
    expect(calls(street.heartbeat(0, { seq: 1 }).effects).length).toBeGreaterThan(0);
  });
});

describe("the wall clock", () => {
  const tick = (clock: ReturnType<typeof unset>, nowMs: number, at: number) => {
    clock.nowMs = nowMs;
    hearClock({ ...silence(), clock }, { type: "tick", at });
    return { ...clock };
  };
  test("is as it is found at the first tick", () => {
    expect(tick(unset(), 100, 5000)).toEqual({
      ...{ nowMs: 100, tickedAtMs: 100, offsetMs: 4900, stepMs: 0, steadySinceMs: 100 },
    });
  });

  test.each([
    [500, 0, 4900],
    [-500, 0, 4900],
    [501, 501, 5401],
    [-501, -501, 4399],
  ])("that moved by %d ms was set by %d ms", (by, stepMs, offsetMs) => {
    const clock = unset();
    tick(clock, 100, 5000);
    expect(tick(clock, 1100, 6000 + by)).toEqual({
      ...{ nowMs: 1100, tickedAtMs: 1100, offsetMs, stepMs, steadySinceMs: 100 },
    });
  });

  test.each([
    [60_000, 100],
    [60_001, 1100],
    [-60_001, 1100],
  ])("that was set by %d ms is steady since %d", (by, steadySinceMs) => {
    const clock = unset();
    tick(clock, 100, 5000);
    expect(tick(clock, 1100, 6000 + by).steadySinceMs).toBe(steadySinceMs);
  });

  test("is believed after an hour of it, and not before the first tick", () => {
    const at = (nowMs: number) => isSteady({ ...unset(), nowMs, steadySinceMs: 100 });
    expect([at(3_600_099), at(3_600_100)]).toEqual([false, true]);
    expect(isSteady({ ...unset(), nowMs: 9e9 })).toBe(false);
  });

  test("is another one beyond half a second of difference", () => {
    const clock = { ...unset(), nowMs: 100, offsetMs: 4900 };
    expect([5500, 5501, 4500, 4499].map((at) => isOfOtherClock(clock, at))).toEqual([
      ...[false, true, false, true],
    ]);
    expect(isOfOtherClock(unset(), 9e9)).toBe(false);
  });

  test("takes every time that was heard along with it, and none into the future", () => {
    const state = silence();
    const street = newStreet();
    street.heartbeat(0);
    const [[id, contact]] = [...street.state.heard.contacts] as [[typeof ID, PillarContact]];
    const turn = (nowMs: number, at: number) => {
      state.clock.nowMs = nowMs;
      hearClock(state, { type: "tick", at });
    };
    turn(0, 100_000);
    const set = { heardAt: 99_000, toldAt: 98_000, disconnectedAt: 97_000, resendAskedAt: 96_000 };
    state.contacts.set(id, { ...contact, ...set, behindSince: 5 });
    state.since = 95_000;
    // A second later the wall clock is an hour behind.
    turn(1000, 101_000 - 3_600_000);
    expect(state.contacts.get(id)).toEqual({
      ...contact,
      ...{ heardAt: 99_000 - 3_600_000, toldAt: 98_000 },
      ...{ disconnectedAt: 97_000 - 3_600_000, resendAskedAt: 96_000 - 3_600_000 },
      ...{ behindSince: null, cloneWatch: undefined },
    });
    expect(state.since).toBe(95_000 - 3_600_000);
    // What came within the last tick was already stamped with the new time. Both ends of that
    // interval are tested.
    const now = 101_000 - 3_600_000 + 1000;
    turn(2000, now);
    const later = now + 1000 + 7_200_000;
    Object.assign(state.contacts.get(id)!, {
      ...{ heardAt: later - 1000, disconnectedAt: later - 1001 },
      ...{ resendAskedAt: later },
    });
    state.since = null;
    turn(3000, later);
    expect(state.since).toBeNull();
    expect(state.contacts.get(id)).toMatchObject({
      ...{ heardAt: later - 1000, disconnectedAt: later, resendAskedAt: later },
    });
  });
});

describe("a desk", () => {
  const username = "wang" as Username;
  const desk = (...signs: readonly ("connected" | "disconnected" | "beat" | "seen")[]) => {
    const now = silence();
    for (const sign of signs) {
      hearConsole(now, { type: `console-${sign}`, username });
      if (sign === "beat") now.people.get(username)!.goneAt = 5;
    }
    return now.people.get(username);
  };
  test.each([
    [["seen"], { streams: 0, hasBeat: false, goneAt: null }],
    [["connected", "connected"], { streams: 2, hasBeat: false, goneAt: null }],
    [["connected", "disconnected"], { streams: 0, hasBeat: false, goneAt: null }],
    [["disconnected", "connected"], { streams: 1, hasBeat: false, goneAt: null }],
    [["connected", "beat", "seen"], { streams: 1, hasBeat: true, goneAt: null }],
    [["beat", "seen"], { streams: 0, hasBeat: false, goneAt: null }],
    [["connected", "beat", "disconnected"], { streams: 0, hasBeat: false, goneAt: null }],
    [
      ["connected", "connected", "beat", "disconnected"],
      { streams: 1, hasBeat: true, goneAt: null },
    ],
  ] as const)("after %j is %j", (signs, found) => {
    expect(desk(...signs)).toEqual(found);
  });
});
