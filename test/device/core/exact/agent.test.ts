/**
 * The decisions of the pillar's core, effect by effect, and every limit: one below, exactly, and
 * one above.
 */
import { describe, expect, test } from "vitest";
import { OPENED_FOR, SHUT } from "../../../../shared/protocol/purpose.ts";
import { stepAgent } from "../../../../device/core/agent.ts";
import type { Effect, Event } from "../../../../device/core/events.ts";
import { MAX_UNSTORED } from "../../../../device/core/ledger/disk.ts";
import { WINDOW } from "../../../../device/core/ledger/ledger.ts";
import { MAX_OUTBOX } from "../../../../device/core/state/outbox-state.ts";
import { PROMPTS } from "../../../../device/core/call/prompt.ts";
import {
  ENDING_MS,
  mayBeDue,
  nextLook,
  sureOf,
  troubleOf,
} from "../../../../device/core/renewal.ts";
import { MAX_FALLBACK_REQUESTS, FALLBACK_AFTER } from "../../../../device/core/https-fallback.ts";
import {
  falsePillar,
  LINK_UP,
  NONCE,
  PILLAR,
  reachedPillar,
} from "../../../kit/core/pillar-core.ts";
import { after, clear, only, set, timers } from "../../../kit/core/effects.ts";

test("the limits are these, and a change of one is a decision", () => {
  expect([MAX_UNSTORED, WINDOW, MAX_OUTBOX, MAX_FALLBACK_REQUESTS, FALLBACK_AFTER]).toEqual([
    ...[1000, 16, 10_000, 4, 5000],
  ]);
  expect(ENDING_MS).toBe(864_000_000);
});

test("the prompts that can be said are these", () => {
  expect(Object.keys(PROMPTS)).toEqual([
    ...["calling", "received", "answered", "held", "reconnecting", "ringing-again", "ended"],
    ...["network-fault-dial-110", "identify"],
  ]);
});

describe("the start", () => {
  test("lights the lamp, beats, watches the link and connects", () => {
    const { effects } = falsePillar();
    expect(effects).toEqual([
      expect.objectContaining({ type: "display" }),
      { type: "lamp", pattern: "standby" },
      set("heartbeat", 6000),
      set("link-missing", 16_000),
      { type: "connect" },
    ]);
  });

  test("without a link for 15 s says so on the lamp, and not before", () => {
    const pillar = falsePillar();
    pillar.pass(14_999);
    expect(pillar.lamp()).toBe("standby");
    pillar.pass(1);
    expect([pillar.lamp(), pillar.screen()]).toEqual(["fault", "no-hub"]);
  });
});

describe("a press", () => {
  test("says, seals, stores, sends, and sets each of its times", () => {
    const pillar = reachedPillar();
    const at = pillar.now();
    const effects = after(pillar, () => void pillar.press());
    expect(timers(effects)).toEqual(
      [
        set("dial-110", at + 20_000),
        set("stuck-voice", at + 30_000),
        ...[set("ledger-late", at + 250), set("resend", at + 1998), clear("ledger-late")],
        clear("stuck-voice"),
      ].toSorted((a, b) => effects.findIndex(same(a)) - effects.findIndex(same(b))),
    );
    expect(only(effects, "prompt", "lamp")).toEqual(
      expect.arrayContaining([
        { type: "prompt", name: "calling" },
        { type: "lamp", pattern: "calling" },
      ]),
    );
    expect(only(effects, "seal")).toEqual([
      {
        type: "seal",
        edgeAt: at - 60,
        draft: {
          ...{ v: 1, eventId: pillar.state().call.lastEventId, pillarId: PILLAR, bootEpoch: 1 },
          ...{ seq: 1, prevHash: "0".repeat(64), kind: "voice", clock: { synced: true } },
          wallMs: 1_780_000_000_000 + at - 60,
        },
      },
    ]);
    expect(pillar.alarms()).toHaveLength(1);
    expect(pillar.alarms()[0]).toMatchObject({ ageMs: 60, attempt: 1 });
  });

  test("that nobody takes tells of 110 after 20 s, aloud and on the screen", () => {
    const pillar = falsePillar();
    pillar.press();
    pillar.pass(19_999);
    expect(pillar.screen()).toBe("recorded");
    const effects = after(pillar, () => pillar.pass(1));
    expect(pillar.screen()).toBe("dial-110");
    expect(effects).toContainEqual({ type: "prompt", name: "network-fault-dial-110" });
    const text = "no hub has accepted the call for 20 s: telling the person to dial 110";
    expect(effects).toContainEqual({ type: "log", level: "error", text });
  });

  test.each(["voice", "silent"] as const)("that never ends (%s) is a fault after 30 s", (kind) => {
    const pillar = reachedPillar();
    pillar.tell({ type: "button-pressed", kind, edgeAt: pillar.now() as never });
    pillar.pass(29_999);
    expect(pillar.faults()).toEqual([]);
    pillar.pass(1);
    const detail = `the ${kind} button has been closed for 30 s; free it or replace it`;
    expect([...pillar.state().health.faults]).toEqual([["button-stuck", detail]]);
    expect(after(pillar, () => pillar.tell({ type: "button-released", kind }))).toEqual([
      clear(`stuck-${kind}`),
      {
        ...{ type: "publish" },
        message: {
          channel: "report",
          message: { v: 1, type: "fault-cleared", code: "button-stuck" },
        },
      },
      { type: "log", level: "info", text: "fault button-stuck cleared" },
    ]);
  });
});

