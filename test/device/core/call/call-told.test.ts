/** Each message of the hub about a call: the complete state after it, and the prompts. */
import { describe, expect, test } from "vitest";
import { EventId, IncidentId } from "../../../../shared/ids.ts";
import type { Call } from "../../../../shared/protocol/call.ts";
import { after, only, set, timers } from "../../../kit/core/effects.ts";
import {
  falsePillar,
  keptAlarm,
  LINK_UP,
  reachedPillar,
  type FalsePillar,
} from "../../../kit/core/pillar-core.ts";

const OLD = keptAlarm(1).event.eventId;
const OTHER = IncidentId.parse("d".repeat(32));
const callOf = (pillar: FalsePillar) => pillar.state().call.call;
const said = (pillar: FalsePillar, call: Omit<Call, "v">) =>
  only(
    after(pillar, () => pillar.hear({ v: 1, ...call })),
    "prompt",
  ).map((one) => one.type === "prompt" && one.name);

describe("a pillar that has forgotten its call", () => {
  /** A pillar after a reboot: its newest alarm is on the disk and was accepted by a hub. */
  const rebooted = () => reachedPillar({ lastEventId: OLD, bootEpoch: 2 });
  const about = { incidentId: OTHER, eventId: OLD };
  const received = { phase: "received", eventId: OLD, isSilent: false, incidentId: OTHER };
  const person = { ...received, phase: "answered", by: "Wang", isHeld: false, isLive: true };

  test.each<[Partial<Call> & Pick<Call, "status">, object, string[]]>([
    [{ status: "ringing" }, received, ["received"]],
    [{ status: "ringing", by: "Wang" }, received, ["received"]],
    [{ status: "answered" }, received, ["received"]],
    [{ status: "answered", by: "Wang" }, person, ["answered"]],
    [{ status: "held", by: "Wang" }, { ...person, isHeld: true }, ["held"]],
    [{ status: "ringing", isSilent: true }, { ...received, isSilent: true }, []],
    [{ status: "answered", by: "Wang", isSilent: true }, { ...person, isSilent: true }, []],
  ])("and hears %j takes it up", (message, call, aloud) => {
    const pillar = rebooted();
    expect(said(pillar, { ...about, ...message })).toEqual(aloud);
    expect(callOf(pillar)).toEqual(call);
    expect(pillar.state().call.lastEventId).toBe(OLD);
  });

  test("takes nothing up that is over, is another alarm's, or waits for its receipt", () => {
    const idle = { phase: "idle" };
    const pillar = rebooted();
    expect(said(pillar, { ...about, status: "ended" })).toEqual([]);
    expect(
      said(pillar, { ...about, eventId: keptAlarm(2).event.eventId, status: "ringing" }),
    ).toEqual([]);
    expect(callOf(pillar)).toEqual(idle);
    const waiting = falsePillar({ lastEventId: OLD, bootEpoch: 2, unaccepted: [keptAlarm(1)] });
    waiting.tell(LINK_UP);
    waiting.tell({ type: "timer-due", name: "call-silence" });
    expect(said(waiting, { ...about, status: "ringing" })).toEqual([]);
    expect(callOf(waiting)).toEqual(idle);
  });
});

