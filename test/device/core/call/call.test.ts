/** One call at the pillar in virtual time: what the person sees and hears, and when. */
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { IncidentId, type EventId } from "../../../../shared/ids.ts";
import { OPENED_FOR, SHUT } from "../../../../shared/protocol/purpose.ts";
import {
  LINK_UP,
  falsePillar,
  keptAlarm,
  reachedPillar,
  type FalsePillar,
} from "../../../kit/core/pillar-core.ts";

describe("a call", () => {
  test("goes from calling through received and answered to its end", () => {
    const pillar = reachedPillar();
    const eventId = pillar.press();
    pillar.accept(eventId);
    pillar.call(eventId, "ringing");
    pillar.call(eventId, "answered", "Wang");
    pillar.call(eventId, "held", "Wang");
    pillar.call(eventId, "answered", "Wang");
    pillar.call(eventId, "ended");
    expect(pillar.lamps).toEqual(["standby", "calling", "received", "answered", "standby"]);
    expect(pillar.prompts).toEqual([
      "calling",
      "received",
      "answered",
      "held",
      "answered",
      "ended",
    ]);
    expect(pillar.openings()).toEqual([OPENED_FOR.call, SHUT]);
  });

  test("follows its alarm into another incident, when the hub was restored from an older copy", () => {
    const pillar = reachedPillar();
    const eventId = pillar.press();
    pillar.accept(eventId);
    pillar.call(eventId, "answered", "Wang");
    const incidentId = IncidentId.parse("7".repeat(32));
    const told = { v: 1, incidentId, eventId } as const;
    pillar.hear({ ...told, status: "ringing" });
    expect(pillar.lamp()).toBe("received");
    pillar.hear({ ...told, status: "ended" });
    expect(pillar.lamp()).toBe("standby");
  });

  test("is not changed by pressing again", () => {
    const pillar = reachedPillar();
    const eventId = pillar.press();
    pillar.press();
    pillar.accept(eventId);
    pillar.press();
    pillar.call(eventId, "answered", "Wang");
    pillar.press();
    expect(new Set(pillar.alarms().map(({ event }) => event.seq))).toEqual(new Set([1]));
    expect(pillar.lamp()).toBe("answered");
  });

  test("that has ended makes room for a new one", () => {
    const pillar = reachedPillar();
    const first = pillar.press();
    pillar.accept(first);
    pillar.call(first, "ended");
    pillar.press();
    expect(pillar.alarms().at(-1)?.event.seq).toBe(2);
    expect(pillar.lamp()).toBe("calling");
  });

  test("is not answered without a name", () => {
    const pillar = reachedPillar();
    const eventId = pillar.press();
    pillar.accept(eventId);
    pillar.call(eventId, "answered");
    expect(pillar.lamp()).toBe("received");
  });

  test("answered before its receipt is answered when the receipt comes", () => {
    const pillar = reachedPillar();
    const eventId = pillar.press();
    pillar.call(eventId, "answered", "Wang");
    expect(pillar.lamp()).toBe("calling");
    pillar.accept(eventId);
    expect(pillar.lamp()).toBe("answered");
  });

  test("pressed silently is silent from beginning to end", () => {
    const pillar = reachedPillar();
    const eventId = pillar.press("silent");
    pillar.accept(eventId);
    pillar.call(eventId, "answered", "Wang");
    pillar.call(eventId, "ended");
    expect(pillar.prompts).toEqual([]);
    expect(pillar.alarms()[0]?.event.kind).toBe("silent");
  });

  test("that is not accepted in 20 s tells the person so, and goes on", () => {
    const pillar = reachedPillar();
    pillar.press();
    pillar.pass(19_000);
    expect(pillar.prompts).not.toContain("network-fault-dial-110");
    const before = pillar.alarms().length;
    pillar.pass(2_000_000);
    expect(pillar.prompts.filter((name) => name === "network-fault-dial-110")).toHaveLength(1);
    expect(pillar.lamp()).toBe("calling");
    expect(pillar.alarms().length).toBeGreaterThan(before + 100);
  });

  test("of which the hub says nothing for half an hour does not block the button for ever", () => {
    const pillar = reachedPillar();
    pillar.accept(pillar.press());
    pillar.pass(31 * 60_000);
    expect(pillar.lamp()).toBe("standby");
    pillar.press();
    expect(pillar.alarms().at(-1)?.event.seq).toBe(2);
  });

  test("that was waiting when the power went goes on after the reboot, without a false age", () => {
    const pillar = falsePillar({ unaccepted: [keptAlarm(1), keptAlarm(2)], bootEpoch: 2 });
    expect(pillar.lamp()).toBe("calling");
    pillar.tell(LINK_UP);
    expect(pillar.alarms().map(({ event }) => event.seq)).toEqual([2, 1]);
    expect(pillar.alarms().every(({ ageMs }) => ageMs === undefined)).toBe(true);
    pillar.accept(keptAlarm(2).event.eventId);
    expect(pillar.lamp()).toBe("received");
  });

  test("whose newest alarm a hub accepted is not begun anew by an older one after the reboot", () => {
    const { eventId } = keptAlarm(2).event;
    const pillar = falsePillar({
      ...{ unaccepted: [keptAlarm(1)], lastEventId: eventId, bootEpoch: 2 },
    });
    pillar.tell(LINK_UP);
    expect([pillar.lamp(), pillar.prompts]).toEqual(["standby", []]);
    expect(pillar.alarms().map(({ event }) => event.seq)).toEqual([1]);
    // The older one was of a call that is over, and somebody is with whoever pressed since.
    const incidentId = IncidentId.parse("b".repeat(32));
    const person = { status: "answered", by: "Wang", isSilent: true } as const;
    pillar.hear({ v: 1, incidentId, eventId, ...person });
    pillar.accept(keptAlarm(1).event.eventId);
    expect([pillar.lamp(), pillar.prompts]).toEqual(["answered", []]);
  });

  test("in which the pillar rebooted is taken up again at the hub's word", () => {
    const { eventId } = keptAlarm(7).event;
    const pillar = reachedPillar({ lastEventId: eventId });
    pillar.call(eventId, "answered", "Wang");
    expect(pillar.lamp()).toBe("answered");
    expect(pillar.openings()).toEqual([OPENED_FOR.call]);
  });

  test("that goes on in a newer incident is believed, whichever of its alarms the hub has by now", () => {
    const pillar = reachedPillar();
    pillar.accept(pillar.press());
    pillar.pass(6000);
    const second = pillar.press();
    pillar.pass(6000);
    pillar.press();
    // The hub has not received the third alarm, and the incident of the second ends.
    pillar.accept(second);
    pillar.call(second, "answered", "Wang");
    expect(pillar.lamp()).toBe("answered");
    pillar.call(second, "ended");
    expect(pillar.lamp()).toBe("calling");
  });

  test("that the pillar never made does not open the gate", () => {
    const pillar = reachedPillar();
    pillar.call(keptAlarm(7).event.eventId, "answered", "Wang");
    expect(pillar.lamp()).toBe("standby");
    expect(pillar.openings()).toEqual([]);
  });
});

