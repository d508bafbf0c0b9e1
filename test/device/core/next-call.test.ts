/** A call ends while a newer alarm is still open; and a hub has lost the running call. */
import { describe, expect, test } from "vitest";
import { CommandId, HubEpoch, IncidentId, type EventId } from "../../../shared/ids.ts";
import {
  EPOCH,
  NONCE,
  PILLAR,
  RUN,
  falsePillar,
  reachedPillar,
  type FalsePillar,
} from "../../kit/core/pillar-core.ts";

const OTHER_HUB = HubEpoch.parse("f".repeat(32));
const OTHER_INCIDENT = IncidentId.parse("7".repeat(32));

/** A press, and another one while the first alarm has no receipt. */
function pressedTwice(kinds: readonly ["voice" | "silent", "voice"] = ["voice", "voice"]) {
  const pillar = reachedPillar();
  const first = pillar.press(kinds[0]);
  pillar.pass(6000);
  const second = pillar.press(kinds[1]);
  expect(second).not.toBe(first);
  return { pillar, first, second };
}

const sentAfter = (pillar: FalsePillar, act: () => void): EventId[] => {
  const before = pillar.alarms().length;
  act();
  return pillar
    .alarms()
    .slice(before)
    .map(({ event }) => event.eventId);
};

describe("a receipt that says that its call is over", () => {
  const over = (eventId: EventId, incidentId = IncidentId.parse(eventId)) => ({
    ...{ v: 1, eventId, pillarId: PILLAR, seq: 1, incidentId, isOver: true },
    ...{ hubEpoch: EPOCH, journalIndex: 1, hubRun: RUN },
  });

  test("ends it where no link does, and the lamp never says that it is received", () => {
    const pillar = falsePillar();
    pillar.tell({ type: "accepted", receipt: over(pillar.press()), via: "https" });
    expect(pillar.lamps).toEqual(["standby", "calling", "standby"]);
    expect(pillar.prompts).toEqual(["calling", "ended"]);
  });

  test("ends a call that was received as well, when it is of a newer alarm of the same incident", () => {
    const pillar = falsePillar();
    const first = pillar.press();
    pillar.accept(first);
    pillar.pass(6000);
    const second = pillar.press();
    expect(pillar.lamp()).toBe("received");
    const receipt = over(second, IncidentId.parse(first));
    pillar.tell({ type: "accepted", receipt, via: "https" });
    expect(pillar.lamp()).toBe("standby");
  });

  test("lets a newer press go on calling", () => {
    const pillar = falsePillar();
    const first = pillar.press();
    pillar.pass(6000);
    const second = pillar.press();
    pillar.tell({ type: "accepted", receipt: over(first), via: "https" });
    expect(pillar.lamp()).toBe("calling");
    pillar.accept(second);
    expect(pillar.lamp()).toBe("received");
  });
});

