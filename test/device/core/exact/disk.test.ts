/**
 * Alarms on their way to the disk: the order of the effects, and every limit with one value below
 * and one above.
 */
import { describe, expect, test } from "vitest";
import { isAllStoredWith, MAX_UNSTORED } from "../../../../device/core/ledger/disk.ts";
import type { EventId } from "../../../../shared/ids.ts";
import { after, clear, only, set } from "../../../kit/core/effects.ts";
import {
  EPOCH,
  falsePillar,
  reachedPillar,
  type FalsePillar,
} from "../../../kit/core/pillar-core.ts";

const appends = (effects: Parameters<typeof only>[0]) =>
  only(effects, "append").map((one) => one.type === "append" && one.alarm.event.seq);
const stuck = (): FalsePillar => {
  const pillar = reachedPillar();
  pillar.disk = "stuck";
  return pillar;
};
/** A press that begins a new call, after the call before has ended. */
function pressNew(pillar: FalsePillar): EventId {
  pillar.tell({ type: "timer-due", name: "call-silence" });
  return pillar.press();
}
const appended = (pillar: FalsePillar, eventId: EventId) =>
  after(pillar, () => pillar.tell({ type: "appended", eventId }));
const failed = (pillar: FalsePillar, eventId: EventId) =>
  after(pillar, () => pillar.tell({ type: "append-failed", eventId, reason: "I/O" }));
const logs = (effects: Parameters<typeof only>[0]) =>
  only(effects, "log").map((one) => one.type === "log" && one.text);
const SLOW = "the disk took more than 250 ms to store an alarm; replace the card";
const FAILING = "an alarm could not be stored: I/O; check the disk";

describe("an alarm that is being written", () => {
  test("is given to the disk once, however many come after it", () => {
    const pillar = stuck();
    const first = pillar.press();
    const entry = { isWriting: true, acceptedBy: undefined };
    expect([...pillar.state().disk]).toEqual([[first, expect.objectContaining(entry)]]);
    expect(appends(after(pillar, () => pressNew(pillar)))).toEqual([2]);
    expect(appends(after(pillar, () => pillar.tell({ type: "timer-due", name: "ledger-retry" }))))
      // The disk has refused nothing, so nothing is written again.
      .toEqual([]);
  });

  test("that is stored ends the watch when no other one is being written", () => {
    const pillar = stuck();
    const [first, second] = [pillar.press(), pressNew(pillar)];
    expect(appended(pillar, first)).not.toContainEqual(clear("ledger-late"));
    expect(appended(pillar, second)).toContainEqual(clear("ledger-late"));
    expect(pillar.state().disk.size).toBe(0);
    expect(appended(pillar, second)).toEqual([]);
  });

  test("and is accepted first is marked when it is stored, and only then", () => {
    const pillar = stuck();
    const eventId = pillar.press();
    pillar.pass(250);
    const marked = { type: "mark-accepted", eventId, hubEpoch: EPOCH };
    expect(
      only(
        after(pillar, () => pillar.accept(eventId)),
        "mark-accepted",
      ),
    ).toEqual([]);
    expect(only(appended(pillar, eventId), "mark-accepted")).toEqual([marked]);
  });

  test("is the last that is owed to the disk, or is not", () => {
    const pillar = stuck();
    pillar.press();
    expect(isAllStoredWith(pillar.state())).toBe(true);
    // A second press within five seconds is remembered; its alarm is made later.
    pillar.press();
    expect(isAllStoredWith(pillar.state())).toBe(false);
    const two = stuck();
    two.press();
    pressNew(two);
    expect(isAllStoredWith(two.state())).toBe(false);
    expect(isAllStoredWith(falsePillar().state())).toBe(false);
  });
});

