/**
 * What the record of an incident says about trust and times, and what a pillar is told after a
 * restart of the hub.
 */
import { describe, expect, test } from "vitest";
import type { SessionNonce } from "../../../../shared/ids.ts";
import type { Report } from "../../../../shared/protocol/report.ts";
import {
  FAR_AHEAD,
  calls,
  hex,
  newStreet,
  pillar,
  WANG,
  type Street,
} from "../../../kit/core/hub-core-street.ts";

/** Two machines use the keys of pillar 0, so messages of either are marked as doubtful. */
function clone(street: Street): void {
  const session = (n: number) => ({ sessionNonce: hex(n) as SessionNonce });
  street.heartbeat(0, { ...session(1), bootEpoch: 8, uptimeMs: 5000 });
  for (const uptimeMs of [90_000, 95_000]) {
    street.heartbeat(0, { ...session(2), bootEpoch: 7, uptimeMs });
    street.advance(5);
  }
}

describe("an incident that opened with an alarm in doubt", () => {
  test("stays unverified when another one in doubt joins it, and one beyond doubt lifts it", () => {
    const street = newStreet();
    clone(street);
    street.alarm(0, { seq: 1 });
    street.alarm(0, { seq: 2 });
    expect(street.only()).toMatchObject({ presses: 2, isVerified: false });
    const keys = {
      certificateSerial: "2",
      alarmPublicKey: "key-2",
      certificateExpiresAt: FAR_AHEAD,
    };
    street.record({ type: "pillar-enrolled", at: street.now(), pillarId: pillar(0), ...keys });
    street.alarm(0, { seq: 1, eventId: 77 });
    expect(street.only()).toMatchObject({ presses: 3, isVerified: true });
  });

  test("one that opened beyond doubt stays so, whatever joins it", () => {
    const street = newStreet();
    street.alarm(0, { seq: 1 });
    clone(street);
    street.alarm(0, { seq: 2 });
    expect(street.only()).toMatchObject({ presses: 2, isVerified: true });
  });
});

describe("the times in the record", () => {
  test("of acknowledging and of answering are each their own", () => {
    const street = newStreet();
    street.alarm(0);
    street.advance(3);
    const acknowledgedAt = street.now();
    street.order(WANG, street.only().id, { name: "acknowledge" });
    street.advance(4);
    const answeredAt = street.now();
    street.order(WANG, street.only().id, { name: "answer" });
    expect(street.only()).toMatchObject({ acknowledgedAt, answeredAt });
  });

  test("say that it was seen when it was answered at once", () => {
    const street = newStreet();
    street.alarm(0);
    street.advance(3);
    street.order(WANG, street.only().id, { name: "answer" });
    expect(street.only()).toMatchObject({
      acknowledgedAt: street.now(),
      answeredAt: street.now(),
    });
  });

  test("of the first answer stand when it is answered again", () => {
    const street = newStreet();
    street.alarm(0);
    street.order(WANG, street.only().id, { name: "answer" });
    const { answeredAt } = street.only();
    street.order(WANG, street.only().id, { name: "hold", held: true });
    street.advance(9);
    street.order(WANG, street.only().id, { name: "answer" });
    expect(street.only()).toMatchObject({ answeredAt, isHeld: false });
  });
});

describe("after a restart of the hub", () => {
  test("a pillar hears how its call stands with the first heartbeat that is heard of it", () => {
    const street = newStreet();
    street.alarm(0);
    street.order(WANG, street.only().id, { name: "answer" });
    street.restart();
    expect(calls(street.heartbeat(0, { seq: 1 }).effects)).toEqual(["answered wang"]);
    expect(calls(street.heartbeat(0, { seq: 1 }).effects)).toEqual([]);
  });
});

describe("a fault that its pillar says is over", () => {
  const report = (street: Street, given: Report) =>
    street.tell({ type: "report", at: street.now(), pillarId: pillar(0), report: given }).facts;

  test("is over with the report, and not only with the next heartbeat", () => {
    const street = newStreet();
    const code = "camera-lost";
    report(street, { v: 1, type: "fault-raised", code, detail: "no picture" });
    expect(report(street, { v: 1, type: "fault-cleared", code })).toMatchObject([
      { type: "pillar-fault", code, isActive: false },
    ]);
    expect(street.state.pillars.get(pillar(0))?.faults).toEqual([]);
    expect(report(street, { v: 1, type: "fault-cleared", code })).toEqual([]);
  });

  test("but which the hub found itself stays", () => {
    const street = newStreet();
    clone(street);
    expect(report(street, { v: 1, type: "fault-cleared", code: "clone-suspected" })).toEqual([]);
    expect(street.state.pillars.get(pillar(0))?.faults).toContain("clone-suspected");
  });
});

describe("the words of a fault", () => {
  const heard = (street: Street, faults: readonly string[]) =>
    street.heartbeat(0, { faults: [...faults] }).facts;

  test("are none where a heartbeat brings or ends it: there only codes travel", () => {
    const street = newStreet();
    street.heartbeat(0);
    const base = { type: "pillar-fault", at: street.now(), pillarId: pillar(0), detail: "" };
    expect(heard(street, ["camera-lost"])).toEqual([
      { ...base, code: "camera-lost", isActive: true },
    ]);
    expect(heard(street, [])).toEqual([{ ...base, code: "camera-lost", isActive: false }]);
  });
});

test("a name of any length reaches the pillar's screen as 60 characters at most", () => {
  const street = newStreet();
  street.alarm(0);
  const { effects } = street.order({ name: "w".repeat(80), role: "operator" }, street.only().id, {
    name: "answer",
  });
  expect(calls(effects)).toEqual([`answered ${"w".repeat(60)}`]);
});
