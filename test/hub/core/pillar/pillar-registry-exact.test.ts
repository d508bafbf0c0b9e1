/**
 * The record of a pillar after its facts, and the facts that heartbeats and reports cause, compared
 * completely.
 */
import { describe, expect, test } from "vitest";
import type { Fact, FactOf } from "../../../../hub/core/facts.ts";
import {
  cloneFacts,
  evolvePillar,
  isCloned,
  isTrusted,
  MAX_PILLARS,
} from "../../../../hub/core/pillar/pillar-registry.ts";
import type { PillarRecord } from "../../../../hub/core/state/pillar-record.ts";
import type { FaultCode } from "../../../../shared/protocol/heartbeat.ts";
import {
  FAR_AHEAD,
  newStreet,
  pillar,
  START,
  type Street,
} from "../../../kit/core/hub-core-street.ts";

const PILLAR = pillar(0);
const FOUND_BY_HUB: readonly FaultCode[] = [
  ...(["budget-spent", "certificate-ending", "certificate-expired"] as const),
  ...(["clone-suspected", "ledger-forked", "ledger-lost"] as const),
  ...(["picture-unrecorded", "renewal-refused"] as const),
];

/** The record after the enrolment that `newStreet` makes. */
const ENROLLED: PillarRecord = {
  id: PILLAR,
  ...{ name: "门 0", grid: "g", address: "", position: null },
  ...{ presence: "lost", presenceAt: null },
  certificate: { serial: "1", expiresAt: FAR_AHEAD, issuedAt: START },
  ...{ nextCertificate: null, expiredSeenAt: null, isCertificateOver: false, revocation: null },
  ...{
    alarmPublicKey: "key",
    endedSessions: [],
    bootEpoch: null,
    release: null,
    faults: [],
    causes: {},
  },
};

const recordOf = (street: Street): PillarRecord => street.state.pillars.get(PILLAR)!;
const fault = (code: FaultCode, isActive: boolean, detail = "", at = START): Fact =>
  ({ type: "pillar-fault", at, pillarId: PILLAR, code, isActive, detail }) as const;
const folded = (record: PillarRecord | undefined, ...facts: readonly object[]): PillarRecord =>
  facts.reduce<PillarRecord | undefined>(
    (before, fact) => evolvePillar(before, { at: START, pillarId: PILLAR, ...fact } as never),
    record,
  )!;
const beat = (street: Street, details: Parameters<Street["heartbeat"]>[1] = {}) =>
  street.heartbeat(0, details).facts.filter(({ type }) => type !== "presence-changed");
const report = (street: Street, told: object) =>
  street
    .tell({
      type: "report",
      at: street.now(),
      pillarId: PILLAR,
      report: { v: 1, ...told } as never,
    })
    .facts.filter(({ type }) => type !== "presence-changed");
const raise = (street: Street, code: string, detail: string) =>
  report(street, { type: "fault-raised", code, detail });
const clear = (street: Street, code: string) => report(street, { type: "fault-cleared", code });

