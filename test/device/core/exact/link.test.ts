/** The connection to the hub: each wait, each attempt and the complete state of the link. */
import { describe, expect, test } from "vitest";
import { SessionNonce } from "../../../../shared/ids.ts";
import { after, clear, only, set, timers } from "../../../kit/core/effects.ts";
import {
  falsePillar,
  keptAlarm,
  LINK_UP,
  NONCE,
  reachedPillar,
  type FalsePillar,
} from "../../../kit/core/pillar-core.ts";

const link = (pillar: FalsePillar) => pillar.state().link;
const down = (pillar: FalsePillar) =>
  after(pillar, () => pillar.tell({ type: "link-down", reason: "no route" }));
const waits = (pillar: FalsePillar, count: number): number[] =>
  Array.from({ length: count }, () => {
    const [timer] = timers(down(pillar));
    const ms = timer?.type === "set-timer" ? timer.at - pillar.now() : 0;
    pillar.tell({ type: "timer-due", name: "reconnect" });
    return ms;
  });

describe("a link that is lost", () => {
  test("is tried again after a second, and is missing after fifteen", () => {
    const pillar = reachedPillar();
    const at = pillar.now();
    // The random number is 0.999 here.
    expect(down(pillar)).toEqual([
      set("reconnect", at + 999),
      { type: "log", level: "warn", text: "hub is not reached: no route; next try in 999 ms" },
      set("link-missing", at + 15_000),
    ]);
    expect(link(pillar)).toEqual({ phase: "waiting", attempt: 0, isMissing: false });
    expect(after(pillar, () => pillar.pass(999))).toEqual([{ type: "connect" }]);
    expect(link(pillar)).toEqual({ phase: "trying", attempt: 0, isMissing: false });
  });

  test("and lost again while it is tried waits longer each time, up to fifteen seconds", () => {
    const pillar = reachedPillar();
    expect(waits(pillar, 6)).toEqual([999, 1998, 3996, 7992, 14_985, 14_985]);
    expect(link(pillar)).toEqual({ phase: "trying", attempt: 5, isMissing: false });
    expect(timers(down(pillar))).toHaveLength(1);
    for (let n = 0; n < 40; n++) down(pillar);
    expect(link(pillar)).toMatchObject({ attempt: 30 });
  });

  test("is tried twice a second while an alarm waits for a hub", () => {
    const pillar = falsePillar({ unaccepted: [keptAlarm(1)] });
    expect(new Set(waits(pillar, 40))).toEqual(new Set([500]));
  });

  test("is tried twice a second up to the thirtieth time while a call runs", () => {
    const pillar = reachedPillar();
    pillar.accept(pillar.press());
    const all = waits(pillar, 32);
    expect(new Set(all.slice(0, 30))).toEqual(new Set([500]));
    expect(all.slice(30)).toEqual([14_985, 14_985]);
  });

  test("that was missing stays so until it is up, and is missing anew after the next loss", () => {
    const pillar = falsePillar();
    pillar.pass(15_000);
    expect(link(pillar)).toEqual({ phase: "trying", attempt: 0, isMissing: true });
    down(pillar);
    expect(link(pillar)).toEqual({ phase: "waiting", attempt: 1, isMissing: true });
    pillar.tell({ type: "timer-due", name: "reconnect" });
    pillar.tell(LINK_UP);
    expect(link(pillar)).toEqual({ phase: "up", sessionNonce: NONCE });
    pillar.tell({ type: "timer-due", name: "link-missing" });
    expect(link(pillar)).toEqual({ phase: "up", sessionNonce: NONCE });
    down(pillar);
    expect(link(pillar)).toEqual({ phase: "waiting", attempt: 0, isMissing: false });
  });
});

describe("a press", () => {
  test("makes the long wait a short one, and leaves an attempt under way alone", () => {
    const pillar = reachedPillar();
    down(pillar);
    const at = pillar.now();
    expect(timers(after(pillar, () => pillar.press()))).toContainEqual(set("reconnect", at + 500));
    const trying = falsePillar();
    const reconnects = timers(after(trying, () => trying.press())).filter(
      (one) => "name" in one && one.name === "reconnect",
    );
    expect(reconnects).toEqual([]);
  });
});

test("another session of the same link is taken for the present one", () => {
  const pillar = reachedPillar();
  const sessionNonce = SessionNonce.parse("7".repeat(32));
  const effects = after(pillar, () => pillar.tell({ type: "link-up", sessionNonce }));
  expect(link(pillar)).toEqual({ phase: "up", sessionNonce });
  expect(timers(effects).slice(0, 2)).toEqual([clear("reconnect"), clear("link-missing")]);
  expect(only(effects, "connect")).toEqual([]);
  expect(after(pillar, () => pillar.tell({ type: "timer-due", name: "reconnect" }))).toEqual([]);
});
