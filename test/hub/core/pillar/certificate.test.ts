import { describe, expect, test } from "vitest";
import {
  ENDING_MS,
  isExpired,
  isRenewalDue,
  successorOf,
  whyNotAdmitted,
} from "../../../../hub/core/pillar/certificate.ts";
import { isTrusted } from "../../../../hub/core/pillar/pillar-registry.ts";
import { writeSnapshot } from "../../../../hub/core/snapshot.ts";
import type { PillarId, Username } from "../../../../shared/ids.ts";
import {
  newStreet,
  pillar,
  START,
  types,
  WANG,
  ZHAO,
  type Street,
} from "../../../kit/core/hub-core-street.ts";

const DAY_MS = 86_400_000;
const LIFE_MS = 60 * DAY_MS;
const PILLAR: PillarId = pillar(0);

function newCity(expiresAt = START + LIFE_MS): Street {
  const street = newStreet();
  enrol(street, "a1", expiresAt);
  return street;
}

function enrol(street: Street, certificateSerial: string, certificateExpiresAt: number): void {
  const keys = {
    certificateSerial,
    certificateExpiresAt,
    alarmPublicKey: `key ${certificateSerial}`,
  };
  street.record({ type: "pillar-enrolled", at: street.now(), pillarId: PILLAR, ...keys });
}

function renew(street: Street, replaces: string, certificateSerial: string): void {
  const at = street.now();
  const certificateExpiresAt = at + LIFE_MS;
  const renewed = { replaces, certificateSerial, certificateExpiresAt };
  street.record({ type: "certificate-renewed", at, pillarId: PILLAR, ...renewed });
}

const recordOf = (street: Street) => street.state.pillars.get(PILLAR)!;
const admitted = (street: Street, serial: string, at = street.now()): boolean =>
  whyNotAdmitted(recordOf(street), serial, at) === undefined;
const connect = (street: Street, certificateSerial: string) =>
  street.tell({ type: "pillar-connected", at: street.now(), pillarId: PILLAR, certificateSerial });

const revoke = (street: Street, change: object = {}) =>
  street.tell({
    type: "revoke-order",
    at: street.now(),
    pillarId: PILLAR,
    reason: "pillar-stolen",
    note: "seen on a market",
    by: ZHAO.name as Username,
    byName: ZHAO.name,
    ...change,
  });

/** Folding the journal again gives the same state. */
function expectFoldable(street: Street): void {
  expect(street.refolded()).toBe(writeSnapshot(street.state));
}

describe("a renewed certificate", () => {
  test("is admitted beside the one it replaces, until its first use ends that one", () => {
    const street = newCity();
    renew(street, "a1", "b2");
    expect([admitted(street, "a1"), admitted(street, "b2")]).toEqual([true, true]);
    expect(types(connect(street, "a1").facts)).not.toContain("certificate-adopted");
    expect(types(connect(street, "b2").facts)).toContain("certificate-adopted");
    expect([admitted(street, "a1"), admitted(street, "b2")]).toEqual([false, true]);
    expect(types(connect(street, "b2").facts)).not.toContain("certificate-adopted");
    expectFoldable(street);
  });

  test("whose answer was lost is replaced by the next one asked for", () => {
    const street = newCity();
    renew(street, "a1", "lost");
    renew(street, "a1", "c3");
    expect(["a1", "lost", "c3"].map((serial) => admitted(street, serial))).toEqual([
      true,
      false,
      true,
    ]);
  });

  test("whose use nobody saw is used when the next one is asked for with it", () => {
    const street = newCity();
    renew(street, "a1", "b2");
    street.setClock(70 * DAY_MS);
    expect(isExpired(recordOf(street), START + 59 * DAY_MS)).toBe(false);
    renew(street, "b2", "c3");
    expect(["a1", "b2", "c3"].map((serial) => admitted(street, serial, START + DAY_MS))).toEqual([
      false,
      true,
      true,
    ]);
    expectFoldable(street);
  });

  test("that waits for its first use keeps the pillar trusted when the old one ends", () => {
    const street = newCity();
    street.setClock(45 * DAY_MS);
    renew(street, "a1", "b2");
    street.setClock(20 * DAY_MS);
    street.advance(1);
    expect(recordOf(street).faults).toEqual([]);
    expect(isTrusted(recordOf(street), street.now())).toBe(true);
    expect([admitted(street, "a1"), admitted(street, "b2")]).toEqual([false, true]);
  });

  test("asked for by an identity that was enrolled anew meanwhile belongs to no pillar", () => {
    const street = newCity();
    enrol(street, "n9", START + LIFE_MS);
    renew(street, "a1", "b2");
    expect([admitted(street, "a1"), admitted(street, "b2"), admitted(street, "n9")]).toEqual([
      false,
      false,
      true,
    ]);
    expectFoldable(street);
  });

  test("keeps the alarm key and the ledger's chain: it is the same pillar", () => {
    const street = newCity();
    street.alarm(0);
    const mark = street.state.marks.get(PILLAR);
    renew(street, "a1", "b2");
    connect(street, "b2");
    expect(recordOf(street).alarmPublicKey).toBe("key a1");
    expect(street.state.marks.get(PILLAR)).toEqual(mark);
  });

  test("is due when half of the time of the one shown is over, whatever was issued and not used", () => {
    const street = newCity();
    const isDue = (certificateSerial: string, at: number): boolean =>
      isRenewalDue(recordOf(street), { certificateSerial, at, lifeMs: LIFE_MS });
    expect([isDue("a1", START + 29 * DAY_MS), isDue("a1", START + 31 * DAY_MS)]).toEqual([
      false,
      true,
    ]);
    street.setClock(31 * DAY_MS);
    renew(street, "a1", "b2");
    expect([isDue("a1", street.now()), isDue("b2", street.now())]).toEqual([true, false]);
  });
});

