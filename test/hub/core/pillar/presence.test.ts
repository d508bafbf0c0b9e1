import { describe, expect, test } from "vitest";
import { GENESIS } from "../../../../shared/hash-chain.ts";
import type { SessionNonce, Sha256 } from "../../../../shared/ids.ts";
import { MAX_CHANGES_PER_TICK } from "../../../../hub/core/pillar/presence.ts";
import {
  FAR_AHEAD,
  calls,
  CHEN,
  hex,
  newStreet,
  pillar,
  types,
  WANG,
  type Street,
} from "../../../kit/core/hub-core-street.ts";

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
    street.state.heard.contacts.clear();
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

  test.each([-3_600_000, 3_600_000, -8000, 9000])(
    "a clock set by %i ms makes nobody lost who speaks, and hides nobody who is silent",
    (by) => {
      const street = online(2);
      street.setClock(by);
      expect(street.advance(4)).toEqual([]);
      street.heartbeat(0);
      street.advance(5);
      street.heartbeat(0);
      street.advance(5);
      expect([presenceOf(street, 0), presenceOf(street, 1)]).toEqual(["online", "lost"]);
    },
  );

  test("setting the clock back makes no pillar lost and keeps none online", () => {
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
    const contact = street.state.heard.contacts.get(pillar(0))!;
    contact.isTold = false;
    expect(calls(street.heartbeat(0, { seq: 1 }).effects)).toEqual(["ringing"]);
    expect(calls(street.heartbeat(0, { seq: 1 }).effects)).toEqual([]);
  });

  test("is told by its heartbeat, when an external broker let it come and go unseen", () => {
    const session = (n: number) => ({ sessionNonce: hex(n) as SessionNonce });
    const street = online();
    street.alarm(0);
    street.heartbeat(0, { seq: 1, ...session(1) });
    street.order(CHEN, street.only().id, { name: "close", disposition: "no-contact", note: "" });
    expect(calls(street.heartbeat(0, { seq: 1, ...session(2) }).effects)).toEqual(["ended"]);
    expect(calls(street.heartbeat(0, { seq: 1, ...session(2) }).effects)).toEqual([]);
    street.advance(9);
    expect(calls(street.heartbeat(0, { seq: 1, ...session(2) }).effects)).toEqual(["ended"]);
  });
});

describe("a hub that has restarted and heard alarms, but no heartbeat", () => {
  test("tells with the first heartbeat only the end of a call, not that it was answered before", () => {
    const street = online();
    street.alarm(0);
    street.restart();
    street.order(WANG, street.only().id, { name: "answer" });
    street.alarm(0, { seq: 1 });
    street.alarm(0, { seq: 2 });
    street.order(CHEN, street.only().id, { name: "close", disposition: "no-contact", note: "" });
    expect(calls(street.heartbeat(0, { seq: 2 }).effects)).toEqual(["ended"]);
  });
});

describe("a pillar whose broker loses what it was told", () => {
  test("hears again with every second heartbeat how its call stands, and half an hour long that it is over", () => {
    const street = online();
    street.alarm(0);
    const minutes = (count: number): string[] =>
      Array.from({ length: count * 12 }, () => {
        street.advance(5);
        return calls(street.heartbeat(0, { seq: 1 }).effects);
      }).flat();
    expect(minutes(1)).toEqual(Array.from({ length: 6 }, () => "ringing"));
    street.order(CHEN, street.only().id, { name: "close", disposition: "no-contact", note: "" });
    expect(minutes(2).length).toBeGreaterThanOrEqual(11);
    expect(minutes(28)).toEqual(Array.from({ length: 28 }, () => "ended"));
    expect(minutes(5)).toEqual([]);
  });

  test.each([-86_400_000, 86_400_000])(
    "hears it also when the hub's clock was set by %i ms",
    (ms) => {
      const street = online();
      street.alarm(0);
      street.heartbeat(0, { seq: 1 });
      street.setClock(ms);
      const told = [1, 2, 3, 4].flatMap(() => {
        street.advance(5);
        return calls(street.heartbeat(0, { seq: 1 }).effects);
      });
      expect(told).toEqual(["ringing", "ringing"]);
    },
  );
});

describe("a pillar on a connection that was not reported", () => {
  test("hears what has become of its call", () => {
    const street = online();
    street.alarm(0);
    street.heartbeat(0);
    expect(street.heartbeat(0).effects).toEqual([]);
    const { effects } = street.heartbeat(0, { sessionNonce: hex(2) as SessionNonce });
    expect(effects).toMatchObject([{ type: "tell-pillar", call: { status: "ringing" } }]);
    expect(street.heartbeat(0, { sessionNonce: hex(2) as SessionNonce }).effects).toEqual([]);
  });
});

