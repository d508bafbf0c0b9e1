/** A call from the press to its end: its complete state, each timer, and the log lines. */
import { describe, expect, test } from "vitest";
import { IncidentId, type EventId } from "../../../../shared/ids.ts";
import { after, clear, only, set, timers } from "../../../kit/core/effects.ts";
import {
  EPOCH,
  falsePillar,
  keptAlarm,
  PILLAR,
  reachedPillar,
  type FalsePillar,
  RUN,
  NONCE,
} from "../../../kit/core/pillar-core.ts";

const stateOf = (pillar: FalsePillar) => pillar.state().call;
const lines = (effects: ReturnType<typeof after>) =>
  only(effects, "log").flatMap((one) =>
    one.type === "log" && one.text.startsWith("call ") ? [`${one.level} ${one.text}`] : [],
  );
const prompts = (effects: ReturnType<typeof after>) =>
  only(effects, "prompt").map((one) => one.type === "prompt" && one.name);
const short = (eventId: EventId): string => eventId.slice(0, 4);
const kept = (seq: number, kind: "voice" | "silent" | "test") => {
  const alarm = keptAlarm(seq);
  return { ...alarm, event: { ...alarm.event, kind } };
};
const idOf = (seq: number): EventId => keptAlarm(seq).event.eventId;

describe("a call", () => {
  test("begins with a press, and all that is known of the one before is gone", () => {
    const pillar = reachedPillar({ lastEventId: idOf(1) });
    const at = pillar.now();
    const eventId = pillar.press("silent");
    expect(stateOf(pillar)).toEqual({
      call: {
        ...{ phase: "calling", eventId, isSilent: true, edgeAt: at - 60 },
        isLate: false,
      },
      ...{ lastEventId: eventId, newer: [], wasSilent: true, hasJustEnded: false },
      ...{ bornAt: at, owed: undefined },
    });
  });

  test("is written in the log at each of its steps, with the attempts and the time since the press", () => {
    const pillar = reachedPillar();
    let eventId = "" as EventId;
    const id = () => short(eventId);
    expect(lines(after(pillar, () => (eventId = pillar.press())))).toEqual([
      `info call ${id()} idle → calling   on button-pressed`,
    ]);
    pillar.pass(2000);
    expect(lines(after(pillar, () => pillar.accept(eventId)))).toEqual([
      `info call ${id()} calling → received   on accepted (attempt 2, 2060 ms after press)`,
    ]);
    expect(lines(after(pillar, () => pillar.call(eventId, "answered", "Wang")))).toEqual([
      `info call ${id()} received → answered by Wang   on call-told`,
    ]);
    expect(lines(after(pillar, () => pillar.call(eventId, "held", "Wang")))).toEqual([]);
    expect(lines(after(pillar, () => pillar.call(eventId, "ended")))).toEqual([
      `info call ${id()} answered → idle   on call-told`,
    ]);
  });

  test("that is over remembers its alarm, and ends each of its times", () => {
    const pillar = reachedPillar();
    const at = pillar.now();
    const eventId = pillar.press();
    pillar.accept(eventId);
    const effects = after(pillar, () => pillar.call(eventId, "ended"));
    expect(stateOf(pillar)).toEqual({
      ...{ call: { phase: "idle" }, lastEventId: eventId, newer: [], wasSilent: false },
      ...{ hasJustEnded: true, bornAt: at, owed: undefined },
    });
    expect(prompts(effects)).toEqual(["ended"]);
    expect(timers(effects)).toEqual([
      ...[clear("dial-110"), clear("call-silence"), set("ended-shown", at + 10_000)],
    ]);
    pillar.tell({ type: "timer-due", name: "ended-shown" });
    expect(stateOf(pillar).hasJustEnded).toBe(false);
    expect(after(pillar, () => pillar.tell({ type: "timer-due", name: "call-silence" }))).toEqual(
      [],
    );
  });

  test("nobody has accepted for 20 s is late, says so once, and one that is accepted is not", () => {
    const pillar = reachedPillar();
    const eventId = pillar.press();
    pillar.pass(20_000);
    expect(stateOf(pillar).call).toMatchObject({ phase: "calling", isLate: true });
    pillar.accept(eventId);
    const late = () => pillar.tell({ type: "timer-due", name: "dial-110" });
    expect(after(pillar, late)).toEqual([]);
    const silent = falsePillar();
    silent.press("silent");
    expect(prompts(after(silent, () => silent.pass(20_000)))).toEqual([]);
  });
});

