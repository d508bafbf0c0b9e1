/** What of the hub's messages is heeded: in this session, in their order, from the present run of the hub. */
import { describe, expect, test } from "vitest";
import { HubRun, IncidentId, MediaSessionId, SessionNonce } from "../../../shared/ids.ts";
import type { Stamp } from "../../../shared/protocol/addressed.ts";
import type { CallStatus } from "../../../shared/protocol/call.ts";
import {
  LINK_UP,
  NONCE,
  PILLAR,
  reachedPillar,
  RUN,
  type FalsePillar,
} from "../../kit/core/pillar-core.ts";

const stamp = (changes: object): Stamp =>
  ({ v: 1, pillarId: PILLAR, sessionNonce: NONCE, hubRun: RUN, number: 1, ...changes }) as Stamp;
const OTHER = SessionNonce.parse("9".repeat(32));
const run = (n: number): HubRun => HubRun.parse(String(n).repeat(32));

function ringing(): { pillar: FalsePillar; say: (status: CallStatus, to: object) => void } {
  const pillar = reachedPillar();
  const eventId = pillar.press();
  pillar.accept(eventId);
  const about = { v: 1, incidentId: IncidentId.parse(eventId), eventId, by: "Wang" } as const;
  const say = (status: CallStatus, to: object): void =>
    pillar.tell({ type: "call-told", body: { ...stamp(to), call: { ...about, status } } });
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
    ["of a run of the hub that has ended", { hubRun: run(3), number: 99 }],
  ])("%s changes neither lamp nor voice nor words, and is counted", (_what, to) => {
    const { pillar, say } = ringing();
    say("ringing", { hubRun: run(3), number: 9 });
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

  test("because it came late or again is no fault: honest brokers repeat and reorder", () => {
    const { pillar, say } = ringing();
    for (let times = 0; times < 100; times++) say("answered", { sessionNonce: OTHER });
    expect(pillar.state().heeded.refused).toBe(100);
    expect(pillar.faults()).toEqual([]);
    expect(pillar.lamp()).toBe("received");
  });
});
