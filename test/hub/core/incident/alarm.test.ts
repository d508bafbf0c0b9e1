import { describe, expect, test } from "vitest";
import { MAX_RECENT_ALARMS, needsJournal } from "../../../../hub/core/pillar/ledger.ts";
import {
  FAR_AHEAD,
  calls,
  CHEN,
  newAlarm,
  newStreet,
  pillar,
  types,
  WANG,
  ZHAO,
} from "../../../kit/core/hub-core-street.ts";

const CLOSE = { name: "close", disposition: "resolved", note: "" } as const;

describe("an alarm", () => {
  test("opens an incident with a running deadline, and only then is accepted", () => {
    const street = newStreet();
    const { facts, effects } = street.alarm(0);
    expect(types(facts)).toEqual(["alarm-recorded", "incident-opened", "deadline-set"]);
    expect(types(effects)).toEqual(["accept", "tell-pillar", "review-views"]);
    expect(street.only()).toMatchObject({ state: "open", priority: 2, presses: 1 });
    expect(street.only().deadline?.dueAt).toBe(street.now() + 10_000);
  });

  test("that arrives twice opens one incident and gets the same receipt", () => {
    const street = newStreet();
    const first = street.alarm(0);
    const second = street.alarm(0);
    expect(second.facts).toEqual([]);
    expect(second.effects[0]).toEqual({ ...first.effects[0], index: 3 });
    expect(street.only().presses).toBe(1);
  });

  test("that arrives again after its call is over hears that it is, though others came later", () => {
    const street = newStreet();
    street.alarm(0);
    street.alarm(0, { seq: 2 });
    expect(calls(street.alarm(0).effects)).toEqual([]);
    street.order(CHEN, street.only().id, CLOSE);
    const again = street.alarm(0);
    expect(again.effects).toMatchObject([{ type: "accept", isOver: true }]);
  });

  test("of a silent call that is over is also told that nothing may be said aloud of it", () => {
    const street = newStreet();
    street.alarm(0, { kind: "silent" });
    street.order(CHEN, street.only().id, CLOSE);
    expect(street.alarm(0, { kind: "silent" }).effects).toMatchObject([
      { type: "accept", isOver: true },
      { type: "tell-pillar", call: { status: "ended", isSilent: true } },
    ]);
  });

  test("that the core has forgotten is still known by what the journal says", () => {
    const street = newStreet();
    street.alarm(0);
    const known = [...street.state.alarms.values()];
    street.alarm(0, { seq: 2 });
    street.state.alarms.clear();
    street.state.signatureBySeq.clear();
    street.state.signatureByEvent.clear();
    expect(needsJournal(street.state, newAlarm(pillar(0)))).toBe(true);
    expect(needsJournal(street.state, newAlarm(pillar(0), { seq: 3 }))).toBe(false);
    const again = street.alarm(0, {}, { recorded: known });
    expect(again.facts).toEqual([]);
    expect(again.effects[0]).toMatchObject({ type: "accept", index: 3, seq: 1 });
  });

  test("during an open call joins it", () => {
    const street = newStreet();
    street.alarm(0);
    const second = street.alarm(0, { seq: 2 });
    expect(types(second.facts)).toEqual(["alarm-recorded", "incident-joined"]);
    expect(street.only().presses).toBe(2);
    expect(calls(second.effects)).toEqual(["ringing"]);
  });

  test("joining a typed call raises its priority and keeps its words", () => {
    const street = newStreet();
    street.alarm(0, { kind: "text", text: "两个人" });
    expect(street.only().priority).toBe(2);
    street.alarm(0, { seq: 2, kind: "silent" });
    expect(street.only()).toMatchObject({ priority: 1, text: "两个人" });
  });

  test("that is silent makes an open voice call a silent one, and ends the voice that speaks", () => {
    const street = newStreet();
    street.alarm(0);
    street.order(WANG, street.only().id, { name: "answer" });
    const { facts, effects } = street.alarm(0, { seq: 2, kind: "silent" });
    expect(street.only()).toMatchObject({ kind: "silent", state: "answered", presses: 2 });
    expect(facts[1]).toMatchObject({ type: "incident-joined", kind: "silent" });
    const incidentId = street.only().id;
    expect(effects).toContainEqual({ type: "end-views", incidentId, who: "talkers" });
    expect(effects.at(-1)).toMatchObject({ type: "tell-pillar", call: { isSilent: true } });
    // After a second silent press nothing more has to end, and a voice press does not make the
    // incident a voice call again.
    expect(types(street.alarm(0, { seq: 3, kind: "silent" }).effects)).not.toContain("end-views");
    street.alarm(0, { seq: 4 });
    expect(street.only().kind).toBe("silent");
    expect(JSON.parse(street.refolded())).toMatchObject({
      parts: { incident: { incidents: [{ kind: "silent" }] } },
    });
  });

  test.each([
    ["text", "voice", "voice"],
    ["voice", "text", "voice"],
    ["silent", "voice", "silent"],
    ["text", "silent", "silent"],
    ["silent", "text", "silent"],
  ] as const)("a %s call that a %s press joins is a %s call", (first, second, kind) => {
    const street = newStreet();
    street.alarm(0, { kind: first });
    street.alarm(0, { seq: 2, kind: second });
    expect(street.only().kind).toBe(kind);
  });

  test("during a conversation is told who is talking", () => {
    const street = newStreet();
    street.alarm(0);
    street.order(WANG, street.only().id, { name: "answer" });
    expect(calls(street.alarm(0, { seq: 2 }).effects)).toEqual(["answered wang"]);
  });

  test("after the call was closed opens another incident", () => {
    const street = newStreet();
    street.alarm(0);
    street.order(CHEN, street.only().id, CLOSE);
    street.alarm(0, { seq: 2 });
    expect(street.state.incidents.size).toBe(1);
    expect(street.state.closed.size).toBe(1);
  });

  test("under a number already held is recorded, rings, and is a fault", () => {
    const street = newStreet();
    street.alarm(0);
    const forged = street.alarm(0, { seq: 1, eventId: 99 });
    expect(types(forged.facts)).toContain("alarm-recorded");
    expect(types(forged.facts)).toContain("alarm-equivocation");
    expect(forged.effects[0]).toMatchObject({
      type: "accept",
      eventId: newAlarm(pillar(0), { eventId: 99 }).event.eventId,
    });
    expect(street.state.pillars.get(pillar(0))?.faults).toEqual(["ledger-forked"]);
    expect(street.only().presses).toBe(2);
    expect(street.alarm(0, { seq: 1, eventId: 99 }).facts).toEqual([]);
  });

  test("under a number that an earlier boot sent is a ledger that was lost, and no second machine", () => {
    const street = newStreet();
    street.alarm(0);
    const again = street.alarm(0, { seq: 1, eventId: 99, bootEpoch: 2 });
    expect(again.facts).toContainEqual(
      expect.objectContaining({
        type: "pillar-fault",
        code: "ledger-lost",
        detail: expect.stringMatching(
          /since boot 2 .* forgotten what boot 1 sent; it is kept here/,
        ),
      }),
    );
    expect(street.state.pillars.get(pillar(0))?.faults).toEqual(["ledger-lost"]);
    expect(street.only().presses).toBe(2);
  });

  test("of a pillar enrolled again may start from number one", () => {
    const street = newStreet();
    street.alarm(0);
    const keys = { certificateSerial: "2", alarmPublicKey: "new", certificateExpiresAt: FAR_AHEAD };
    street.record({ type: "pillar-enrolled", at: street.now(), pillarId: pillar(0), ...keys });
    const { facts } = street.alarm(0, { seq: 1, eventId: 77, sig: "new ledger" });
    expect(types(facts)).toEqual(["alarm-recorded", "incident-joined"]);
  });

  test("whose age is unknown takes the pillar's clock, but never the future", () => {
    const street = newStreet();
    const { ageMs: _age, ...alarm } = newAlarm(pillar(0));
    const event = { ...alarm.event, wallMs: street.now() + 3_600_000 };
    street.alarm(0, {}, { alarm: { ...alarm, event } });
    expect(street.only().pressedAt).toBe(street.now());
  });

  test("past the most open incidents still opens, only without a recording", () => {
    const street = newStreet({ pillars: 3, settings: { maxOpen: 1 } });
    street.startMedia();
    expect(types(street.alarm(0).effects)).toContain("start-recording");
    street.alarm(1);
    const third = street.alarm(2);
    expect(types(third.facts)).toContain("incident-opened");
    expect(types(third.effects)).not.toContain("start-recording");
  });

  test("past the memory of recent alarms forgets the oldest and nothing else", () => {
    // Four pillars, because one alone would exceed its daily budget.
    const street = newStreet({ pillars: 4 });
    for (let seq = 1; seq <= MAX_RECENT_ALARMS + 5; seq++) street.alarm(seq % 4, { seq });
    expect(street.state.alarms.size).toBe(MAX_RECENT_ALARMS);
    expect(street.state.signatureBySeq.size).toBe(MAX_RECENT_ALARMS);
    expect(street.state.signatureByEvent.size).toBe(MAX_RECENT_ALARMS);
  });
});

