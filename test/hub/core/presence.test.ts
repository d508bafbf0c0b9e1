import { describe, expect, test } from "vitest";
import { MAX_CHANGES_PER_TICK } from "../../../hub/core/presence.ts";
import { calls, CHEN, newStreet, pillar, types, WANG, type Street } from "./street.ts";

const presenceOf = (street: Street, n = 0) => street.state.pillars.get(pillar(n))?.presence;

function online(pillars = 1): Street {
  const street = newStreet({ pillars });
  street.advance(1);
  for (let n = 0; n < pillars; n++) street.heartbeat(n);
  return street;
}

describe("presence", () => {
  test("a heartbeat makes a pillar online, the next one writes nothing", () => {
    const street = online();
    expect(presenceOf(street)).toBe("online");
    expect(street.heartbeat(0).facts).toEqual([]);
  });

  test("a silent pillar is late after 7.5 s and lost after 12 s, each told once", () => {
    const street = online();
    expect(street.advance(7)).toEqual([]);
    expect(street.advance(1)).toMatchObject([{ type: "presence-changed", presence: "late" }]);
    expect(street.advance(5)).toMatchObject([{ type: "presence-changed", presence: "lost" }]);
    expect(street.advance(60)).toEqual([]);
  });

  test("a link that drops and returns at once is no news", () => {
    const street = online();
    street.disconnect(0);
    street.advance(2);
    street.connect(0);
    expect(street.advance(5)).toEqual([]);
  });

  test("a link that stays closed is lost before the heartbeats would tell", () => {
    const street = online();
    street.disconnect(0);
    expect(street.advance(5)).toMatchObject([{ presence: "lost" }]);
  });

  test("a pillar that does not return after a restart of the hub is lost", () => {
    const street = online();
    street.state.heard.voices.clear();
    street.state.heard.since = street.now();
    expect(street.advance(12)).toEqual([]);
    expect(street.advance(1)).toMatchObject([{ presence: "lost" }]);
  });

  test("when the whole fleet vanishes, the news comes in portions", () => {
    const street = online(MAX_CHANGES_PER_TICK + 100);
    street.advance(7);
    expect(street.advance(1)).toHaveLength(MAX_CHANGES_PER_TICK);
    expect(street.advance(1)).toHaveLength(100);
  });

  test("setting the clock back makes nobody lost and freezes nobody as online", () => {
    const street = online();
    street.setClock(-3_600_000);
    expect(street.advance(7)).toEqual([]);
    expect(types(street.advance(8))).toEqual(["presence-changed", "presence-changed"]);
  });
});

describe("a pillar that returns", () => {
  test("is told how its call stands, at connection and once more at its heartbeat", () => {
    const street = online();
    street.alarm(0);
    street.order(WANG, street.only().id, { name: "answer" });
    street.disconnect(0);
    street.connect(0);
    street.disconnect(0);
    expect(calls(street.connect(0).effects)).toEqual(["answered wang"]);
  });

  test("is told that its call has ended while it was away", () => {
    const street = online();
    street.alarm(0);
    street.disconnect(0);
    street.order(CHEN, street.only().id, { name: "close", disposition: "no-contact", note: "" });
    expect(calls(street.connect(0).effects)).toEqual(["ended"]);
  });

  test("is told by its next heartbeat when the hub has restarted without noticing a connection", () => {
    const street = online();
    street.alarm(0);
    const voice = street.state.heard.voices.get(pillar(0))!;
    voice.isTold = false;
    expect(calls(street.heartbeat(0, { seq: 1 }).effects)).toEqual(["ringing"]);
    expect(calls(street.heartbeat(0, { seq: 1 }).effects)).toEqual([]);
  });
});

describe("the ledger's head in a heartbeat", () => {
  test("beyond what the hub holds asks for a resend, ever more seldom", () => {
    const street = online();
    const ask = street.heartbeat(0, { seq: 2 });
    expect(ask.effects).toEqual([
      { type: "ask-resend", pillarId: pillar(0), fromSeq: 1, bootEpoch: 1 },
    ]);
    expect(street.heartbeat(0, { seq: 2 }).effects).toEqual([]);
    let asked = 0;
    for (let n = 0; n < 120; n++) {
      street.advance(5);
      asked += street.heartbeat(0, { seq: 2 }).effects.length;
    }
    expect(asked).toBeGreaterThan(3);
    expect(asked).toBeLessThan(8);
  });

  test("asks for a gap in the middle and stops when it is filled", () => {
    const street = online();
    street.alarm(0, { seq: 1 });
    street.alarm(0, { seq: 3 });
    expect(street.heartbeat(0, { seq: 3 }).effects).toMatchObject([{ fromSeq: 2 }]);
    street.alarm(0, { seq: 2 });
    street.advance(60);
    expect(street.heartbeat(0, { seq: 3 }).effects).toEqual([]);
  });

  test("does not ask for what the pillar is sending already", () => {
    const street = online();
    const { effects } = street.heartbeat(0, { seq: 1, outboxDepth: 1, oldestUnacceptedSeq: 1 });
    expect(effects).toEqual([]);
  });

  test("behind what the hub holds is a forked ledger, until the pillar is enrolled again", () => {
    const street = online();
    street.alarm(0, { seq: 5 });
    street.heartbeat(0, { seq: 2 });
    expect(street.state.pillars.get(pillar(0))?.faults).toEqual(["ledger-forked"]);
    street.heartbeat(0, { seq: 5 });
    expect(street.state.pillars.get(pillar(0))?.faults).toEqual(["ledger-forked"]);
    const keys = { certificateSerial: "2", alarmPublicKey: "new" };
    street.record({ type: "pillar-enrolled", at: street.now(), pillarId: pillar(0), ...keys });
    expect(street.state.pillars.get(pillar(0))?.faults).toEqual([]);
    expect(street.heartbeat(0, { seq: 0 }).effects.map(({ type }) => type)).not.toContain(
      "ask-resend",
    );
  });
});

const report = (street: Street, given: object) =>
  street.tell({
    type: "report",
    at: street.now(),
    pillarId: pillar(0),
    report: { v: 1, ...given } as never,
  });

describe("faults", () => {
  test("come by report with words, or by heartbeat without, and are told once", () => {
    const street = online();
    const raised = { type: "fault-raised", code: "camera-lost", detail: "no /dev/video0" };
    expect(report(street, raised).facts).toMatchObject([{ code: "camera-lost", isActive: true }]);
    expect(report(street, raised).facts).toEqual([]);
    expect(street.heartbeat(0, { faults: ["camera-lost"] }).facts).toEqual([]);
    expect(street.heartbeat(0, { faults: [] }).facts).toMatchObject([{ isActive: false }]);
  });

  test("a new boot and a new release are facts, a mere heartbeat is none", () => {
    const street = online();
    expect(types(street.heartbeat(0, { bootEpoch: 2 }).facts)).toEqual(["pillar-started"]);
    expect(types(street.heartbeat(0, { bootEpoch: 2 }).facts)).toEqual([]);
  });
});
