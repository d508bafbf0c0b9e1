/** Pressing again during a call: nothing changes for the person, and nothing is lost. */
import { describe, expect, test } from "vitest";
import { isAllStoredWith } from "../../../../device/core/ledger/disk.ts";
import { EventId, IncidentId } from "../../../../shared/ids.ts";
import {
  EPOCH,
  PILLAR,
  reachedPillar,
  type FalsePillar,
  RUN,
} from "../../../kit/core/pillar-core.ts";

const LATER_MS = 5000;

/** A received call, and one more press that the hub has not accepted yet. */
function pressedTwice(): { pillar: FalsePillar; first: EventId; second: EventId } {
  const pillar = reachedPillar();
  const first = pillar.press();
  pillar.accept(first);
  pillar.pass(LATER_MS);
  const second = pillar.press();
  return { pillar, first, second };
}

function acceptInto(pillar: FalsePillar, eventId: EventId, incident: EventId): void {
  const base = {
    v: 1,
    pillarId: PILLAR,
    seq: 2,
    isOver: false,
    hubEpoch: EPOCH,
    journalIndex: 9,
  } as const;
  const receipt = { ...base, eventId, incidentId: IncidentId.parse(incident), hubRun: RUN };
  pillar.tell({ type: "accepted", receipt, via: "https" });
}

const seqs = (pillar: FalsePillar): Set<number> =>
  new Set(pillar.alarms().map(({ event }) => event.seq));

describe("a press during a call", () => {
  test("is an alarm of its own, and the person sees and hears no change", () => {
    const { pillar, first, second } = pressedTwice();
    acceptInto(pillar, second, first);
    expect(seqs(pillar)).toEqual(new Set([1, 2]));
    expect(pillar.lamps).toEqual(["standby", "calling", "received"]);
    expect(pillar.prompts).toEqual(["calling", "received"]);
  });

  test("that comes within five seconds is one alarm at their end, however often it comes", () => {
    const pillar = reachedPillar();
    pillar.accept(pillar.press());
    for (let n = 0; n < 20; n += 1) pillar.press();
    expect(seqs(pillar)).toEqual(new Set([1]));
    pillar.pass(LATER_MS);
    expect(seqs(pillar)).toEqual(new Set([1, 2]));
    pillar.pass(60_000);
    expect(seqs(pillar)).toEqual(new Set([1, 2]));
  });

  test("that is silent makes the call a silent one at once: it goes out, and nothing is said aloud", () => {
    const pillar = reachedPillar();
    const first = pillar.press();
    pillar.accept(first);
    pillar.press("silent");
    expect(pillar.alarms().map(({ event }) => event.kind)).toContain("silent");
    pillar.call(first, "answered", "Wang");
    pillar.call(first, "held", "Wang");
    pillar.call(first, "ended");
    expect(pillar.prompts).toEqual(["calling", "received"]);
  });

  test("that becomes silent by what the hub says of it is silent here, too", () => {
    const pillar = reachedPillar();
    const first = pillar.press();
    pillar.accept(first);
    const incidentId = IncidentId.parse(first);
    const about = { v: 1, incidentId, eventId: first, isSilent: true } as const;
    pillar.hear({ ...about, status: "answered", by: "Wang" });
    expect(pillar.prompts).toEqual(["calling", "received"]);
    expect(pillar.lamp()).toBe("answered");
  });

  test("that turns out to have been a silent one when it is over has an end that is said", () => {
    const pillar = reachedPillar();
    const first = pillar.press();
    pillar.accept(first);
    const about = { v: 1, incidentId: IncidentId.parse(first), eventId: first } as const;
    pillar.hear({ ...about, isSilent: true, status: "ended" });
    expect(pillar.prompts).toEqual(["calling", "received", "ended"]);
    expect(pillar.lamp()).toBe("standby");
  });

  test("that turns out to be a silent one before its receipt says nothing more", () => {
    const pillar = reachedPillar();
    const first = pillar.press();
    const about = { v: 1, incidentId: IncidentId.parse(first), eventId: first } as const;
    pillar.hear({ ...about, isSilent: true, status: "ended" });
    pillar.accept(first);
    expect(pillar.prompts).toEqual(["calling"]);
  });

  test("that the hub opens another incident for becomes the call", () => {
    const { pillar, first, second } = pressedTwice();
    acceptInto(pillar, second, second);
    pillar.call(first, "ended");
    expect(pillar.lamp()).toBe("received");
    pillar.call(second, "answered", "Wang");
    expect(pillar.lamp()).toBe("answered");
  });

  test("goes on as a call when the first one ends before the hub has it", () => {
    const { pillar, first, second } = pressedTwice();
    pillar.call(first, "ended");
    expect(pillar.lamp()).toBe("calling");
    acceptInto(pillar, second, second);
    expect(pillar.lamp()).toBe("received");
  });

  test("is remembered when the call ends within the five seconds", () => {
    const pillar = reachedPillar();
    const first = pillar.press();
    pillar.accept(first);
    pillar.press();
    pillar.call(first, "ended");
    expect(pillar.lamp()).toBe("standby");
    pillar.pass(LATER_MS);
    expect(pillar.lamp()).toBe("calling");
    expect(seqs(pillar)).toEqual(new Set([1, 2]));
  });

  test("that is silent makes the remembered one silent: the next call says nothing aloud", () => {
    const pillar = reachedPillar();
    const first = pillar.press();
    pillar.accept(first);
    pillar.press("silent");
    pillar.press();
    pillar.press("silent");
    pillar.call(first, "ended");
    const before = pillar.prompts.length;
    pillar.pass(LATER_MS);
    const next = EventId.parse(pillar.state().call.lastEventId);
    pillar.accept(next);
    expect(pillar.lamp()).toBe("received");
    expect(pillar.prompts.slice(before)).toEqual([]);
    const its = pillar.alarms().find(({ event }) => event.eventId === next);
    expect(its?.event.kind).toBe("silent");
  });

  test("pressed aloud in a silent call, its remembered press begins a call that makes no sound either", () => {
    const pillar = reachedPillar();
    const silent = pillar.press("silent");
    pillar.accept(silent);
    pillar.pass(2000);
    pillar.press("voice");
    pillar.call(silent, "ended");
    pillar.pass(5000);
    expect(pillar.state().call.call).toMatchObject({ phase: "calling", isSilent: true });
    expect(pillar.alarms().at(-1)?.event.kind).toBe("voice");
    expect(pillar.prompts).toEqual([]);
  });

  test("lets the hub speak of either alarm before a receipt has come", () => {
    const pillar = reachedPillar();
    const first = pillar.press();
    pillar.pass(LATER_MS);
    const second = pillar.press();
    const incidentId = IncidentId.parse(first);
    const call = { v: 1, incidentId, eventId: second, status: "answered", by: "Wang" } as const;
    pillar.hear(call);
    expect(pillar.lamp()).toBe("calling");
    acceptInto(pillar, first, first);
    expect(pillar.lamp()).toBe("answered");
  });
});

test("presses are done with only when the disk holds, or is just given, an alarm for each", () => {
  const pillar = reachedPillar();
  pillar.disk = "stuck";
  pillar.press();
  expect(isAllStoredWith(pillar.state())).toBe(true);
  pillar.press();
  expect(isAllStoredWith(pillar.state())).toBe(false);
  // The alarm of the second press is made now, while the first is still being written to the disk.
  pillar.pass(LATER_MS);
  expect(isAllStoredWith(pillar.state())).toBe(false);
});
