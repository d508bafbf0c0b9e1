/**
 * The outbox at its limits, its pages, and its recovery from a failed disk: each effect and each
 * entry compared completely.
 */
import { describe, expect, test } from "vitest";
import { MAX_OUTBOX } from "../../../../device/core/state/outbox-state.ts";
import { CommandId, HubEpoch, type EventId } from "../../../../shared/ids.ts";
import { after, clear, only, set, timers } from "../../../kit/core/effects.ts";
import {
  EPOCH,
  falsePillar,
  keptAlarm,
  LINK_UP,
  NONCE,
  PILLAR,
  reachedPillar,
  type FalsePillar,
} from "../../../kit/core/pillar-core.ts";

const OTHER = HubEpoch.parse("f".repeat(32));
const kept = (count: number, from = 1) =>
  Array.from({ length: count }, (_, n) => keptAlarm(from + n));
const idOf = (seq: number): EventId => keptAlarm(seq).event.eventId;
const headAt = (seq: number) => ({ seq, hash: keptAlarm(seq).hash });
const outboxOf = (pillar: FalsePillar) => pillar.state().outbox;
const pages = (pillar: FalsePillar) =>
  only(pillar.effects, "fetch-kept").map((one) => one.type === "fetch-kept" && one.fromSeq);
const FULL = "10000 alarms wait for the hub; restore the way to the hub";

/** The hub asks for all alarms from this number on. */
function askFrom(pillar: FalsePillar, fromSeq: number): void {
  const commandId = CommandId.parse((1000 + fromSeq).toString(16).padStart(32, "0"));
  const body = { commandId, pillarId: PILLAR, bootEpoch: 1, sessionNonce: NONCE, v: 1 } as const;
  const times = { issuedWallMs: pillar.now(), expiresInMs: 5000 };
  pillar.tell({
    type: "command-received",
    body: { ...body, ...times, command: { name: "resend", fromSeq } },
  });
}

describe("an outbox", () => {
  const filled = (count: number) =>
    falsePillar({ unaccepted: kept(count), head: headAt(count), lastEventId: idOf(1) });

  test("takes ten thousand alarms, and the last of them waits in it without a fault", () => {
    expect(MAX_OUTBOX).toBe(10_000);
    const pillar = filled(9999);
    pillar.tell({ type: "timer-due", name: "call-silence" });
    pillar.press();
    expect([outboxOf(pillar).pending.size, pillar.faults()]).toEqual([10_000, []]);
    expect(outboxOf(pillar).replay).toBeUndefined();
  });

  test("that is full sends a new alarm once, reads it again from the disk later, and says so", () => {
    const pillar = filled(10_000);
    pillar.tell({ type: "timer-due", name: "call-silence" });
    const eventId = pillar.press();
    expect(outboxOf(pillar)).toMatchObject({
      ...{ head: headAt(10_001), round: 0, replay: { fromSeq: 10_001, isFetching: false } },
    });
    expect(outboxOf(pillar).pending.size).toBe(10_000);
    expect(pillar.alarms()).toEqual([
      expect.objectContaining({ attempt: 1, event: expect.objectContaining({ eventId }) }),
    ]);
    expect([...pillar.state().health.faults]).toEqual([["outbox-full", FULL]]);
    pillar.accept("0".repeat(32) as EventId);
    expect(pillar.faults()).toEqual(["outbox-full"]);
    const text = `call ${eventId.slice(0, 4)} calling → received   on accepted (60 ms after press)`;
    const line = { type: "log", level: "info", text };
    expect(after(pillar, () => pillar.accept(eventId))).toContainEqual(line);
    pillar.accept(idOf(5));
    expect(pillar.faults()).toEqual([]);
  });

  test("that is full goes on with the lowest number that is to be read again", () => {
    const pillar = falsePillar({ unaccepted: kept(10_000), head: headAt(10_000), replayFrom: 7 });
    pillar.tell({ type: "timer-due", name: "call-silence" });
    pillar.press();
    expect(outboxOf(pillar).replay).toEqual({ fromSeq: 7, isFetching: false });
  });

  test.each([
    [9900, [1]],
    [9901, []],
  ])("with %i alarms reads the pages %j: a page must find room", (count, read) => {
    const pillar = falsePillar({ unaccepted: kept(count, 20_000), replayFrom: 1 });
    pillar.tell(LINK_UP);
    // A full window of alarms is already being sent, so no page is read yet.
    expect(pages(pillar)).toEqual([]);
    askFrom(pillar, 1);
    expect(pages(pillar)).toEqual(read);
  });
});