describe("after a reboot", () => {
  test("the newest alarm that nobody has goes on as the call, its age unknown", () => {
    const pillar = falsePillar({
      unaccepted: [kept(1, "voice"), kept(2, "voice"), kept(3, "test")],
      head: { seq: 3, hash: keptAlarm(3).hash },
    });
    expect(stateOf(pillar).call).toEqual({
      ...{ phase: "calling", eventId: idOf(2), isSilent: false, edgeAt: 1000 },
      isLate: false,
    });
    expect(stateOf(pillar).lastEventId).toBe(idOf(2));
    expect(timers(pillar.effects)).toContainEqual(set("dial-110", 21_000));
    expect(pillar.prompts).toEqual(["calling"]);
  });

  test("it is silent when any of those that nobody has was", () => {
    const unaccepted = [kept(1, "silent"), kept(2, "voice")];
    const pillar = falsePillar({ unaccepted });
    expect(stateOf(pillar).call).toMatchObject({ eventId: idOf(2), isSilent: true });
    expect(pillar.prompts).toEqual([]);
  });

  test("tests alone are no call", () => {
    const pillar = falsePillar({ unaccepted: [kept(1, "test")] });
    expect([stateOf(pillar).call, pillar.prompts]).toEqual([{ phase: "idle" }, []]);
  });
});

describe("pressing again", () => {
  const accepted = (kind: "voice" | "silent" = "voice") => {
    const pillar = reachedPillar();
    const first = pillar.press(kind);
    pillar.accept(first);
    return { pillar, first, at: pillar.now() };
  };

  test("within five seconds is owed, once, and is an alarm at their end", () => {
    const { pillar, first, at } = accepted();
    pillar.pass(4999);
    const effects = after(pillar, () => pillar.press());
    expect(timers(effects)).toContainEqual(set("press-again", at + 5000));
    const owed = { kind: "voice", edgeAt: at + 4939 };
    expect(stateOf(pillar)).toMatchObject({ owed, lastEventId: first, newer: [] });
    const again = timers(after(pillar, () => pillar.press()));
    expect(again).not.toContainEqual(set("press-again", at + 5000));
    pillar.pass(1);
    const second = stateOf(pillar).lastEventId!;
    expect(second).not.toBe(first);
    expect(stateOf(pillar)).toMatchObject({ owed: undefined, newer: [second], bornAt: at + 5000 });
    expect(pillar.alarms().at(-1)?.event).toMatchObject({ seq: 2, wallMs: 1_780_000_005_939 });
    pillar.tell({ type: "timer-due", name: "press-again" });
    expect(pillar.alarms().at(-1)?.event.seq).toBe(2);
  });

  test("after five seconds is an alarm at once", () => {
    const { pillar } = accepted();
    pillar.pass(5000);
    pillar.press();
    expect(pillar.alarms().at(-1)?.event.seq).toBe(2);
    expect(stateOf(pillar).owed).toBeUndefined();
  });

  test("silently for the first time goes out at once and hushes the call; the second time waits", () => {
    const { pillar } = accepted();
    pillar.press("silent");
    expect(pillar.alarms().at(-1)?.event).toMatchObject({ seq: 2, kind: "silent" });
    expect(stateOf(pillar)).toMatchObject({ wasSilent: true, call: { isSilent: true } });
    pillar.press("silent");
    expect(pillar.alarms().at(-1)?.event.seq).toBe(2);
    expect(stateOf(pillar).owed).toMatchObject({ kind: "silent" });
  });

  test("makes the newer alarm the one that counts, also when a hub takes the first one later", () => {
    const pillar = reachedPillar();
    const first = pillar.press();
    pillar.pass(5000);
    const second = pillar.press();
    pillar.accept(first);
    expect(stateOf(pillar)).toMatchObject({ lastEventId: second, newer: [second] });
    expect(stateOf(pillar).call).toMatchObject({ phase: "received", eventId: first });
  });

  test("is remembered for the newest sixteen alarms of a call", () => {
    const { pillar, first } = accepted();
    const pressed = Array.from({ length: 17 }, () => {
      pillar.pass(5000);
      return pillar.press();
    });
    expect(stateOf(pillar).newer).toEqual(pressed.slice(1));
    expect(stateOf(pillar).call).toMatchObject({ eventId: first });
  });

  test("goes on as the call when the first one is over before a hub has it", () => {
    const { pillar, first } = accepted();
    pillar.pass(5000);
    const second = pillar.press();
    const effects = after(pillar, () => pillar.call(first, "ended"));
    expect(timers(effects)).toEqual([
      ...[clear("call-silence"), set("dial-110", pillar.now() + 20_000)],
    ]);
    expect(stateOf(pillar).call).toMatchObject({ phase: "calling", eventId: second });
  });

  test("that a hub puts into another incident is the call from then on, and nothing else is", () => {
    const { pillar, first } = accepted();
    pillar.pass(5000);
    const second = pillar.press();
    const into = (eventId: EventId, incident: EventId) =>
      pillar.tell({
        type: "accepted",
        receipt: {
          ...{
            v: 1,
            eventId,
            pillarId: PILLAR,
            seq: 2,
            isOver: false,
            hubEpoch: EPOCH,
            journalIndex: 9,
          },
          ...{ incidentId: IncidentId.parse(incident), hubRun: RUN, sessionNonce: NONCE },
        },
        via: "link",
      });
    into(first, second);
    expect(stateOf(pillar).call).toMatchObject({ incidentId: first });
    into(second, second);
    expect(stateOf(pillar).call).toEqual({
      ...{ phase: "received", eventId: second, isSilent: false, incidentId: second },
    });
    expect(pillar.prompts).toEqual(["calling", "received", "received"]);
  });
});
