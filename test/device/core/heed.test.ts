/**
 * Which of the hub's messages are accepted: those of this session, in order, from the present run
 * of the hub.
 */
import { describe, expect, test } from "vitest";
import {
  HubEpoch,
  HubRun,
  IncidentId,
  MediaSessionId,
  SessionNonce,
  type EventId,
} from "../../../shared/ids.ts";
import type { Stamp } from "../../../shared/protocol/addressed.ts";
import type { CallStatus } from "../../../shared/protocol/call.ts";
import {
  LINK_UP,
  NONCE,
  PILLAR,
  EPOCH,
  reachedPillar,
  RUN,
  type FalsePillar,
} from "../../kit/core/pillar-core.ts";

const stamp = (changes: object): Stamp =>
  ({ v: 1, pillarId: PILLAR, sessionNonce: NONCE, hubRun: RUN, number: 1, ...changes }) as Stamp;
const OTHER = SessionNonce.parse("9".repeat(32));
const run = (n: number): HubRun => HubRun.parse(String(n).repeat(32));

/** A run of the hub that has ended in the meantime. */
const ENDED = run(3);

function ringing(): { pillar: FalsePillar; say: (status: CallStatus, to: object) => void } {
  const pillar = reachedPillar();
  const eventId = pillar.press();
  const about = { v: 1, incidentId: IncidentId.parse(eventId), eventId, by: "Wang" } as const;
  const say = (status: CallStatus, to: object): void =>
    pillar.tell({ type: "call-told", body: { ...stamp(to), call: { ...about, status } } });
  say("ringing", { hubRun: ENDED, number: 9 });
  pillar.accept(eventId);
  return { pillar, say };
}

const signals = (pillar: FalsePillar): number =>
  pillar.effects.filter((one) => one.type === "media" && one.message.type === "signal").length;

describe("a signed message", () => {
  test.each([
    ["for another pillar", { pillarId: "pillar-2" }],
    ["for another session", { sessionNonce: OTHER }],
    ["with the number of the last one", { number: 5 }],
    ["with a number below the last one's", { number: 4 }],
    ["of a run of the hub that has ended", { hubRun: ENDED, number: 99 }],
  ])("%s changes neither lamp nor voice nor words, and is counted", (_what, to) => {
    const { pillar, say } = ringing();
    say("ringing", { number: 5 });
    const before = { display: pillar.state().display, prompts: pillar.prompts.length };
    say("answered", to);
    expect(pillar.lamp()).toBe("received");
    expect({ display: pillar.state().display, prompts: pillar.prompts.length }).toEqual(before);
    expect(pillar.state().heeded.refused).toBe(1);
    say("answered", { number: 6 });
    expect(pillar.lamp()).toBe("answered");
  });

  test("of a hub that has just started is heeded, whatever its numbers", () => {
    const { pillar, say } = ringing();
    say("answered", { number: 1000 });
    say("ringing", { hubRun: run(7), number: 1 });
    expect(pillar.lamp()).toBe("received");
  });

  test("of the last session is void in the next, where numbers begin anew", () => {
    const { pillar, say } = ringing();
    say("ringing", { number: 50 });
    pillar.tell({ type: "link-down", reason: "test" });
    pillar.tell({ ...LINK_UP, sessionNonce: OTHER });
    say("answered", { number: 51 });
    expect(pillar.lamp()).toBe("received");
    say("answered", { sessionNonce: OTHER, number: 1 });
    expect(pillar.lamp()).toBe("answered");
  });

  test("about picture and voice goes on to the media only in its order", () => {
    const pillar = reachedPillar();
    const sessionId = MediaSessionId.parse("a".repeat(32));
    const signal = { v: 1, sessionId, type: "answer", sdp: "v=0" } as const;
    const tell = (to: object): void =>
      pillar.tell({ type: "signalled", body: { ...stamp(to), signal } });
    tell({ number: 2 });
    tell({ number: 2 });
    tell({ number: 1 });
    tell({ number: 3, sessionNonce: OTHER });
    expect(signals(pillar)).toBe(1);
    tell({ number: 3 });
    expect(signals(pillar)).toBe(2);
  });
});