describe("what is asked for again", () => {
  const back = (): FalsePillar => {
    const pillar = reachedPillar();
    pillar.stored.push(...kept(400));
    askFrom(pillar, 101);
    return pillar;
  };

  test("comes in pages of a hundred, and goes on behind the last one read", () => {
    const pillar = back();
    expect(only(pillar.effects, "fetch-kept")).toEqual([
      { type: "fetch-kept", fromSeq: 101, limit: 100 },
    ]);
    expect(outboxOf(pillar).replay).toEqual({ fromSeq: 201, isFetching: false });
    expect(outboxOf(pillar).pending.get(idOf(101))).toEqual({
      ...{ alarm: keptAlarm(101), edgeAt: undefined, attempts: 1, maySend: true },
      ...{ isSentOnThisLink: true, isReplay: true, fallback: undefined },
    });
  });

  test.each([
    [300, 201],
    [50, 50],
  ])("from %i on while a replay stands at 201 is read from %i on", (fromSeq, read) => {
    const pillar = back();
    askFrom(pillar, fromSeq);
    expect(pages(pillar)).toEqual([101, read]);
  });

  test("stays in the order of its numbers among what waits already, each once", () => {
    const pillar = falsePillar({ unaccepted: [keptAlarm(2)], replayFrom: 1 });
    pillar.stored.push(...kept(3));
    pillar.tell(LINK_UP);
    const { pending, replay } = outboxOf(pillar);
    expect([...pending.keys()]).toEqual([idOf(1), idOf(2), idOf(3)]);
    expect(pending.get(idOf(2))?.isReplay).toBe(false);
    expect(replay).toBeUndefined();
  });

  test("and cannot be read is tried again five seconds later, in words", () => {
    const pillar = falsePillar({ replayFrom: 3 });
    const failed = () => pillar.tell({ type: "kept-failed", reason: "I/O" });
    expect(after(pillar, failed)).toEqual([
      set("replay", 6000),
      { type: "log", level: "error", text: "kept alarms could not be read: I/O" },
    ]);
    expect(outboxOf(pillar).replay).toEqual({ fromSeq: 3, isFetching: false });
    const without = falsePillar();
    without.tell({ type: "kept-failed", reason: "I/O" });
    expect(outboxOf(without).replay).toBeUndefined();
  });
});

describe("a receipt", () => {
  test("takes its alarm from the outbox, and the last one ends the asking", () => {
    const pillar = reachedPillar({ unaccepted: kept(2), head: headAt(2) });
    expect(timers(after(pillar, () => pillar.accept(idOf(1))))).not.toContainEqual(clear("resend"));
    const effects = after(pillar, () => pillar.accept(idOf(2)));
    expect(timers(effects)).toContainEqual(clear("resend"));
    const marked = { type: "mark-accepted", hubEpoch: EPOCH };
    expect(only(pillar.effects, "mark-accepted")).toEqual([
      { ...marked, eventId: idOf(1) },
      { ...marked, eventId: idOf(2) },
    ]);
  });

  test("of the first hub makes nothing be sent again; of another one all that is kept", () => {
    const pillar = reachedPillar({ unaccepted: kept(2), head: headAt(2) });
    pillar.stored.push(...kept(2));
    pillar.accept(idOf(1));
    expect([outboxOf(pillar).hubEpoch, pages(pillar)]).toEqual([EPOCH, []]);
    const effects = after(pillar, () => pillar.accept(idOf(2), OTHER));
    expect([outboxOf(pillar).hubEpoch, pages(pillar)]).toEqual([OTHER, [1, 3]]);
    expect(only(effects, "log")).toContainEqual({
      ...{ type: "log", level: "warn" },
      text: `the hub's database is another one (${OTHER}): sending again all we keep`,
    });
    expect([...outboxOf(pillar).pending.keys()]).toEqual([idOf(1), idOf(2)]);
  });
});