function perform(pillar: FalsePillar, story: { do: string }, accepted: Set<EventId>): void {
  const last = pillar.alarms().at(-1)?.event.eventId;
  const step = story as { do: string; ms: number; status: "ringing"; by: string | undefined };
  if (step.do === "press") pillar.press();
  if (step.do === "up" && pillar.state().link.phase === "trying") pillar.tell(LINK_UP);
  if (step.do === "down") pillar.tell({ type: "link-down", reason: "test" });
  if (step.do === "reject-disk") pillar.disk = "broken";
  if (step.do === "good-disk") pillar.disk = "good";
  if (step.do === "pass") pillar.pass(step.ms);
  if (step.do === "call" && last) pillar.call(last, step.status, step.by);
  if (step.do === "accept" && last) {
    accepted.add(last);
    pillar.accept(last);
  }
}

describe("whatever happens", () => {
  const happening = fc.oneof(
    fc.record({ do: fc.constantFrom("press", "up", "down", "accept", "reject-disk", "good-disk") }),
    fc.record({ do: fc.constant("pass"), ms: fc.integer({ min: 1, max: 40_000 }) }),
    fc.record({
      do: fc.constant("call"),
      status: fc.constantFrom(
        "ringing" as const,
        "answered" as const,
        "held" as const,
        "ended" as const,
      ),
      by: fc.option(fc.constant("Wang"), { nil: undefined }),
    }),
  );

  test("'received' and 'answered' light only after the hub has accepted that alarm", () => {
    fc.assert(
      fc.property(fc.array(happening, { maxLength: 60 }), (stories) => {
        const pillar = falsePillar();
        const accepted = new Set<EventId>();
        for (const story of stories) {
          perform(pillar, story, accepted);
          const { call } = pillar.state().call;
          const isLit = call.phase === "received" || call.phase === "answered";
          expect(isLit && !accepted.has(call.eventId)).toBe(false);
          expect(call.phase === "answered" ? call.by : "Wang").toBe("Wang");
          const isOpen = !["idle", "calling"].includes(call.phase);
          expect(pillar.openings().at(-1) ?? SHUT).toEqual(isOpen ? OPENED_FOR.call : SHUT);
        }
      }),
      { numRuns: 300 },
    );
  });

  test("every press is accepted once faults heal, with no gap in the numbers", () => {
    fc.assert(
      fc.property(fc.array(happening, { maxLength: 60 }), (stories) => {
        const pillar = falsePillar();
        const accepted = new Set<EventId>();
        for (const story of stories) perform(pillar, story, accepted);
        pillar.disk = "good";
        if (pillar.state().link.phase === "up") pillar.tell({ type: "link-down", reason: "test" });
        pillar.pass(60_000);
        pillar.tell(LINK_UP);
        pillar.pass(60_000);
        for (const { event } of pillar.alarms()) pillar.accept(event.eventId);
        expect(pillar.state().outbox.pending.size).toBe(0);
        const seqs = pillar.stored.map(({ event }) => event.seq);
        expect(seqs).toEqual(seqs.map((_, index) => index + 1));
        expect(pillar.state().outbox.head.seq).toBe(seqs.length);
      }),
      { numRuns: 300 },
    );
  });
});