const same = (wanted: object) => (found: Effect) =>
  JSON.stringify(found) === JSON.stringify(wanted);

describe("a call", () => {
  const answered = () => {
    const pillar = reachedPillar();
    const eventId = pillar.press();
    pillar.accept(eventId);
    pillar.call(eventId, "answered", "Wang");
    return { pillar, eventId };
  };

  test("answered is believed for 25 s, and a repetition is worth 25 more", () => {
    const { pillar, eventId } = answered();
    pillar.pass(20_000);
    expect(timers(after(pillar, () => pillar.call(eventId, "answered", "Wang")))).toEqual([
      set("call-silence", pillar.now() + 1_800_000),
      set("answer-stale", pillar.now() + 25_000),
    ]);
    pillar.pass(24_999);
    expect([pillar.lamp(), pillar.screen()]).toEqual(["answered", "answered"]);
    pillar.pass(1);
    expect([pillar.lamp(), pillar.screen()]).toEqual(["received", "reconnecting"]);
    expect(pillar.prompts).toEqual(["calling", "received", "answered", "reconnecting"]);
    pillar.call(eventId, "answered", "Wang");
    expect(pillar.prompts.at(-1)).toBe("answered");
  });

  test("held, taken back and over, each said once", () => {
    const { pillar, eventId } = answered();
    pillar.call(eventId, "held", "Wang");
    pillar.call(eventId, "held", "Wang");
    pillar.call(eventId, "ringing");
    pillar.call(eventId, "ringing");
    const over = after(pillar, () => pillar.call(eventId, "ended"));
    expect(pillar.prompts).toEqual([
      ...["calling", "received", "answered", "held", "ringing-again", "ended"],
    ]);
    expect(timers(over)).toEqual([
      ...[clear("dial-110"), clear("call-silence"), set("ended-shown", pillar.now() + 10_000)],
    ]);
    pillar.pass(9999);
    expect(pillar.screen()).toBe("closed");
    pillar.pass(1);
    expect(pillar.screen()).toBe("standby");
  });

  test("of which the hub says nothing is over after half an hour", () => {
    const pillar = reachedPillar();
    pillar.accept(pillar.press());
    pillar.pass(1_799_999);
    expect(pillar.screen()).toBe("received");
    pillar.pass(1);
    expect(pillar.screen()).toBe("closed");
  });

  test("opens camera, microphone and speaker with its receipt, and closes them with its end", () => {
    const pillar = reachedPillar();
    const eventId = pillar.press();
    expect(pillar.openings()).toEqual([]);
    pillar.accept(eventId);
    expect(pillar.openings()).toEqual([OPENED_FOR.call]);
    pillar.call(eventId, "ended");
    expect(pillar.openings()).toEqual([OPENED_FOR.call, SHUT]);
  });
});
describe("the parts that can fail", () => {
  const told = (event: object) => {
    const pillar = reachedPillar();
    pillar.tell(event as never);
    return [...pillar.state().health.faults];
  };
  test.each([
    [
      { type: "fallback-off" },
      "fallback-off",
      "hub.alarmUrls is an empty list: no alarm goes by HTTPS when MQTT is silent; remove the line",
    ],
    [
      { type: "mains-changed", isLost: true },
      "mains-lost",
      "mains power has failed; the pillar runs on its battery",
    ],
    [
      { type: "tamper-changed", isOpen: true },
      "tamper-open",
      "the case is open; send somebody to look",
    ],
    [{ type: "board-running", isRunning: false, detail: "gone" }, "board-lost", "gone"],
    [{ type: "media-running", isRunning: false, detail: "crash" }, "media-down", "crash"],
    [{ type: "renewal-troubled", detail: "late" }, "renewal-failing", "late"],
    [{ type: "ledger-broken", reason: "I/O" }, "ledger-failing", "I/O"],
  ])("%j is the fault %s", (event, code, detail) => {
    expect(told(event)).toEqual([[code, detail]]);
  });

  test("that run again are no fault any more", () => {
    const pillar = reachedPillar();
    for (const isBad of [true, false]) {
      pillar.tell({ type: "mains-changed", isLost: isBad });
      pillar.tell({ type: "tamper-changed", isOpen: isBad });
      pillar.tell({ type: "board-running", isRunning: !isBad, detail: "" });
      pillar.tell({ type: "media-running", isRunning: !isBad, detail: "" });
      pillar.tell({ type: "renewal-troubled", detail: isBad ? "x" : undefined });
      expect(pillar.faults()).toHaveLength(isBad ? 5 : 0);
    }
  });

  test("at a clock that nothing set: before 2025 at once, otherwise after two minutes", () => {
    const pillar = reachedPillar();
    const beat = (at: number, wallMs: number, isClockSynced: boolean) => {
      const moment = { at, wallMs, isClockSynced, chance: 0, freshId: "f".repeat(32) };
      const event = { type: "timer-due", name: "heartbeat", ...moment } as unknown as Event;
      return stepAgent(pillar.state(), event).state.health.faults.get("clock-unsynced");
    };
    const unset = "expected a date after 2024, found an unset clock; check NTP";
    const free =
      "no time source has set the clock; check NTP, or set clock.trust if another source does";
    expect(beat(1000, 1_735_689_599_999, true)).toBe(unset);
    expect(beat(1000, 1_735_689_600_000, false)).toBeUndefined();
    expect(beat(119_999, 1_735_689_600_000, false)).toBeUndefined();
    expect(beat(120_000, 1_735_689_600_000, false)).toBe(free);
    expect(beat(120_000, 1_735_689_600_000, true)).toBeUndefined();
  });
});