describe("a call that is over while a newer alarm has no receipt", () => {
  test("says only that the newer one calls, in the step in which the older was received and is over", () => {
    const { pillar, first } = pressedTwice();
    pillar.call(first, "ended");
    pillar.accept(first);
    expect(pillar.lamp()).toBe("calling");
    expect(pillar.prompts).toEqual(["calling", "calling"]);
  });

  /** The incident of the second alarm has ended; the third alarm has no receipt yet. */
  function thirdGoesOn() {
    const { pillar, second } = pressedTwice();
    pillar.pass(6000);
    const third = pillar.press();
    pillar.call(second, "ended");
    pillar.accept(second);
    expect(pillar.lamp()).toBe("calling");
    return { pillar, second, third };
  }

  test("is not taken up again by a second receipt of it", () => {
    const { pillar, second } = thirdGoesOn();
    const { lamps, prompts } = { lamps: [...pillar.lamps], prompts: [...pillar.prompts] };
    pillar.accept(second);
    pillar.call(second, "ended");
    pillar.accept(second);
    expect(pillar.lamps).toEqual(lamps);
    expect(pillar.prompts).toEqual(prompts);
  });

  test("does not end the newer one, when its end is told again before the newer one's receipt", () => {
    const { pillar, second, third } = thirdGoesOn();
    pillar.call(second, "ended");
    pillar.accept(third);
    expect(pillar.lamp()).toBe("received");
  });

  test("keeps the newer one silent, because whoever hides may still be there", () => {
    const { pillar, first, second } = pressedTwice(["silent", "voice"]);
    pillar.accept(first);
    pillar.call(first, "ended");
    expect(pillar.lamp()).toBe("calling");
    pillar.accept(second);
    expect(pillar.lamp()).toBe("received");
    expect(pillar.prompts).toEqual([]);
  });

  test("does not go on when the hub names the newer one as of the call that is over", () => {
    const { pillar, first, second } = pressedTwice();
    pillar.accept(first);
    // The hub has joined the second alarm to the incident and closed it; only the receipt is late.
    const incidentId = IncidentId.parse(first);
    pillar.hear({ v: 1, incidentId, eventId: second, status: "ended" });
    expect(pillar.lamp()).toBe("standby");
    pillar.accept(second);
    expect(pillar.lamp()).toBe("standby");
    expect(pillar.prompts).toEqual(["calling", "received", "ended"]);
    expect(pillar.state().outbox.pending.size).toBe(0);
  });

  test.each([
    ["before the end of the older one is told", false],
    ["and the end of the older one before that", true],
  ])("is over with its receipt, when its own end was told %s", (_when, isOlderTold) => {
    const { pillar, first, second } = pressedTwice();
    pillar.accept(first);
    if (isOlderTold) pillar.call(first, "ended");
    // The hub has opened an incident for the second alarm and closed it; its receipt comes last.
    pillar.call(second, "ended");
    expect(pillar.lamp()).toBe(isOlderTold ? "calling" : "received");
    pillar.accept(second);
    expect(pillar.lamp()).toBe("standby");
    expect(pillar.prompts.at(-1)).toBe("ended");
  });

  test.each([false, true])(
    "goes on when another alarm of the call that is over has its receipt later (end told early: %s)",
    (isEarly) => {
      const { pillar, first, second } = pressedTwice();
      pillar.pass(6000);
      const third = pillar.press();
      // The second alarm went by HTTPS and arrived first, so for the hub the first is the newest of
      // the call.
      const incidentId = IncidentId.parse(first);
      const over = { v: 1, incidentId, eventId: first, status: "ended" } as const;
      if (isEarly) pillar.hear(over);
      pillar.accept(first);
      if (!isEarly) pillar.hear(over);
      expect([pillar.lamp(), pillar.state().call.lastEventId]).toEqual(["calling", third]);
      const receipt = { v: 1, eventId: second, pillarId: PILLAR, seq: 2, incidentId } as const;
      const signed = { ...receipt, isOver: false, hubEpoch: EPOCH, journalIndex: 2, hubRun: RUN };
      pillar.tell({ type: "accepted", receipt: signed, via: "https" });
      expect(pillar.lamp()).toBe("calling");
      pillar.accept(third);
      expect(pillar.lamp()).toBe("received");
    },
  );

  test("goes on aloud, whoever pressed silently in the past that a restored hub hears again", () => {
    const pillar = reachedPillar();
    const silent = pillar.press("silent");
    pillar.accept(silent);
    pillar.call(silent, "ended");
    const first = pillar.press();
    pillar.accept(first, OTHER_HUB);
    expect(pillar.state().outbox.pending.get(silent)?.isReplay).toBe(true);
    pillar.pass(6000);
    const second = pillar.press();
    const before = pillar.prompts.length;
    pillar.call(first, "ended");
    pillar.accept(second, OTHER_HUB);
    expect(pillar.prompts.slice(before)).toEqual(["calling", "received"]);
  });

  test("goes on aloud, whoever pressed silently in a call of before that a restored hub still has to hear", () => {
    const pillar = reachedPillar();
    const old = pillar.press();
    pillar.accept(old, EPOCH);
    pillar.call(old, "ended");
    const silent = pillar.press("silent");
    pillar.accept(silent, EPOCH);
    // The other hub does not know the running call: its alarm is sent again, and then the call
    // ends.
    pillar.accept(old, OTHER_HUB);
    expect(pillar.state().outbox.pending.get(silent)?.isReplay).toBe(false);
    pillar.call(silent, "ended");
    const first = pillar.press();
    pillar.accept(first, OTHER_HUB);
    pillar.pass(6000);
    const second = pillar.press();
    const before = pillar.prompts.length;
    pillar.call(first, "ended");
    pillar.accept(second, OTHER_HUB);
    expect(pillar.prompts.slice(before)).toEqual(["calling", "received"]);
  });
});

describe("a hub that was set back to an older copy", () => {
  /** Twenty old alarms, and then a call that an operator has answered. */
  function answeredAfterMany(from: { readonly fallbackHubs?: number } = {}): {
    pillar: FalsePillar;
    running: EventId;
  } {
    const pillar = reachedPillar(from);
    for (let i = 0; i < 20; i++) {
      const eventId = pillar.press();
      pillar.accept(eventId, EPOCH);
      pillar.call(eventId, "ended");
    }
    const running = pillar.press();
    pillar.accept(running, EPOCH);
    pillar.call(running, "answered", "Wang");
    expect(pillar.lamp()).toBe("answered");
    return { pillar, running };
  }

  test("hears the running call before all it has lost, when it asks for that", () => {
    const { pillar, running } = answeredAfterMany();
    const sent = sentAfter(pillar, () =>
      pillar.tell({
        type: "command-received",
        body: {
          v: 1,
          commandId: CommandId.parse("c".repeat(32)),
          pillarId: PILLAR,
          command: { name: "resend", fromSeq: 3 },
          bootEpoch: 1,
          sessionNonce: NONCE,
          issuedWallMs: 0,
          expiresInMs: 10_000,
        },
      }),
    );
    expect(sent[0]).toBe(running);
    expect(sent.length).toBeGreaterThan(1);
  });

  test("hears it first as well when a receipt shows that the hub is another one", () => {
    const { pillar, running } = answeredAfterMany();
    const [oldest] = pillar.stored;
    const sent = sentAfter(pillar, () => {
      if (oldest) pillar.accept(oldest.event.eventId, OTHER_HUB);
    });
    expect(sent[0]).toBe(running);
  });

  test("hears the running call by HTTPS as well, when its receipt by MQTT does not come", () => {
    const { pillar, running } = answeredAfterMany({ fallbackHubs: 1 });
    const [oldest] = pillar.stored;
    if (oldest) pillar.accept(oldest.event.eventId, OTHER_HUB);
    const before = pillar.fallbackRequests.length;
    pillar.pass(6000);
    expect(
      pillar.fallbackRequests.slice(before).map(({ message }) => message.event.eventId),
    ).toContain(running);
  });

  test("has a new incident for the running call: nobody is with it any more", () => {
    const { pillar, running } = answeredAfterMany();
    pillar.tell({
      type: "accepted",
      receipt: {
        v: 1,
        eventId: running,
        pillarId: PILLAR,
        seq: 21,
        incidentId: OTHER_INCIDENT,
        hubEpoch: OTHER_HUB,
        isOver: false,
        journalIndex: 1,
        hubRun: RUN,
      },
      via: "https",
    });
    expect(pillar.lamp()).toBe("received");
    expect(pillar.prompts.at(-1)).toBe("ringing-again");
  });
});
