/** Every screen of the pillar, compared completely: its name, both texts and the lamp. */
import { describe, expect, test } from "vitest";
import { CommandId } from "../../../../shared/ids.ts";
import {
  falsePillar,
  NONCE,
  PILLAR,
  reachedPillar,
  type FalsePillar,
} from "../../../kit/core/pillar-core.ts";

const shown = (pillar: FalsePillar) => {
  const { phase, zh, en } = pillar.state().display;
  return [phase, zh, en, pillar.lamp()];
};
function told(status: "answered" | "held", kind: "voice" | "silent" = "voice"): FalsePillar {
  const pillar = reachedPillar();
  const eventId = pillar.press(kind);
  pillar.accept(eventId);
  pillar.call(eventId, status, "Wang");
  return pillar;
}
const cutOff = (): FalsePillar => {
  const pillar = told("answered");
  pillar.tell({ type: "link-down", reason: "test" });
  return pillar;
};
const changed = (pillar: FalsePillar, change: (pillar: FalsePillar) => void): FalsePillar => {
  change(pillar);
  return pillar;
};
const boardLost = { type: "board-running", isRunning: false, detail: "" } as const;

describe("the screen and the lamp", () => {
  test.each<[string, () => FalsePillar, readonly unknown[]]>([
    [
      "of a pillar at rest",
      () => reachedPillar(),
      ["standby", "紧急求助，请按按钮。", "In an emergency, press the button.", "standby"],
    ],
    [
      "without a hub for fifteen seconds",
      () => changed(falsePillar(), (pillar) => pillar.pass(15_000)),
      [
        "no-hub",
        "暂时联系不上报警中心。紧急情况请拨打110；也可按下按钮，我们会一直尝试。",
        "The centre cannot be reached. In an emergency dial 110; press the button and we keep trying.",
        "fault",
      ],
    ],
    [
      "without a button",
      () => changed(reachedPillar(), (pillar) => pillar.tell(boardLost)),
      [
        "no-button",
        "按钮故障。紧急情况请拨打110。",
        "The button is out of order. In an emergency dial 110.",
        "standby",
      ],
    ],
    [
      "of a press that has not left yet",
      () => changed(falsePillar(), (pillar) => pillar.press()),
      ["recorded", "正在呼叫报警中心，请稍候。", "Calling the centre. Please wait.", "calling"],
    ],
    [
      "of a press that has left",
      () => changed(reachedPillar(), (pillar) => pillar.press()),
      [
        "sent",
        "求助已发出，等待报警中心确认。",
        "Your call has been sent. Waiting for the centre to confirm.",
        "calling",
      ],
    ],
    [
      "of a press that nobody has taken for twenty seconds",
      () =>
        changed(reachedPillar(), (pillar) => {
          pillar.press();
          pillar.pass(20_000);
        }),
      [
        "dial-110",
        "网络故障，请拨打110。我们仍在继续呼叫。",
        "Network fault, please dial 110. We keep calling.",
        "calling",
      ],
    ],
    [
      "of a call that is received",
      () => changed(reachedPillar(), (pillar) => pillar.accept(pillar.press())),
      [
        "received",
        "报警中心已收到您的呼叫，请稍候。",
        "The centre has received your call. Please wait.",
        "received",
      ],
    ],
    [
      "of a call that is answered",
      () => told("answered"),
      ["answered", "Wang已接听，请讲话。", "Wang is with you. Please speak.", "answered"],
    ],
    [
      "of a silent call that is answered",
      () => told("answered", "silent"),
      ["answered", "Wang已接警。", "Wang is with you.", "answered"],
    ],
    [
      "of a call that is held",
      () => told("held"),
      ["held", "请稍候，Wang马上回来。", "Please hold for Wang.", "answered"],
    ],
    [
      "of an answered call whose line is cut",
      cutOff,
      [
        "reconnecting",
        "线路中断，正在重新连接。报警中心已收到您的呼叫。",
        "The line is lost, reconnecting. The centre has received your call.",
        "received",
      ],
    ],
    [
      "of an answered call whose line is cut for fifteen seconds",
      () => changed(cutOff(), (pillar) => pillar.pass(15_000)),
      [
        "line-lost",
        "联系不上报警中心，线路已断。报警中心曾收到您的呼叫；情况紧急请拨打110。我们一直在重新连接。",
        "The centre cannot be reached any more. It had received your call; in an emergency dial 110. We keep trying.",
        "received",
      ],
    ],
    [
      "of a call that is over",
      () =>
        changed(reachedPillar(), (pillar) => {
          const eventId = pillar.press();
          pillar.accept(eventId);
          pillar.call(eventId, "ended");
        }),
      ["closed", "通话已结束。", "The call has ended.", "standby"],
    ],
  ])("%s are these", (_, make, expected) => {
    expect(shown(make())).toEqual(expected);
  });

  test("of a pillar that shows itself blink, and only while no call runs", () => {
    const pillar = reachedPillar();
    const identify = (): void =>
      pillar.tell({
        type: "command-received",
        body: {
          ...{ v: 1, commandId: CommandId.parse("c".repeat(32)), pillarId: PILLAR, bootEpoch: 1 },
          ...{ sessionNonce: NONCE, issuedWallMs: 0, expiresInMs: 5000 },
          command: { name: "identify", seconds: 2 },
        },
      });
    identify();
    const lamps = [0, 500, 500, 500, 500].map((ms) => {
      pillar.pass(ms);
      return pillar.lamp();
    });
    expect(lamps).toEqual(["off", "standby", "off", "standby", "standby"]);
    pillar.press();
    expect(pillar.lamp()).toBe("calling");
  });

  test("are shown anew when their words change, and keep the moment since when they say so", () => {
    const pillar = reachedPillar();
    const displays = () => pillar.effects.filter(({ type }) => type === "display").length;
    expect(pillar.state().display.since).toBe(1_780_000_001_000);
    const before = displays();
    pillar.tell({ type: "timer-due", name: "heartbeat" });
    expect(displays()).toBe(before);
    const named = told("answered");
    named.pass(10);
    named.call(named.state().call.lastEventId!, "answered", "Li");
    expect(named.state().display).toMatchObject({ phase: "answered", since: 1_780_000_001_010 });
  });
});