describe("asking again", () => {
  test("without a link changes nothing, and with it waits longer each time", () => {
    const pillar = falsePillar({ unaccepted: kept(1) });
    const before = pillar.state();
    pillar.tell({ type: "timer-due", name: "resend" });
    expect(pillar.state()).toEqual(before);
    pillar.tell(LINK_UP);
    pillar.tell({ type: "timer-due", name: "resend" });
    expect(outboxOf(pillar).round).toBe(1);
    for (let n = 0; n < 40; n++) pillar.tell({ type: "timer-due", name: "resend" });
    expect(outboxOf(pillar).round).toBe(30);
  });

  test("takes the window's sixteen, and no alarm that the disk still holds back", () => {
    const pillar = reachedPillar({ unaccepted: kept(17), head: headAt(17), lastEventId: idOf(17) });
    pillar.accept(idOf(17));
    expect(pillar.alarms()).toHaveLength(17);
    pillar.sent.length = 0;
    pillar.tell({ type: "timer-due", name: "resend" });
    expect(pillar.alarms().map(({ event }) => event.seq)).toEqual(
      Array.from({ length: 16 }, (_, n) => n + 1),
    );
  });
});

describe("a disk that is back", () => {
  const back = (pillar: FalsePillar, given: object) =>
    after(pillar, () =>
      pillar.tell({
        type: "ledger-back",
        ...{ unaccepted: [], hubEpoch: undefined, replayFrom: undefined, ...given },
      }),
    );
  test("brings what waits on it, in order, and says how many", () => {
    const pillar = falsePillar({ unaccepted: [keptAlarm(5)], head: headAt(5) });
    const effects = back(pillar, { unaccepted: [keptAlarm(6), keptAlarm(5), keptAlarm(4)] });
    const text = "the ledger is back: 3 alarms in it wait for the hub";
    expect(only(effects, "log")).toEqual([{ type: "log", level: "info", text }]);
    expect([...outboxOf(pillar).pending.keys()]).toEqual([4, 5, 6].map(idOf));
    expect(outboxOf(pillar).pending.get(idOf(4))?.isReplay).toBe(false);
  });

  test("says to which hub it belongs, and from where a replay goes on, unless that is known", () => {
    const pillar = falsePillar();
    back(pillar, { hubEpoch: EPOCH, replayFrom: 9 });
    expect(outboxOf(pillar)).toMatchObject({ hubEpoch: EPOCH });
    expect(outboxOf(pillar).replay).toEqual({ fromSeq: 9, isFetching: false });
    back(pillar, { hubEpoch: OTHER, replayFrom: 2 });
    expect(outboxOf(pillar)).toMatchObject({ hubEpoch: EPOCH });
    expect(outboxOf(pillar).replay).toEqual({ fromSeq: 9, isFetching: false });
    expect(outboxOf(falsePillar()).replay).toBeUndefined();
  });

  test("fills the outbox up to its limit, and no further", () => {
    const pillar = falsePillar({ unaccepted: kept(9999), head: headAt(9999) });
    back(pillar, { unaccepted: kept(3, 20_000) });
    expect(outboxOf(pillar).pending.size).toBe(10_000);
  });

  test("is no fault any more when everything is written, in its own file", () => {
    const broken = () => {
      const pillar = falsePillar();
      pillar.tell({ type: "ledger-broken", reason: "I/O" });
      return pillar;
    };
    const mended = broken();
    back(mended, {});
    expect(mended.faults()).toEqual([]);
    const waiting = broken();
    waiting.disk = "broken";
    waiting.press();
    back(waiting, {});
    expect(waiting.faults()).toEqual(["ledger-failing"]);
    const moved = falsePillar();
    moved.tell({ type: "ledger-moved", reason: "replace the card" });
    back(moved, {});
    expect(moved.faults()).toEqual(["ledger-failing"]);
  });
});