describe("the ledger's head in a heartbeat", () => {
  test("beyond what the hub holds asks for a resend, ever more seldom", () => {
    const street = online();
    const ask = street.heartbeat(0, { seq: 2 });
    expect(ask.effects).toEqual([
      { type: "ask-resend", pillarId: pillar(0), fromSeq: 1, bootEpoch: 1, sessionNonce: hex(1) },
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
    expect(types(street.heartbeat(0, { seq: 3 }).effects)).not.toContain("ask-resend");
  });

  test("asks for no number below a chain that a pillar without its ledger began anew", () => {
    const street = online();
    street.alarm(0, { seq: 1 });
    const bootEpoch = 1_780_000_000;
    street.alarm(0, { seq: bootEpoch + 2, bootEpoch, prevHash: hex(9) as Sha256 });
    street.alarm(0, { seq: bootEpoch + 1, bootEpoch });
    const { effects } = street.heartbeat(0, { seq: bootEpoch + 2, bootEpoch });
    expect(types(effects)).not.toContain("ask-resend");
  });

  test("asks for no number that a life without its ledger has not given out, and for those below others it holds", () => {
    const street = online();
    street.alarm(0, { seq: 1 });
    const bootEpoch = 1_780_000_000;
    const blind = { bootEpoch, head: { seq: bootEpoch, hash: GENESIS } };
    expect(types(street.heartbeat(0, blind).effects)).not.toContain("ask-resend");
    street.alarm(0, { seq: 3 });
    expect(street.heartbeat(0, blind).effects).toMatchObject([{ type: "ask-resend", fromSeq: 2 }]);
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
    expect(street.state.pillars.get(pillar(0))?.faults).toEqual([]);
    street.advance(5);
    street.heartbeat(0, { seq: 2 });
    expect(street.state.pillars.get(pillar(0))?.faults).toEqual(["ledger-forked"]);
    street.heartbeat(0, { seq: 5 });
    expect(street.state.pillars.get(pillar(0))?.faults).toEqual(["ledger-forked"]);
    const keys = { certificateSerial: "2", alarmPublicKey: "new", certificateExpiresAt: FAR_AHEAD };
    street.record({ type: "pillar-enrolled", at: street.now(), pillarId: pillar(0), ...keys });
    expect(street.state.pillars.get(pillar(0))?.faults).toEqual([]);
    expect(street.heartbeat(0, { seq: 0 }).effects.map(({ type }) => type)).not.toContain(
      "ask-resend",
    );
  });
});

describe("a later boot that reaches less far than the one before", () => {
  test.each([
    ["has forgotten what was sent", 1, 2],
    ["has forgotten what was sent under numbers of the clock", 1_790_000_000, 2],
  ])("%s", (_, before, now) => {
    const street = online();
    street.alarm(0, { seq: 5, bootEpoch: before });
    street.heartbeat(0, { seq: 2, bootEpoch: now });
    street.advance(5);
    street.heartbeat(0, { seq: 2, bootEpoch: now });
    expect(street.state.pillars.get(pillar(0))?.faults).toEqual(["ledger-lost"]);
  });
});

describe("the link in a heartbeat", () => {
  test("as the hub recorded it is no news; another one under the same number is a fork at once", () => {
    const street = online();
    street.alarm(0, { seq: 1 });
    expect(types(street.heartbeat(0, { seq: 1 }).facts)).toEqual([]);
    const head = { seq: 1, hash: "f".repeat(64) as Sha256 };
    expect(street.heartbeat(0, { head }).facts).toMatchObject([
      { type: "pillar-fault", code: "ledger-forked", isActive: true },
    ]);
    expect(street.heartbeat(0, { head }).facts).toEqual([]);
  });

  test("of an alarm that overtook its heartbeats by HTTPS is no fork", () => {
    const street = online();
    street.alarm(0, { seq: 1 }, { via: "https" });
    for (let n = 0; n < 3; n++) street.heartbeat(0, { seq: 0 });
    street.advance(5);
    street.heartbeat(0, { seq: 1 });
    street.advance(5);
    street.heartbeat(0, { seq: 0 });
    expect(street.state.pillars.get(pillar(0))?.faults).toEqual([]);
  });
});

describe("a whole grid", () => {
  test("that is gone is told once with its number, and once when the first is back", () => {
    const street = online(4);
    const gone = types(street.advance(60)).filter((type) => type.startsWith("grid"));
    expect(gone).toEqual(["grid-lost"]);
    expect(street.state.lostGrids.get("g")).toBe(4);
    for (let n = 0; n < 4; n++) {
      expect(street.state.pillars.get(pillar(n))?.presence).toBe("lost");
    }
    street.heartbeat(0);
    expect(street.advance(1)).toMatchObject([{ type: "grid-back", grid: "g", count: 1 }]);
    expect(street.state.lostGrids.size).toBe(0);
  });

  test("of pillars never heard is not gone, nor one of which a single pillar answers", () => {
    expect(types(newStreet({ pillars: 5 }).advance(60))).toEqual([]);
    const street = online(3);
    for (let n = 0; n < 12; n++) {
      street.advance(5);
      street.heartbeat(0);
    }
    expect(street.state.lostGrids.size).toBe(0);
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