test("an alarm told again under the key of a new enrolment is the same alarm; another one is not", () => {
  const street = newCity();
  street.alarm(0, { seq: 4, eventId: 9, sig: "by the old key" });
  const { id, presses } = street.only();
  enrol(street, "n9", START + LIFE_MS);
  const again = street.alarm(0, { seq: 4, eventId: 9, sig: "by the new key" });
  expect(again.facts).toEqual([]);
  expect(again.effects).toMatchObject([
    { type: "accept", incidentId: id },
    { type: "tell-pillar" },
  ]);
  street.alarm(0, { seq: 4, eventId: 10, sig: "another" });
  expect(street.only().presses).toBe(presses + 1);
  expect(recordOf(street).faults).toEqual([]);
});

describe("a certificate's end", () => {
  test("is told ten days before, told when it comes, and a renewal clears both", () => {
    const street = newCity(START + ENDING_MS + 2000);
    expect(types(street.advance(2))).not.toContain("pillar-fault");
    expect(street.advance(1)).toMatchObject([
      { type: "pillar-fault", code: "certificate-ending", isActive: true },
    ]);
    street.heartbeat(0);
    expect(recordOf(street).faults).toEqual(["certificate-ending"]);
    street.setClock(ENDING_MS);
    street.advance(1);
    expect(recordOf(street).faults).toEqual(["certificate-expired"]);
    enrol(street, "b2", street.now() + LIFE_MS);
    expect(recordOf(street).faults).toEqual([]);
    expectFoldable(street);
  });

  test("C6 a day after it, no clock that is set back makes it good again", () => {
    const street = newCity(START + DAY_MS);
    street.setClock(DAY_MS + 1000);
    street.advance(1);
    street.setClock(DAY_MS);
    expect(types(street.advance(2))).toContain("certificate-expired");
    street.setClock(-3 * DAY_MS);
    street.advance(2);
    expect(admitted(street, "a1")).toBe(false);
    expect(isExpired(recordOf(street), START)).toBe(true);
    expect(recordOf(street).faults).toContain("certificate-expired");
    street.alarm(0);
    expect(street.only().isVerified).toBe(false);
    street.restart();
    expect(admitted(street, "a1")).toBe(false);
    expectFoldable(street);
  });

  test("seen by a clock that leapt ahead and was put right the same day is forgiven", () => {
    const street = newCity();
    street.setClock(100 * 365 * DAY_MS);
    street.advance(3600);
    expect(recordOf(street).faults).toContain("certificate-expired");
    expect(admitted(street, "a1")).toBe(false);
    street.setClock(-100 * 365 * DAY_MS);
    street.advance(2);
    expect(recordOf(street).faults).toEqual([]);
    expect(admitted(street, "a1")).toBe(true);
    expectFoldable(street);
  });
});