describe("a call", () => {
  const begun = () => {
    const pillar = reachedPillar();
    const eventId = pillar.press();
    return { pillar, eventId, incidentId: IncidentId.parse(eventId) };
  };

  test("that hears of an answer and loses its link before its receipt does not say that somebody is there", () => {
    const { pillar, eventId, incidentId } = begun();
    pillar.hear({ v: 1, incidentId, eventId, status: "answered", by: "Wang" });
    pillar.tell({ type: "link-down", reason: "keep-alive" });
    pillar.accept(eventId);
    expect(callOf(pillar)).toMatchObject({ phase: "answered", isLive: false });
    expect([pillar.lamp(), pillar.prompts.at(-1)]).toEqual(["received", "reconnecting"]);
  });

  test("hears nothing before its receipt, and then what came before it", () => {
    const { pillar, eventId, incidentId } = begun();
    const early = { v: 1, incidentId, eventId, status: "answered", by: "Wang" } as const;
    expect(said(pillar, early)).toEqual([]);
    expect(pillar.state().call).toMatchObject({ call: { phase: "calling" }, early });
    expect(said(pillar, { ...early, eventId: OLD, by: "Li" })).toEqual([]);
    expect(pillar.state().call).toMatchObject({ early: { by: "Wang" } });
    const effects = after(pillar, () => pillar.accept(eventId));
    // Only one prompt is played in a step, the one for the state at its end.
    expect(only(effects, "prompt")).toEqual([{ type: "prompt", name: "answered" }]);
    expect(callOf(pillar)).toEqual({
      ...{ phase: "answered", eventId, isSilent: false, incidentId },
      ...{ by: "Wang", isHeld: false, isLive: true },
    });
  });

  test("of another incident is believed only of its own alarm, once a hub has accepted that", () => {
    const { pillar, eventId, incidentId } = begun();
    pillar.accept(eventId);
    const other = { incidentId: OTHER, status: "answered", by: "Wang" } as const;
    expect(said(pillar, { ...other, eventId: OLD })).toEqual([]);
    expect(callOf(pillar)).toMatchObject({ phase: "received", incidentId });
    expect(said(pillar, { ...other, eventId })).toEqual(["answered"]);
    expect(callOf(pillar)).toMatchObject({ phase: "answered", incidentId: OTHER, eventId });
    pillar.pass(5000);
    const newer = pillar.press();
    expect(said(pillar, { ...other, incidentId, eventId: newer })).toEqual([]);
    expect(callOf(pillar)).toMatchObject({ phase: "answered", incidentId: OTHER });
  });

  test("that is answered is watched; the same word again only renews the watch", () => {
    const { pillar, eventId, incidentId } = begun();
    pillar.accept(eventId);
    const word = { incidentId, eventId, status: "answered", by: "Wang" } as const;
    const watch = () => [
      set("call-silence", pillar.now() + 1_800_000),
      set("answer-stale", pillar.now() + 25_000),
    ];
    expect(timers(after(pillar, () => pillar.hear({ v: 1, ...word })))).toEqual(watch());
    pillar.pass(10);
    expect(after(pillar, () => pillar.hear({ v: 1, ...word }))).toEqual(watch());
    expect(said(pillar, { ...word, by: "Li" })).toEqual(["answered"]);
    expect(said(pillar, { ...word, by: "Li", status: "held" })).toEqual(["held"]);
    expect(said(pillar, { ...word, by: "Li" })).toEqual(["answered"]);
  });

  test("whose person is gone rings again aloud, and one that rings already says nothing", () => {
    const { pillar, eventId, incidentId } = begun();
    pillar.accept(eventId);
    const word = { incidentId, eventId };
    expect(said(pillar, { ...word, status: "ringing" })).toEqual([]);
    said(pillar, { ...word, status: "answered", by: "Wang" });
    expect(said(pillar, { ...word, status: "ringing" })).toEqual(["ringing-again"]);
    expect(callOf(pillar)).toEqual({ phase: "received", eventId, isSilent: false, incidentId });
  });

  test("that the hub calls silent is silent from then on, and its end alone makes it no silent one", () => {
    const hushed = (message: Partial<Call>, isAccepted = true) => {
      const { pillar, eventId, incidentId } = begun();
      if (isAccepted) pillar.accept(eventId);
      pillar.hear({ v: 1, incidentId, eventId, status: "ringing", isSilent: true, ...message });
      const call = callOf(pillar);
      return call.phase === "idle" ? pillar.prompts.at(-1) : call.isSilent;
    };
    expect([hushed({}), hushed({}, false), hushed({ isSilent: false })]).toEqual([
      ...[true, true, false],
    ]);
    expect(hushed({ incidentId: OTHER, eventId: OLD })).toBe(false);
    // The same incident, named by an alarm that the pillar has forgotten.
    expect(hushed({ eventId: EventId.parse("c".repeat(32)) })).toBe(true);
    expect(hushed({ status: "ended" })).toBe("ended");
    expect(hushed({ status: "ended" }, false)).toBe(true);
  });

  test("that was answered is in doubt without a link, said once, and lost after fifteen seconds", () => {
    const { pillar, eventId } = begun();
    pillar.accept(eventId);
    pillar.call(eventId, "answered", "Wang");
    pillar.prompts.length = 0;
    pillar.tell({ type: "link-down", reason: "test" });
    pillar.tell({ type: "timer-due", name: "answer-stale" });
    expect(pillar.prompts).toEqual(["reconnecting"]);
    pillar.pass(15_000);
    expect(pillar.prompts).toEqual(["reconnecting", "network-fault-dial-110"]);
    const received = begun();
    received.pillar.accept(received.eventId);
    received.pillar.tell({ type: "link-down", reason: "test" });
    received.pillar.pass(15_000);
    expect(received.pillar.prompts).toEqual(["calling", "received"]);
  });
});