describe("a disk that is late", () => {
  test("lets what it holds go after 250 ms, once, and is a fault until it was quick for a minute", () => {
    const pillar = stuck();
    const eventId = pillar.press();
    pillar.pass(249);
    expect([pillar.alarms().length, pillar.faults()]).toEqual([0, []]);
    pillar.pass(1);
    expect(pillar.alarms()).toHaveLength(1);
    expect([...pillar.state().health.faults]).toEqual([["ledger-slow", SLOW]]);
    const at = pillar.now();
    expect(appended(pillar, eventId)).toContainEqual(set("ledger-calm", at + 60_000));
    expect(pillar.alarms()).toHaveLength(1);
    pillar.pass(59_999);
    expect(pillar.faults()).toEqual(["ledger-slow"]);
    pillar.pass(1);
    expect(pillar.faults()).toEqual([]);
  });

  test("is no fault when what it held has gone already", () => {
    const pillar = stuck();
    pillar.press();
    pillar.pass(250);
    pillar.tell({ type: "timer-due", name: "ledger-calm" });
    expect(after(pillar, () => pillar.tell({ type: "timer-due", name: "ledger-late" }))).toEqual(
      [],
    );
  });

  test("is not watched for calm when it was never late", () => {
    const pillar = stuck();
    const calm = expect.objectContaining({ name: "ledger-calm" }) as unknown;
    expect(appended(pillar, pillar.press())).not.toContainEqual(calm);
  });
});

describe("a disk that refuses", () => {
  test("lets the alarm go at once, tries again in five seconds, and is a fault in words", () => {
    const pillar = stuck();
    const eventId = pillar.press();
    const at = pillar.now();
    const effects = failed(pillar, eventId);
    expect(pillar.alarms()).toHaveLength(1);
    expect(effects).toContainEqual(set("ledger-retry", at + 5000));
    expect([...pillar.state().health.faults]).toEqual([["ledger-failing", FAILING]]);
    expect(logs(effects)).toEqual([`fault ledger-failing raised: ${FAILING}`]);
    pillar.pass(4999);
    expect(appends(pillar.effects)).toEqual([1]);
    expect(appends(after(pillar, () => pillar.pass(1)))).toEqual([1]);
  });

  test("is well again when everything it refused is being written or stored", () => {
    const pillar = stuck();
    const [first, second] = [pillar.press(), pressNew(pillar)];
    failed(pillar, first);
    appended(pillar, second);
    expect(pillar.faults()).toEqual(["ledger-failing"]);
    pillar.tell({ type: "timer-due", name: "ledger-retry" });
    appended(pillar, first);
    expect(pillar.faults()).toEqual([]);
  });

  test("gets what it refused again before a new alarm, in the order of the numbers", () => {
    const pillar = stuck();
    for (const eventId of [pillar.press(), pressNew(pillar)]) failed(pillar, eventId);
    expect(appends(after(pillar, () => pressNew(pillar)))).toEqual([1, 2, 3]);
  });

  test("refuses one that has been stored meanwhile without bringing it back", () => {
    const pillar = stuck();
    const eventId = pillar.press();
    appended(pillar, eventId);
    failed(pillar, eventId);
    expect(pillar.state().disk.size).toBe(0);
  });

  test("is moved to the spare file: the fault is told anew, with what to do, and stays", () => {
    const pillar = stuck();
    const eventId = pillar.press();
    failed(pillar, eventId);
    const effects = after(pillar, () => pillar.tell({ type: "ledger-moved", reason: "new card" }));
    expect(logs(effects)).toEqual([
      ...["fault ledger-failing cleared", "fault ledger-failing raised: new card"],
    ]);
    appended(pillar, eventId);
    expect(pillar.faults()).toEqual(["ledger-failing"]);
  });

  test("leaves a thousand alarms in memory, and beyond that the oldest is given up", () => {
    expect(MAX_UNSTORED).toBe(1000);
    const pillar = falsePillar();
    pillar.disk = "stuck";
    const ids = Array.from({ length: 1000 }, () => pressNew(pillar));
    expect(pillar.state().disk.size).toBe(1000);
    expect(pillar.state().disk.has(ids[0]!)).toBe(true);
    pressNew(pillar);
    expect(pillar.state().disk.size).toBe(1000);
    expect([pillar.state().disk.has(ids[0]!), pillar.state().disk.has(ids[1]!)]).toEqual([
      ...[false, true],
    ]);
  });
});