describe("a pillar's record", () => {
  test("is registered with nothing known of it, and enrolled with a key and a certificate", () => {
    const place = { name: "门 0", grid: "g", address: "", position: null };
    const registered = { ...ENROLLED, certificate: null, alarmPublicKey: null };
    expect(folded(undefined, { type: "pillar-registered", ...place })).toEqual(registered);
    expect(recordOf(newStreet())).toEqual(ENROLLED);
  });

  test("registered again keeps all that is known, and takes the new place", () => {
    const moved = { name: "北门", grid: "h", address: "x", position: { lat: 1, lon: 2 } };
    const known = { ...ENROLLED, presence: "online", bootEpoch: 4 } as const;
    expect(folded(known, { type: "pillar-registered", ...moved })).toEqual({ ...known, ...moved });
  });

  test("takes boot, release and presence from their facts", () => {
    const started = { type: "pillar-started", bootEpoch: 9, release: "2.0.0" };
    const online = { type: "presence-changed", presence: "online" };
    expect(folded(ENROLLED, started, online)).toEqual({
      ...ENROLLED,
      ...{ bootEpoch: 9, release: "2.0.0", presence: "online", presenceAt: START },
    });
  });

  test("has each fault once, in order, with the words of the one that was told last", () => {
    const twice = folded(
      ENROLLED,
      fault("media-down", true, "b"),
      fault("camera-lost", true, "a"),
      fault("media-down", true, "c", START + 1),
    );
    expect([twice.faults, twice.causes]).toEqual([
      ["camera-lost", "media-down"],
      { "camera-lost": { detail: "a", at: START }, "media-down": { detail: "c", at: START + 1 } },
    ]);
    const cleared = folded(twice, fault("camera-lost", false, "gone"));
    expect([cleared.faults, cleared.causes]).toEqual([
      ["media-down"],
      { "media-down": { detail: "c", at: START + 1 } },
    ]);
  });

  test("notes when its certificate was seen to be over, and when it was not", () => {
    const over = folded(ENROLLED, fault("certificate-expired", true, "x", START + 5));
    expect(over.expiredSeenAt).toBe(START + 5);
    expect(folded(over, fault("media-down", true)).expiredSeenAt).toBe(START + 5);
    expect(folded(over, fault("certificate-expired", false)).expiredSeenAt).toBe(null);
  });

  test("enrolled anew loses what the hub held against it, and keeps what it said itself", () => {
    const faults = [...FOUND_BY_HUB, "media-down" as const].toSorted();
    const before = { ...ENROLLED, faults, bootEpoch: 8, presence: "out-of-service" } as const;
    const enrol = {
      type: "pillar-enrolled",
      certificateSerial: "2",
      alarmPublicKey: "new",
      certificateExpiresAt: FAR_AHEAD,
    };
    const certificate = { serial: "2", expiresAt: FAR_AHEAD, issuedAt: START };
    const anew = { ...ENROLLED, certificate, alarmPublicKey: "new", faults: ["media-down"] };
    expect(folded(before, enrol)).toEqual(anew);
    expect(folded({ ...before, presence: "late" }, enrol).presence).toBe("late");
  });

  test("is trusted unless it is unknown, revoked, expired or a suspected copy", () => {
    const cloned = folded(ENROLLED, { type: "pillar-cloned", detail: "" });
    expect(cloned).toEqual({ ...ENROLLED, faults: ["clone-suspected"] });
    expect([ENROLLED, cloned].map(isCloned)).toEqual([false, true]);
    const revocation = { at: 1, byName: "", reason: "pillar-stolen", note: "" } as const;
    const all = [ENROLLED, undefined, cloned, { ...ENROLLED, revocation }] as const;
    expect(all.map((one) => isTrusted(one, START))).toEqual([true, false, false, false]);
    expect(isTrusted({ ...ENROLLED, isCertificateOver: true }, START)).toBe(false);
  });

  test("is one of a hundred thousand at most", () => {
    expect(MAX_PILLARS).toBe(100_000);
  });
});

