/**
 * Outbox and disk in virtual time: when an alarm is sent, when it is sent again, and when no
 * longer.
 */
import { describe, expect, test } from "vitest";
import { WINDOW } from "../../../../device/core/ledger/ledger.ts";
import { GENESIS } from "../../../../shared/hash-chain.ts";
import { HubEpoch } from "../../../../shared/ids.ts";
import {
  LINK_UP,
  falsePillar,
  keptAlarm,
  reachedPillar,
  type FalsePillar,
} from "../../../kit/core/pillar-core.ts";

const seqs = (pillar: FalsePillar): number[] => pillar.alarms().map(({ event }) => event.seq);

const base = { bootEpoch: 1_790_000_000, head: { seq: 1_790_000_000, hash: GENESIS } };

describe("an alarm", () => {
  test("is stored before it is sent", () => {
    const pillar = reachedPillar();
    pillar.press();
    const order = pillar.effects.map(({ type }) => type);
    expect(order.indexOf("append")).toBeGreaterThan(-1);
    expect(pillar.stored).toHaveLength(1);
    expect(pillar.alarms()[0]).toMatchObject({ attempt: 1, ageMs: 60 });
  });

  test("that the disk has not taken in 250 ms is sent from memory, and the fault is raised", () => {
    const pillar = reachedPillar();
    pillar.disk = "stuck";
    pillar.press();
    pillar.pass(249);
    expect(seqs(pillar)).toEqual([]);
    pillar.pass(1);
    expect(seqs(pillar)).toEqual([1]);
    expect(pillar.faults()).toEqual(["ledger-slow"]);
  });

  test("that the disk refuses is sent at once, and written again until the disk takes it", () => {
    const pillar = reachedPillar();
    pillar.disk = "broken";
    const eventId = pillar.press();
    expect(seqs(pillar)).toEqual([1]);
    expect(pillar.faults()).toEqual(["ledger-failing"]);
    pillar.accept(eventId);
    pillar.pass(20_000);
    expect(pillar.stored).toEqual([]);
    pillar.disk = "good";
    pillar.pass(5000);
    expect(pillar.stored.map(({ event }) => event.seq)).toEqual([1]);
    expect(pillar.faults()).toEqual([]);
    expect(pillar.effects).toContainEqual(
      expect.objectContaining({ type: "mark-accepted", eventId }),
    );
  });

  test("refused by the disk is written before its younger sister", () => {
    const pillar = reachedPillar();
    pillar.disk = "broken";
    const first = pillar.press();
    pillar.accept(first);
    pillar.call(first, "ended");
    pillar.disk = "good";
    pillar.press();
    expect(pillar.stored.map(({ event }) => event.seq)).toEqual([1, 2]);
  });

  test("is asked for again after 2 s, 4 s, 8 s and then every 15 s, at most", () => {
    const pillar = reachedPillar();
    pillar.press();
    const start = pillar.now();
    const times: number[] = [];
    while (times.length < 6) {
      const before = pillar.alarms().length;
      pillar.pass(10);
      if (pillar.alarms().length > before) times.push(Math.round((pillar.now() - start) / 1000));
    }
    expect(times).toEqual([2, 6, 14, 29, 44, 59]);
    expect(pillar.alarms().at(-1)?.attempt).toBe(7);
  });

  test("waits for the link without being counted as sent", () => {
    const pillar = falsePillar();
    pillar.press();
    pillar.pass(3000);
    expect(seqs(pillar)).toEqual([]);
    pillar.tell(LINK_UP);
    expect(pillar.alarms()[0]).toMatchObject({ attempt: 1, ageMs: 3060 });
  });

  test("accepted twice is marked once", () => {
    const pillar = reachedPillar();
    const eventId = pillar.press();
    pillar.accept(eventId);
    pillar.accept(eventId);
    expect(pillar.effects.filter(({ type }) => type === "mark-accepted")).toHaveLength(1);
  });
});

describe("a pillar back from a long silence", () => {
  const many = Array.from({ length: 50 }, (_, index) => keptAlarm(index + 1));

  test("sends a window of alarms, and the next as each is accepted", () => {
    const pillar = reachedPillar({ unaccepted: many });
    expect(seqs(pillar)).toHaveLength(WINDOW);
    pillar.accept(many[0]!.event.eventId);
    expect(seqs(pillar)).toHaveLength(WINDOW + 1);
    for (const { event } of many) pillar.accept(event.eventId);
    expect(new Set(seqs(pillar)).size).toBe(50);
    expect(pillar.state().outbox.pending.size).toBe(0);
  });

  test("sends a new press at once, whatever still waits", () => {
    const pillar = reachedPillar({ unaccepted: many, head: { seq: 50, hash: many[49]!.hash } });
    pillar.accept(many[49]!.event.eventId);
    pillar.call(many[49]!.event.eventId, "ended");
    pillar.press();
    expect(seqs(pillar).at(-1)).toBe(51);
  });
});