describe("a test press", () => {
  test("is an incident of its own, also during a call, and is not recorded", () => {
    const street = newStreet();
    street.startMedia();
    street.alarm(0);
    const { facts } = street.alarm(0, { seq: 2, kind: "test" });
    expect(types(facts)).toEqual(["alarm-recorded", "incident-opened", "deadline-set"]);
    expect(street.state.incidents.size).toBe(2);
  });

  test("does not hide the call that follows it", () => {
    const street = newStreet();
    street.alarm(0, { kind: "test" });
    const { facts } = street.alarm(0, { seq: 2 });
    expect(facts).toContainEqual(expect.objectContaining({ type: "incident-opened", priority: 2 }));
  });

  test("may be answered and closed by the technician who made it", () => {
    const street = newStreet();
    street.alarm(0, { kind: "test" });
    const { id } = street.only();
    street.order(ZHAO, id, { name: "answer" });
    street.order(ZHAO, id, { name: "close", disposition: "test", note: "" });
    expect(street.only().state).toBe("closed");
  });
});

test("a gap that is filled leaves nothing to ask for, however many alarms came beyond it", () => {
  const street = newStreet();
  const asks = (seq: number): boolean =>
    types(street.heartbeat(0, { seq }).effects).includes("ask-resend");
  street.connect(0);
  const last = 600;
  for (let seq = 1; seq <= last; seq++) if (seq !== 2) street.alarm(0, { seq });
  expect(asks(last)).toBe(true);
  street.alarm(0, { seq: 2 });
  street.advance(600);
  expect(asks(last)).toBe(false);
});