describe("a revoked identity", () => {
  test("is admitted with none of its certificates, and is no longer trusted", () => {
    const street = newCity();
    renew(street, "a1", "b2");
    const { facts, effects } = revoke(street);
    expect(facts).toMatchObject([
      { type: "pillar-revoked", certificateSerials: ["a1", "b2"], byName: "zhao" },
    ]);
    expect(effects).toMatchObject([{ type: "expel-pillar", pillarId: PILLAR }]);
    expect([admitted(street, "a1"), admitted(street, "b2")]).toEqual([false, false]);
    expect(isTrusted(recordOf(street), street.now())).toBe(false);
    expect(recordOf(street)).toMatchObject({ alarmPublicKey: null, presence: "out-of-service" });
    expectFoldable(street);
  });

  test("stays revoked whatever the clock says, and after every restart", () => {
    const street = newCity();
    revoke(street);
    for (const days of [-400, 36_500]) {
      street.setClock(days * DAY_MS);
      street.restart();
      expect(admitted(street, "a1")).toBe(false);
    }
  });

  test("leaves its incident open for people, unverified, without picture and recording", () => {
    const street = newCity();
    street.startMedia();
    street.alarm(0);
    const { id, recordingId } = street.only();
    street.order(WANG, id, { name: "answer" });
    const { facts, effects } = revoke(street);
    expect(types(facts)).toEqual(["pillar-revoked", "incident-pillar-revoked"]);
    expect(effects).toEqual([
      expect.objectContaining({ type: "expel-pillar" }),
      { type: "end-views", incidentId: id, who: "all" },
      { type: "stop-recording", recordingId, pillarId: pillar(0) },
    ]);
    expect(street.only()).toMatchObject({ state: "answered", owner: "wang", isVerified: false });
    street.tell({
      type: "recording-ended",
      ...{ at: street.now(), recordingId: recordingId!, state: "closed" },
      ...{ durationMs: 1, bytes: 1 },
    });
    expect(types(street.startMedia().facts)).toEqual([]);
    expectFoldable(street);
  });

  test("is not news of a lost pillar, and not of a lost grid", () => {
    const street = newCity();
    street.heartbeat(0);
    revoke(street);
    expect(types(street.advance(30))).toEqual([]);
  });

  test("is revoked once, and not when somebody enrolled the pillar meanwhile", () => {
    const street = newCity();
    revoke(street);
    expect(revoke(street)).toEqual({ facts: [], effects: [] });
    enrol(street, "n9", START + LIFE_MS);
    expect(admitted(street, "n9")).toBe(true);
    expect(recordOf(street)).toMatchObject({ revocation: null, presence: "lost" });
    const late = revoke(street, { certificateSerial: "a1" });
    expect(late).toMatchObject({ facts: [], effects: [{ type: "refuse", code: "conflict" }] });
    expect(types(revoke(street, { certificateSerial: "n9" }).facts)).toEqual(["pillar-revoked"]);
  });

  test("must be somebody's: an unknown pillar, or one that was never enrolled, is refused", () => {
    const street = newStreet({ pillars: 0 });
    expect(revoke(street).effects).toMatchObject([{ type: "refuse", code: "not-found" }]);
    const place = { name: "n", grid: "g", address: "", position: null };
    street.record({ type: "pillar-registered", at: street.now(), pillarId: PILLAR, ...place });
    expect(revoke(street).effects).toMatchObject([{ type: "refuse", code: "conflict" }]);
  });
});

test("behind an external broker the renewed certificate is in use when the one before has ended", () => {
  const street = newCity(START + DAY_MS);
  renew(street, "a1", "b2");
  expect(successorOf(recordOf(street), street.now())).toBeUndefined();
  expect(successorOf(recordOf(street), START + 2 * DAY_MS)).toBe("b2");
  expect(successorOf(recordOf(street), START + 400 * DAY_MS)).toBeUndefined();
  connect(street, "b2");
  expect(successorOf(recordOf(street), START + 2 * DAY_MS)).toBeUndefined();
  expectFoldable(street);
});