describe("a replay", () => {
  test("after the hub's database changed sends everything kept, page by page", () => {
    const pillar = reachedPillar();
    pillar.stored.push(...Array.from({ length: 250 }, (_, index) => keptAlarm(index + 1)));
    const first = pillar.press();
    pillar.accept(first);
    pillar.call(first, "ended");
    pillar.sent.length = 0;
    const second = pillar.press();
    pillar.accept(second, HubEpoch.parse("f".repeat(32)));
    for (let round = 0; round < 400; round++) {
      const [oldest] = pillar.state().outbox.pending.keys();
      if (oldest) pillar.accept(oldest, HubEpoch.parse("f".repeat(32)));
    }
    expect(new Set(seqs(pillar)).size).toBeGreaterThanOrEqual(250);
    expect(pillar.state().outbox.replay).toBeUndefined();
    expect(pillar.state().outbox.pending.size).toBe(0);
    const pages = pillar.effects.filter(({ type }) => type === "fetch-kept");
    expect(pages.length).toBeGreaterThan(2);
  });

  test("does not keep a new press waiting, nor its repetition", () => {
    const pillar = falsePillar({ replayFrom: 1, head: { seq: 250, hash: keptAlarm(250).hash } });
    pillar.stored.push(...Array.from({ length: 250 }, (_, index) => keptAlarm(index + 1)));
    pillar.tell(LINK_UP);
    expect(seqs(pillar)).toHaveLength(WINDOW);
    pillar.press();
    expect(seqs(pillar)).toHaveLength(WINDOW + 1);
    expect(seqs(pillar).at(-1)).toBe(251);
    pillar.sent.length = 0;
    pillar.pass(15_000);
    expect(seqs(pillar)[0]).toBe(251);
    expect(pillar.state().outbox.pending.size).toBeLessThanOrEqual(101);
  });

  test("cut short by a reboot goes on", () => {
    const pillar = falsePillar({ replayFrom: 3 });
    pillar.stored.push(keptAlarm(3), keptAlarm(4));
    pillar.tell(LINK_UP);
    expect(seqs(pillar)).toEqual([3, 4]);
  });

  test("that cannot be read is tried again", () => {
    const pillar = falsePillar({ replayFrom: 3 });
    pillar.tell({ type: "kept-failed", reason: "disk I/O error" });
    pillar.stored.push(keptAlarm(3));
    pillar.tell(LINK_UP);
    expect(seqs(pillar)).toEqual([3]);
  });
});

describe("a disk that was dead at the start", () => {
  test("is back: what waits on it is sent, and the fault goes", () => {
    const pillar = reachedPillar({ ...base });
    pillar.tell({ type: "ledger-broken", reason: "no folder" });
    expect(pillar.faults()).toEqual(["ledger-failing"]);
    const unaccepted = [keptAlarm(3), keptAlarm(4)];
    pillar.tell({ type: "ledger-back", unaccepted, hubEpoch: undefined, replayFrom: undefined });
    expect(seqs(pillar)).toEqual([3, 4]);
    expect(pillar.faults()).toEqual([]);
    expect(pillar.state().outbox.head.seq).toBe(base.head.seq);
  });

  test("is back: what was sent from memory is written with its own numbers", () => {
    const pillar = reachedPillar({ ...base });
    pillar.disk = "broken";
    const eventId = pillar.press();
    pillar.accept(eventId);
    pillar.disk = "good";
    pillar.tell({
      type: "ledger-back",
      unaccepted: [],
      hubEpoch: undefined,
      replayFrom: undefined,
    });
    pillar.pass(5000);
    expect(pillar.stored.map(({ event }) => event.seq)).toEqual([base.head.seq + 1]);
    expect(pillar.faults()).toEqual([]);
  });

  test("and goes on in the spare file stays a fault, however well that writes", () => {
    const pillar = reachedPillar();
    pillar.tell({ type: "ledger-moved", reason: "replace the card" });
    pillar.press();
    expect(pillar.stored).toHaveLength(1);
    expect(pillar.faults()).toEqual(["ledger-failing"]);
  });
});

describe("among many kept alarms", () => {
  test("a press while the hub was away is sent first when it is back", () => {
    const unaccepted = Array.from({ length: 50 }, (_, index) => keptAlarm(index + 1));
    const pillar = falsePillar({ unaccepted, head: { seq: 50, hash: unaccepted[49]!.hash } });
    pillar.accept(unaccepted[49]!.event.eventId);
    // The hub says nothing for half an hour, so the call ends.
    pillar.tell({ type: "timer-due", name: "call-silence" });
    pillar.press();
    pillar.tell(LINK_UP);
    expect(seqs(pillar)[0]).toBe(51);
    expect(seqs(pillar)).toHaveLength(WINDOW);
  });

  test("those that no hub has go before those that another hub is to hear again", () => {
    const pillar = falsePillar({ unaccepted: [keptAlarm(9)], replayFrom: 1 });
    pillar.stored.push(...[1, 2, 3].map(keptAlarm));
    pillar.tell(LINK_UP);
    expect(seqs(pillar)).toEqual([9, 1, 2, 3]);
  });

  test("some that are never accepted do not keep the others from their turn", () => {
    const unaccepted = Array.from({ length: 3 * WINDOW }, (_, index) => keptAlarm(index + 1));
    const pillar = reachedPillar({ unaccepted });
    pillar.pass(120_000);
    expect(new Set(seqs(pillar)).size).toBe(3 * WINDOW);
  });
});
