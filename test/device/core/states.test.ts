/**
 * Every state of a pillar with what a person there sees and hears: lamp, voice, and texts in both
 * languages.
 *
 * This table can be compared with the promises: "calling" until a hub has the call, "received" only
 * after its receipt, a name only while that person is there, and another way to get help whenever
 * nothing is proven.
 */
import { existsSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { displayOf } from "../../../device/core/display.ts";
import { PROMPTS } from "../../../device/core/call/prompt.ts";
import type { DisplayPhase, LampPattern } from "../../../device/core/state/shown.ts";
import { IncidentId } from "../../../shared/ids.ts";
import type { CallStatus } from "../../../shared/protocol/call.ts";
import {
  EPOCH,
  falsePillar,
  LINK_UP,
  PILLAR,
  reachedPillar,
  type FalsePillar,
  RUN,
} from "../../kit/core/pillar-core.ts";

interface Row {
  readonly state: DisplayPhase;
  /** Makes a pillar in this state. */
  readonly after: () => FalsePillar;
  readonly lamp: LampPattern;
  /** The last prompt that was played; `undefined` if there was none. */
  readonly voice: keyof typeof PROMPTS | undefined;
  readonly zh: string;
  readonly en: string;
}

function pressed(kind: "voice" | "silent" = "voice", pillar = reachedPillar()) {
  return { pillar, eventId: pillar.press(kind) };
}
function received(kind?: "voice" | "silent") {
  const call = pressed(kind);
  call.pillar.accept(call.eventId);
  return call;
}
function answered(kind?: "voice" | "silent") {
  const call = received(kind);
  call.pillar.call(call.eventId, "answered", "王警官");
  return call;
}
function then<T extends { pillar: FalsePillar }>(call: T, what: (call: T) => void): FalsePillar {
  what(call);
  return call.pillar;
}

const TABLE: readonly Row[] = [
  {
    state: "standby",
    after: () => reachedPillar(),
    ...{ lamp: "standby", voice: undefined },
    zh: "紧急求助，请按按钮。",
    en: "In an emergency, press the button.",
  },
  {
    state: "no-hub",
    after: () => then({ pillar: falsePillar() }, ({ pillar }) => pillar.pass(15_000)),
    ...{ lamp: "fault", voice: undefined },
    zh: "暂时联系不上报警中心。紧急情况请拨打110；也可按下按钮，我们会一直尝试。",
    en: "The centre cannot be reached. In an emergency dial 110; press the button and we keep trying.",
  },
  {
    state: "no-button",
    after: () =>
      then({ pillar: reachedPillar() }, ({ pillar }) =>
        pillar.tell({ type: "board-running", isRunning: false, detail: "silent" }),
      ),
    // The lamp is connected to the board that is lost, so the agent cannot change it; the board
    // itself shows `fault`.
    ...{ lamp: "standby", voice: undefined },
    zh: "按钮故障。紧急情况请拨打110。",
    en: "The button is out of order. In an emergency dial 110.",
  },
  {
    state: "recorded",
    after: () => pressed("voice", falsePillar()).pillar,
    ...{ lamp: "calling", voice: "calling" },
    zh: "正在呼叫报警中心，请稍候。",
    en: "Calling the centre. Please wait.",
  },
  {
    state: "sent",
    after: () => pressed().pillar,
    ...{ lamp: "calling", voice: "calling" },
    zh: "求助已发出，等待报警中心确认。",
    en: "Your call has been sent. Waiting for the centre to confirm.",
  },
  {
    state: "dial-110",
    after: () => then(pressed(), ({ pillar }) => pillar.pass(20_000)),
    ...{ lamp: "calling", voice: "network-fault-dial-110" },
    zh: "网络故障，请拨打110。我们仍在继续呼叫。",
    en: "Network fault, please dial 110. We keep calling.",
  },
  {
    state: "received",
    after: () => received().pillar,
    ...{ lamp: "received", voice: "received" },
    zh: "报警中心已收到您的呼叫，请稍候。",
    en: "The centre has received your call. Please wait.",
  },
  {
    state: "answered",
    after: () => answered().pillar,
    ...{ lamp: "answered", voice: "answered" },
    zh: "王警官已接听，请讲话。",
    en: "王警官 is with you. Please speak.",
  },
  {
    state: "held",
    after: () => then(answered(), ({ pillar, eventId }) => pillar.call(eventId, "held", "王警官")),
    ...{ lamp: "answered", voice: "held" },
    zh: "请稍候，王警官马上回来。",
    en: "Please hold for 王警官.",
  },
  {
    state: "reconnecting",
    after: () =>
      then(answered(), ({ pillar }) => pillar.tell({ type: "link-down", reason: "keep-alive" })),
    ...{ lamp: "received", voice: "reconnecting" },
    zh: "线路中断，正在重新连接。报警中心已收到您的呼叫。",
    en: "The line is lost, reconnecting. The centre has received your call.",
  },
  {
    state: "line-lost",
    after: () =>
      then(answered(), ({ pillar }) => {
        pillar.tell({ type: "link-down", reason: "revoked" });
        pillar.pass(15_000);
      }),
    ...{ lamp: "received", voice: "network-fault-dial-110" },
    zh: "联系不上报警中心，线路已断。报警中心曾收到您的呼叫；情况紧急请拨打110。我们一直在重新连接。",
    en: "The centre cannot be reached any more. It had received your call; in an emergency dial 110. We keep trying.",
  },
  {
    state: "closed",
    after: () => then(answered(), ({ pillar, eventId }) => pillar.call(eventId, "ended")),
    ...{ lamp: "standby", voice: "ended" },
    zh: "通话已结束。",
    en: "The call has ended.",
  },
];

/**
 * Every state that names an operator, and everything that ends it: lamp, voice and texts change in
 * the same step.
 */
const NAMED = ["answered", "held", "reconnecting"] as const;
const OTHER_INCIDENT = IncidentId.parse("7".repeat(32));

function named(state: (typeof NAMED)[number], kind?: "voice" | "silent") {
  const call = answered(kind);
  if (state === "held") call.pillar.call(call.eventId, "held", "王警官");
  if (state === "reconnecting") {
    call.pillar.tell({ type: "link-down", reason: "keep-alive" });
    call.pillar.tell(LINK_UP);
  }
  return call;
}

interface WayBack {
  readonly what: string;
  readonly happens: (call: ReturnType<typeof answered>) => void;
  readonly shown: DisplayPhase;
  readonly voice: keyof typeof PROMPTS;
}

const tellOther = ({ pillar, eventId }: ReturnType<typeof answered>, status: CallStatus) =>
  pillar.hear({ v: 1, incidentId: OTHER_INCIDENT, eventId, status });

const WAYS_BACK: readonly WayBack[] = [
  {
    what: "the operator is gone, or hands over, or the hub was set back to before the answer",
    happens: ({ pillar, eventId }) => pillar.call(eventId, "ringing"),
    ...{ shown: "received", voice: "ringing-again" },
  },
  {
    what: "the hub says answered without a name",
    happens: ({ pillar, eventId }) => pillar.call(eventId, "answered"),
    ...{ shown: "received", voice: "ringing-again" },
  },
  {
    what: "the call is over",
    happens: ({ pillar, eventId }) => pillar.call(eventId, "ended"),
    ...{ shown: "closed", voice: "ended" },
  },
  {
    what: "the call is over and opened again",
    happens: ({ pillar, eventId }) => {
      pillar.call(eventId, "ended");
      pillar.call(eventId, "ringing");
    },
    ...{ shown: "received", voice: "received" },
  },
  {
    what: "the hub tells of another incident",
    happens: (call) => tellOther(call, "ringing"),
    ...{ shown: "received", voice: "ringing-again" },
  },
  {
    what: "another incident is over",
    happens: (call) => tellOther(call, "ended"),
    ...{ shown: "closed", voice: "ended" },
  },
  {
    what: "a restored hub accepts the alarm into another incident",
    happens: ({ pillar, eventId }) =>
      pillar.tell({
        type: "accepted",
        receipt: {
          ...{ v: 1, eventId, pillarId: PILLAR, seq: 1, incidentId: OTHER_INCIDENT },
          ...{ isOver: false, hubEpoch: EPOCH, journalIndex: 1, hubRun: RUN },
        },
        via: "https",
      }),
    ...{ shown: "received", voice: "ringing-again" },
  },
  {
    what: "the line or the identity is lost",
    happens: ({ pillar }) => pillar.tell({ type: "link-down", reason: "revoked" }),
    ...{ shown: "reconnecting", voice: "reconnecting" },
  },
  {
    what: "the hub does not repeat it for 25 s, though the broker is there",
    happens: ({ pillar }) => pillar.pass(25_000),
    ...{ shown: "reconnecting", voice: "reconnecting" },
  },
  {
    what: "the hub says nothing for half an hour",
    happens: ({ pillar }) => pillar.pass(30 * 60_000),
    // The call ends by itself at that moment, and the display says so.
    ...{ shown: "closed", voice: "ended" },
  },
];

describe.each(NAMED)("from %s", (state) => {
  test.each(WAYS_BACK)("$what: it shows $shown and says $voice", (way) => {
    const call = named(state);
    expect(call.pillar.lamp()).toBe(state === "reconnecting" ? "received" : "answered");
    way.happens(call);
    const { phase, zh, en } = displayOf(call.pillar.state());
    const { link } = call.pillar.state();
    const idle = link.phase !== "up" && link.isMissing ? "fault" : "standby";
    const lamp = way.shown === "closed" ? idle : "received";
    expect({ phase, lamp: call.pillar.lamp(), voice: call.pillar.prompts.at(-1) }).toEqual({
      ...{ phase: way.shown, lamp, voice: way.voice },
    });
    expect(zh + en).not.toContain("王警官");
  });

  test.each(WAYS_BACK)("$what: nothing is said where somebody pressed silently", (way) => {
    const call = named(state, "silent");
    way.happens(call);
    expect(displayOf(call.pillar.state()).phase).toBe(way.shown);
    expect(call.pillar.prompts).toEqual([]);
  });

  test("the same person says it again: lamp and words are as they were", () => {
    const { pillar, eventId } = named(state);
    pillar.call(eventId, state === "held" ? "held" : "answered", "王警官");
    expect(pillar.lamp()).toBe("answered");
    expect(displayOf(pillar.state()).zh).toContain("王警官");
  });

  test("another person answers: their name stands there, and the voice says it again", () => {
    const { pillar, eventId } = named(state);
    pillar.call(eventId, "answered", "李警官");
    expect(displayOf(pillar.state()).zh).toBe("李警官已接听，请讲话。");
    expect(pillar.prompts.at(-1)).toBe("answered");
  });
});

describe("a pillar", () => {
  test("is quiet from a silent press on, also in a call that began with a voice", () => {
    const { pillar, eventId } = received();
    const said = pillar.prompts.length;
    pillar.press("silent");
    pillar.call(eventId, "answered", "王警官");
    pillar.call(eventId, "ringing");
    expect(pillar.prompts).toHaveLength(said);
  });

  test.each(TABLE)("that is $state shows lamp $lamp, says $voice, and writes it", (row) => {
    const pillar = row.after();
    const { phase, zh, en } = displayOf(pillar.state());
    expect({ state: phase, lamp: pillar.lamp(), voice: pillar.prompts.at(-1), zh, en }).toEqual({
      ...{ state: row.state, lamp: row.lamp, voice: row.voice, zh: row.zh, en: row.en },
    });
  });

  test("pressed silently makes no sound in any state, and has no effect that speaks", () => {
    const { pillar, eventId } = answered("silent");
    expect(displayOf(pillar.state())).toMatchObject({
      zh: "王警官已接警。",
      en: "王警官 is with you.",
    });
    pillar.tell({ type: "link-down", reason: "keep-alive" });
    pillar.tell(LINK_UP);
    pillar.call(eventId, "ended");
    expect(pillar.prompts).toEqual([]);
  });

  test("has a recording of everything it can say", () => {
    const folder = new URL("../../../device/prompts/", import.meta.url);
    const absent = Object.keys(PROMPTS).filter(
      (name) => !existsSync(new URL(`${name}.wav`, folder)),
    );
    expect(absent).toEqual([]);
  });
});