describe("the next certificate", () => {
  const certificate = { from: 1000, until: 1000 + 3 * ENDING_MS };
  const on = (wallMs: number, isClockSynced = true) => ({ wallMs, isClockSynced });
  test("is asked for at two thirds of the time, or whenever the date is not sure", () => {
    const due = 1000 + 2 * ENDING_MS;
    expect([due - 1, due].map((at) => mayBeDue(certificate, on(at)))).toEqual([false, true]);
    expect([999, 1000].map((at) => mayBeDue(certificate, on(at)))).toEqual([true, false]);
    expect(mayBeDue(certificate, on(5000, false))).toBe(true);
  });

  test("is judged by the latest moment that is sure", () => {
    expect(sureOf(certificate, on(5000))).toBe(5000);
    expect(sureOf(certificate, on(500))).toBe(1000);
    expect(sureOf(certificate, on(5000, false))).toBe(1000);
  });

  test("that fails is trouble with less than ten days left, in words", () => {
    const trouble = (leftMs: number) =>
      troubleOf(certificate, on(certificate.until - leftMs), "no");
    expect(trouble(ENDING_MS)).toBeUndefined();
    expect(trouble(ENDING_MS - 1)).toBe(
      "the certificate ends in 9 days and could not be renewed: no",
    );
    expect(trouble(0)).toBe("the certificate ends in 0 days and could not be renewed: no");
    expect(trouble(-1)).toBe("the certificate has ended; enrol again with a new code (no)");
    expect(troubleOf(certificate, on(certificate.until, false), "no")).toBeUndefined();
  });

  test("is looked for again after four to eight hours, or sooner after failures", () => {
    expect([nextLook(0, 0), nextLook(0, 0.5)]).toEqual([14_400_000, 21_600_000]);
    const most = [1, 2, 3, 4, 5, 9].map((failures) =>
      Math.round(nextLook(failures, 0.999_999_999)),
    );
    expect(most.map((ms) => Math.round(ms / 60_000))).toEqual([5, 10, 20, 40, 60, 60]);
  });
});

test("a new link is told of with all that is wrong, its beat, and media is connected", () => {
  const pillar = falsePillar();
  pillar.tell({ type: "mains-changed", isLost: true });
  const effects = after(pillar, () => pillar.tell(LINK_UP));
  const detail = "mains power has failed; the pillar runs on its battery";
  const message = { v: 1, type: "fault-raised", code: "mains-lost", detail };
  expect(effects).toEqual([
    ...[clear("reconnect"), clear("link-missing")],
    { type: "log", level: "info", text: "hub is reached" },
    { type: "publish", message: { channel: "report", message } },
    expect.objectContaining({
      message: {
        channel: "heartbeat",
        message: {
          ...{ v: 1, bootEpoch: 1, sessionNonce: NONCE, uptimeMs: 1000 },
          ...{ wallMs: 1_780_000_001_000, head: { seq: 0, hash: "0".repeat(64) } },
          ...{ outboxDepth: 0, faults: ["mains-lost"], release: "test" },
        },
      },
    }),
    set("heartbeat", 6000),
    { type: "media", message: { type: "connect" } },
  ]);
});