describe("a heartbeat", () => {
  const started = (bootEpoch: number, release = "0.1.0"): Fact => ({
    ...{ type: "pillar-started", at: START, pillarId: PILLAR, bootEpoch, release },
  });

  test("is news when its boot counts on, or its release is another one, and only then", () => {
    const street = newStreet();
    expect(beat(street, { bootEpoch: 5 })).toEqual([started(5)]);
    expect(beat(street, { bootEpoch: 5 })).toEqual([]);
    expect(beat(street, { bootEpoch: 4 })).toEqual([]);
    expect(beat(street, { bootEpoch: 4, release: "9" })).toEqual([]);
    expect(beat(street, { bootEpoch: 5, release: "9" })).toEqual([started(5, "9")]);
    expect(beat(street, { bootEpoch: 6, release: "9" })).toEqual([started(6, "9")]);
  });

  test("counts on from below when the number before was a clock's", () => {
    const street = newStreet();
    expect(beat(street, { bootEpoch: 100_000_000 })).toEqual([started(100_000_000)]);
    expect(beat(street, { bootEpoch: 100_000_000 })).toEqual([]);
    expect(beat(street, { bootEpoch: 3 })).toEqual([started(3)]);
  });

  test("raises and clears the pillar's own faults, without words", () => {
    const street = newStreet();
    beat(street);
    const faults = ["camera-lost", "media-down"] as const;
    expect(beat(street, { faults: [...faults] })).toEqual(faults.map((code) => fault(code, true)));
    expect(beat(street, { faults: [...faults] })).toEqual([]);
    expect(beat(street, { faults: ["media-down"] })).toEqual([fault("camera-lost", false)]);
  });

  test.each(FOUND_BY_HUB)("neither raises nor clears %s, which only the hub can find", (code) => {
    const street = newStreet();
    beat(street);
    expect(beat(street, { faults: [code] })).toEqual([]);
    street.record(fault(code, true));
    expect(beat(street)).not.toContainEqual(fault(code, false));
    expect(clear(street, code)).toEqual([]);
    expect(recordOf(street).faults).toEqual([code]);
  });

  test("of a pillar that is not known makes no fact", () => {
    expect(newStreet().heartbeat(1).facts).toEqual([]);
  });
});

describe("a reported fault", () => {
  test("is a fact with its words, and the same again is none", () => {
    const street = newStreet();
    expect(raise(street, "media-down", "a")).toEqual([fault("media-down", true, "a")]);
    expect(raise(street, "media-down", "a")).toEqual([]);
    expect(clear(street, "media-down")).toEqual([fault("media-down", false)]);
    expect(clear(street, "media-down")).toEqual([]);
  });

  test("with another cause is told again from 30 s after the one before", () => {
    const street = newStreet();
    raise(street, "media-down", "a");
    street.setClock(29_999);
    expect(raise(street, "media-down", "b")).toEqual([]);
    street.setClock(1);
    expect(raise(street, "media-down", "")).toEqual([]);
    expect(raise(street, "media-down", "a")).toEqual([]);
    const told = fault("media-down", true, "b", START + 30_000);
    expect(raise(street, "media-down", "b")).toEqual([told]);
  });

  test("known without words takes the first words at once", () => {
    const street = newStreet();
    beat(street, { faults: ["media-down"] });
    expect(raise(street, "media-down", "")).toEqual([]);
    expect(raise(street, "media-down", "a")).toEqual([fault("media-down", true, "a")]);
  });

  test("that this hub does not know is that the pillar is newer, and only a heartbeat clears it", () => {
    const street = newStreet();
    expect(raise(street, "wings-lost", "a")).toEqual([fault("protocol-newer", true, "a")]);
    expect(clear(street, "wings-lost")).toEqual([]);
  });
});

describe("a suspected copy", () => {
  const cloned = (detail: string): FactOf<"pillar-cloned"> => ({
    ...{ type: "pillar-cloned", at: START, pillarId: PILLAR, detail },
  });
  test("is told once, with what to do", () => {
    const street = newStreet();
    beat(street, { bootEpoch: 2 });
    street.state.heard.contacts.get(PILLAR)!.cloneWatch!.suspicion = "two speak";
    const who = { at: START, pillarId: PILLAR };
    const told = cloned("two speak; find out which pillar is real and enrol it again");
    expect(cloneFacts(street.state, who)).toEqual([told]);
    expect(beat(street, { bootEpoch: 2 })).toEqual([told]);
    expect(cloneFacts(street.state, who)).toEqual([]);
    expect(cloneFacts(newStreet().state, who)).toEqual([]);
  });
  test("of a pillar that the hub does not know is not told", () => {
    const street = newStreet();
    beat(street);
    street.state.heard.contacts.get(PILLAR)!.cloneWatch!.suspicion = "two speak";
    street.state.pillars.delete(PILLAR);
    expect(cloneFacts(street.state, { at: START, pillarId: PILLAR })).toEqual([]);
  });
});
