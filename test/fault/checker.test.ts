/**
 * Tests of the judge: a clean history passes, and one planted violation of each promise is found.
 */
import { describe, expect, test } from "vitest";
import { check } from "./harness/judge/checker.ts";
import type { EventId } from "../../shared/ids.ts";
import type { Entry } from "./harness/judge/history.ts";
import { cleanHistory, PILLAR, reworded } from "./harness/judge/clean-history.ts";

const found = (entries: readonly Entry[]): string[] => [
  ...new Set(check(entries).map(({ invariant }) => invariant)),
];
const without = (drop: (entry: Entry) => boolean): Entry[] =>
  cleanHistory().filter((entry) => !drop(entry));

test("a history in which every promise was kept has no violation", () => {
  expect(check(cleanHistory())).toEqual([]);
});

describe("found is", () => {
  test("I1: a press the journal never heard of", () => {
    const lost: Entry = { what: "press", at: 200_000, pillarId: PILLAR };
    expect(found([...cleanHistory(), lost])).toEqual(["I1"]);
  });

  test("I2: a lamp that says received before the journal had the alarm", () => {
    const early: Entry = { what: "lamp", at: 1004, pillarId: PILLAR, lamp: "received" };
    const entries = cleanHistory();
    const press = entries.findIndex(({ what }) => what === "press");
    expect(found(entries.toSpliced(press + 1, 0, early))).toEqual(["I2"]);
  });

  test("no I2 in a lamp that speaks for the running call, in which somebody presses again", () => {
    const eventId = "9".repeat(32) as EventId;
    const pressed = (at: number): Entry => ({ what: "press", at, pillarId: PILLAR, eventId });
    // Its own alarm is lost, and that is said; what the lamp shows 50 ms later is true of the call.
    expect(found([...cleanHistory(), pressed(30_050)])).toEqual(["I1"]);
    const after: Entry = { what: "lamp", at: 45_010, pillarId: PILLAR, lamp: "received" };
    expect(found([...cleanHistory(), pressed(45_000), after])).toContain("I2");
  });

  test("I2: a lamp that says answered though nobody did", () => {
    const entries = cleanHistory({ isAnswered: false });
    expect(found(entries)).toContain("I2");
  });

  test("I2: words on the screen, and a voice, that outlive the call by more than 2 s", () => {
    const linked: Entry = { what: "link", at: 2, pillarId: PILLAR, isUp: true };
    const screen = (at: number, phase: "answered" | "closed"): Entry => ({
      ...{ what: "screen", at, pillarId: PILLAR, phase, zh: "Wang已接听，请讲话。", en: "Wang" },
    });
    const voice = (at: number, prompt: "answered" | "ended"): Entry => ({
      ...{ what: "voice", at, pillarId: PILLAR, prompt },
    });
    const spoken = [
      linked,
      ...cleanHistory(),
      screen(30_100, "answered"),
      voice(30_100, "answered"),
    ];
    expect(found([...spoken, screen(40_100, "closed"), voice(40_100, "ended")])).toEqual([]);
    expect(found([...spoken, screen(40_100, "closed"), voice(44_000, "ended")])).toEqual(["I2"]);
    expect(found([...spoken, screen(44_000, "closed"), voice(40_100, "ended")])).toEqual(["I2"]);
    const cut: Entry = { what: "fault", at: 39_000, detail: "the cable is out", pillarId: PILLAR };
    expect(found([...spoken, cut, screen(44_000, "closed"), voice(44_000, "ended")])).toEqual([]);
  });

  test("I2: a lamp that says received anew of a call that is over, unless it falls back from answered on a cut line", () => {
    const lamp = (at: number, name: "received" | "standby"): Entry => {
      return { what: "lamp", at, pillarId: PILLAR, lamp: name };
    };
    const cut: Entry = { what: "fault", at: 39_000, detail: "the cable is out", pillarId: PILLAR };
    const late = without((entry) => entry.what === "lamp" && entry.lamp === "standby");
    const fallen = [...late, cut, lamp(45_000, "received"), lamp(52_000, "standby")];
    expect(found(fallen)).toEqual([]);
    const anew = [...late, cut, lamp(43_000, "standby"), lamp(45_000, "received")];
    expect(found([...anew, lamp(52_000, "standby")])).toEqual(["I2"]);
  });

  test("I2: a receipt for an alarm the journal does not hold", () => {
    const eventId = "f".repeat(32);
    const forged: Entry = { what: "receipt", at: 9000, pillarId: PILLAR, eventId, seq: 9 };
    expect(found([...cleanHistory(), forged])).toEqual(["I2"]);
  });

  test("I3: an alarm that was recorded twice", () => {
    expect(found(cleanHistory({ isRepeated: true }))).toEqual(["I3"]);
  });

  test("I3: two incidents of one pillar at once", () => {
    expect(found(cleanHistory({ isClosed: false, hasSecond: true }))).toContain("I3");
  });

  test("I5: an incident without owner and deadline", () => {
    expect(found(cleanHistory({ hasDeadline: false }))).toEqual(["I5"]);
  });

  test("I5: a deadline that fired late, though the hub was up", () => {
    expect(found(cleanHistory({ firedAfterMs: 15_000 }))).toEqual(["I5"]);
    const down: Entry[] = [
      { what: "hub", at: 2000, state: "down" },
      { what: "hub", at: 15_500, state: "up" },
    ];
    expect(found([...down, ...cleanHistory({ firedAfterMs: 15_000 })])).toEqual([]);
  });

  test("I6: a changed row of the journal", () => {
    const changed = reworded(cleanHistory(), "journal", (text) => text.replace("voice", "silent"));
    expect(found(changed)).toContain("I6");
  });

  test("I6: a changed alarm in the pillar's ledger", () => {
    const changed = reworded(cleanHistory(), "ledger", (text) => text.replace("voice", "silent"));
    expect(found(changed)).toEqual(["I6"]);
  });

  test("I6: an alarm the ledger holds and the journal does not", () => {
    const cut = without((entry) => entry.what === "journal" && entry.row.idx > 1);
    expect(found(cut)).toContain("I6");
  });
});
