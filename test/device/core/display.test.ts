/** The texts of the pillar's screen: never more than is proven. */
import { describe, expect, test } from "vitest";
import { displayOf } from "../../../device/core/display.ts";
import type { Display } from "../../../device/core/state/shown.ts";
import {
  falsePillar,
  LINK_UP,
  reachedPillar,
  type FalsePillar,
} from "../../kit/core/pillar-core.ts";

const shown = (pillar: FalsePillar): Display[] =>
  pillar.effects.flatMap((effect) => (effect.type === "display" ? [effect.display] : []));
const phases = (pillar: FalsePillar): string[] => shown(pillar).map(({ phase }) => phase);

describe("the screen", () => {
  test("goes with a call from its sending to its end, and rests after 10 s", () => {
    const pillar = reachedPillar();
    const eventId = pillar.press();
    pillar.accept(eventId);
    pillar.call(eventId, "answered", "王警官");
    pillar.call(eventId, "held", "王警官");
    pillar.call(eventId, "answered", "王警官");
    pillar.call(eventId, "ended");
    pillar.pass(9999);
    expect(pillar.screen()).toBe("closed");
    pillar.pass(1);
    const whole = "standby recorded sent received answered held answered closed standby";
    expect(phases(pillar).join(" ")).toBe(whole);
    expect(shown(pillar).find(({ phase }) => phase === "answered")).toMatchObject({
      zh: "王警官已接听，请讲话。",
      en: "王警官 is with you. Please speak.",
    });
  });

  test("shows a name as it is: nothing in it turns or hides the words around it", () => {
    const pillar = reachedPillar();
    const eventId = pillar.press();
    pillar.accept(eventId);
    pillar.call(eventId, "answered", "Wang\u202E\u001B[31m\nLi");
    expect(displayOf(pillar.state())).toMatchObject({
      zh: "Wang‹U+202E›␛[31m␊Li已接听，请讲话。",
      en: "Wang‹U+202E›␛[31m␊Li is with you. Please speak.",
    });
    pillar.call(eventId, "held", "شرطي");
    expect(displayOf(pillar.state())).toMatchObject({ en: "Please hold for \u2068شرطي\u2069." });
  });

  test("says 'sent' only when the alarm has left", () => {
    const pillar = falsePillar();
    pillar.press();
    expect(pillar.screen()).toBe("recorded");
    pillar.tell(LINK_UP);
    expect(pillar.screen()).toBe("sent");
  });

  test("says after 20 s without a hub to dial 110, until a hub has the call", () => {
    const pillar = reachedPillar();
    const eventId = pillar.press();
    pillar.pass(20_000);
    expect(displayOf(pillar.state())).toMatchObject({
      phase: "dial-110",
      zh: "网络故障，请拨打110。我们仍在继续呼叫。",
    });
    pillar.accept(eventId);
    expect(pillar.screen()).toBe("received");
  });

  test("and the lamp call nobody present whose line is lost, until the hub says it again", () => {
    const pillar = reachedPillar();
    const eventId = pillar.press();
    pillar.accept(eventId);
    pillar.call(eventId, "answered", "Wang");
    pillar.tell({ type: "link-down", reason: "keep-alive" });
    expect([pillar.screen(), pillar.lamp()]).toEqual(["reconnecting", "received"]);
    pillar.tell(LINK_UP);
    expect([pillar.screen(), pillar.lamp()]).toEqual(["reconnecting", "received"]);
    pillar.call(eventId, "answered", "Wang");
    expect([pillar.screen(), pillar.lamp()]).toEqual(["answered", "answered"]);
  });

  test("does not ask a silent caller to speak", () => {
    const pillar = reachedPillar();
    const eventId = pillar.press("silent");
    pillar.accept(eventId);
    pillar.call(eventId, "answered", "Wang");
    expect(displayOf(pillar.state()).en).toBe("Wang is with you.");
  });

  test("names another way when no hub or no button can be reached", () => {
    const pillar = falsePillar();
    pillar.pass(15_000);
    expect(pillar.screen()).toBe("no-hub");
    pillar.tell(LINK_UP);
    expect(pillar.screen()).toBe("standby");
    pillar.tell({ type: "board-running", isRunning: false, detail: "silent" });
    expect(displayOf(pillar.state())).toMatchObject({ phase: "no-button" });
  });

  test("keeps the time since which it says so", () => {
    const pillar = reachedPillar();
    pillar.press();
    const { since } = displayOf(pillar.state());
    pillar.pass(3000);
    expect(displayOf(pillar.state()).since).toBe(since);
  });
});
