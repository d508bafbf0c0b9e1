/** What happens to a pillar's session and its calls when its identity is revoked or replaced. */
import { describe, expect, test } from "vitest";
import { handleFacts } from "../../../../hub/core/hub.ts";
import { sessionOf } from "../../../../hub/core/pillar/session.ts";
import { hearRefolded } from "../../../../hub/core/hear.ts";
import type { HubEffect } from "../../../../hub/core/events.ts";
import type { HubEpoch, SessionNonce, Sha256, Username } from "../../../../shared/ids.ts";
import {
  FAR_AHEAD,
  hex,
  newHeartbeat,
  newStreet,
  pillar,
  WANG,
  ZHAO,
  type Street,
} from "../../../kit/core/hub-core-street.ts";

const PILLAR = pillar(0);
const nonce = (n: number): SessionNonce => hex(n) as SessionNonce;

const enrol = (street: Street, serial: string): readonly HubEffect[] => {
  const keys = {
    certificateSerial: serial,
    alarmPublicKey: `key ${serial}`,
    certificateExpiresAt: FAR_AHEAD,
  };
  const fact = { type: "pillar-enrolled", at: street.now(), pillarId: PILLAR, ...keys } as const;
  return handleFacts(street.state, [fact], 1000).effects;
};

const revoke = (street: Street): readonly HubEffect[] =>
  street.tell({
    ...{ type: "revoke-order", at: street.now(), pillarId: PILLAR, reason: "pillar-stolen" },
    ...{ note: "", by: ZHAO.name as Username, byName: ZHAO.name },
  }).effects;

const beat = (street: Street, n: number) => street.heartbeat(0, { sessionNonce: nonce(n) });
const told = (effects: readonly HubEffect[]) =>
  effects.filter(({ type }) => type === "tell-pillar");

function answeredCall(): Street {
  const street = newStreet();
  enrol(street, "a1");
  beat(street, 7);
  street.alarm(0);
  street.order(WANG, street.only().id, { name: "answer" });
  return street;
}

describe("a pillar whose identity ends in a call", () => {
  test.each([
    ["revoked", revoke],
    ["replaced", (street: Street) => enrol(street, "b2")],
  ])(
    "is %s: it is told in its session that the call is over, and the session is forgotten",
    (...row) => {
      const [, end] = row;
      const street = answeredCall();
      const { id, lastEventId } = street.only();
      expect(end(street)).toContainEqual({
        ...{ type: "expel-pillar", pillarId: PILLAR, reason: expect.any(String) },
        sessionNonce: nonce(7),
        lastCalls: [{ v: 1, incidentId: id, eventId: lastEventId, status: "ended" }],
      });
      expect(sessionOf(street.state, PILLAR)).toBeUndefined();
      expect(street.only()).toMatchObject({ state: "answered", owner: "wang" });
    },
  );

  test.each([
    ["revoked", revoke],
    ["replaced", (street: Street) => enrol(street, "b2")],
  ])("and was closed a moment before it is %s is told so with the last words", (...row) => {
    const [, end] = row;
    const street = answeredCall();
    const { id, lastEventId } = street.only();
    street.order(WANG, id, { name: "close", disposition: "resolved", note: "" });
    // By the time the facts of the closing are durable, the session is over.
    expect(end(street)).toContainEqual(
      expect.objectContaining({
        type: "expel-pillar",
        lastCalls: [{ v: 1, incidentId: id, eventId: lastEventId, status: "ended" }],
      }),
    );
  });

  test("is heard no more in that session, and in the session of a new identity as before", () => {
    const street = answeredCall();
    enrol(street, "b2");
    expect(beat(street, 7)).toEqual({ facts: [], effects: [] });
    expect(sessionOf(street.state, PILLAR)).toBeUndefined();
    expect(told(beat(street, 8).effects)).toMatchObject([{ call: { status: "answered" } }]);
    expect(sessionOf(street.state, PILLAR)).toBe(nonce(8));
  });

  test("that was silent is told of its end as one that must not be heard", () => {
    const street = newStreet();
    enrol(street, "a1");
    beat(street, 7);
    street.alarm(0, { kind: "silent" });
    expect(revoke(street)[0]).toMatchObject({ lastCalls: [{ status: "ended", isSilent: true }] });
  });

  test("goes on when the end was not written down", () => {
    const street = answeredCall();
    const onDisk = street.state.pillars.get(PILLAR)!;
    revoke(street);
    street.state.pillars.set(PILLAR, onDisk);
    hearRefolded(street.state.heard);
    expect(sessionOf(street.state, PILLAR)).toBe(nonce(7));
    beat(street, 7);
    expect(sessionOf(street.state, PILLAR)).toBe(nonce(7));
  });

  test("stays ended for a hub that was started again and has heard nothing yet", () => {
    const street = answeredCall();
    revoke(street);
    street.state.heard.contacts.clear();
    enrol(street, "c3");
    beat(street, 7);
    expect(sessionOf(street.state, PILLAR)).toBeUndefined();
    beat(street, 8);
    expect(sessionOf(street.state, PILLAR)).toBe(nonce(8));
  });
});

test("a journal put back, to which an enrolment was added, asks for what it has forgotten of the ledger", () => {
  const street = newStreet();
  enrol(street, "b2");
  const [before, now] = [hex(21), hex(22)] as [HubEpoch, HubEpoch];
  const ask = (told: HubEpoch | undefined, seq: number) =>
    street
      .tell({
        ...{ type: "heartbeat", at: street.now(), pillarId: PILLAR, hubEpoch: now },
        heartbeat: newHeartbeat({
          ...{ sessionNonce: nonce(7), head: { seq, hash: "a".repeat(64) as Sha256 } },
          ...(told && { hubEpoch: told }),
        }),
      })
      .effects.filter(({ type }) => type === "ask-resend");
  expect([ask(undefined, 3), ask(now, 3), ask(before, 0)]).toEqual([[], [], []]);
  expect(ask(before, 3)).toMatchObject([{ pillarId: PILLAR, fromSeq: 1 }]);
});

test("the first enrolment of a pillar, and one after its revocation, end no connection", () => {
  const street = newStreet({ pillars: 0 });
  const place = { name: "n", grid: "g", address: "", position: null };
  street.record({ type: "pillar-registered", at: street.now(), pillarId: PILLAR, ...place });
  expect(enrol(street, "a1")).toEqual([]);
  revoke(street);
  expect(enrol(street, "b2")).toEqual([]);
});