describe("what is refused", () => {
  const refuse = (pillar: FalsePillar): void =>
    pillar.tell({
      type: "message-refused",
      channel: "call",
      reason: "it is not signed by our hub",
    });

  test("is one fault, however often, until ten minutes have passed without any", () => {
    const pillar = reachedPillar();
    for (let times = 0; times < 1000; times++) refuse(pillar);
    expect(pillar.faults()).toEqual(["messages-refused"]);
    const raised = pillar.sent.filter(
      (one) => one.channel === "report" && one.message.type === "fault-raised",
    );
    expect(raised).toHaveLength(1);
    expect(raised[0]).toMatchObject({
      message: {
        code: "messages-refused",
        detail: expect.stringContaining("not signed by our hub"),
      },
    });
    expect(pillar.state().heeded.refused).toBe(1000);
    const lines = pillar.effects.filter((one) => one.type === "log" && /refused \(/.test(one.text));
    expect(lines).toHaveLength(4);
    pillar.pass(599_000);
    expect(pillar.faults()).toEqual(["messages-refused"]);
    pillar.pass(1000);
    expect(pillar.faults()).toEqual([]);
  });

  test("because it came late or again is no fault: a correct broker may repeat and reorder", () => {
    const { pillar, say } = ringing();
    for (let times = 0; times < 100; times++) say("answered", { sessionNonce: OTHER });
    expect(pillar.state().heeded.refused).toBe(100);
    expect(pillar.faults()).toEqual([]);
    expect(pillar.lamp()).toBe("received");
  });
});

describe("a receipt over the link", () => {
  const sendings = (pillar: FalsePillar): number => pillar.alarms().length;
  const late = (pillar: FalsePillar, eventId: EventId, changes: object): void =>
    pillar.tell({
      type: "accepted",
      receipt: {
        ...{ v: 1, eventId, pillarId: PILLAR, seq: 1, incidentId: IncidentId.parse(eventId) },
        ...{
          isOver: false,
          hubEpoch: EPOCH,
          journalIndex: 1,
          hubRun: RUN,
          sessionNonce: NONCE,
          ...changes,
        },
      },
      via: "link",
    });

  test("counts in the session that its alarm named: of the last one it is refused, and the alarm goes once more and rests", () => {
    const pillar = reachedPillar();
    const eventId = pillar.press();
    expect(pillar.alarms()).toMatchObject([{ sessionNonce: NONCE }]);
    pillar.tell({ type: "link-down", reason: "test" });
    pillar.tell({ ...LINK_UP, sessionNonce: OTHER });
    expect(pillar.alarms().slice(1)).toMatchObject([{ attempt: 2, sessionNonce: OTHER }]);
    late(pillar, eventId, {});
    expect([pillar.lamp(), sendings(pillar), pillar.faults()]).toEqual(["calling", 2, []]);
    pillar.accept(eventId);
    expect(pillar.lamp()).toBe("received");
    pillar.pass(600_000);
    expect(sendings(pillar)).toBe(2);
  });

  test.each([
    ["of an earlier run of the hub", { hubRun: ENDED }],
    ["of another session", { sessionNonce: OTHER }],
    ["that names no session", { sessionNonce: undefined }],
    ["of another pillar", { pillarId: "pillar-2" }],
  ])("%s leads to no other database, drops no alarm that waits and moves no call", (_what, to) => {
    const { pillar } = ringing();
    pillar.pass(6000);
    const second = pillar.press();
    const { outbox, call } = pillar.state();
    const older = { hubEpoch: HubEpoch.parse("0".repeat(32)), incidentId: "0".repeat(32) };
    late(pillar, second, { ...older, ...to });
    expect(pillar.state()).toMatchObject({ outbox, call, heeded: { refused: 1 } });
  });

  test("is heeded again and again in its session: receipts have no order among themselves", () => {
    const { pillar, say } = ringing();
    say("ringing", { number: 7 });
    pillar.pass(6000);
    const second = pillar.press();
    const { call } = pillar.state().call;
    const into = call.phase === "received" ? { incidentId: call.incidentId } : {};
    late(pillar, second, into);
    late(pillar, second, into);
    say("answered", { number: 8 });
    expect([pillar.lamp(), pillar.state().heeded.refused]).toEqual(["answered", 0]);
  });
});
