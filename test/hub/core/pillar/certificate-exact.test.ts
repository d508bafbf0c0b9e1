/**
 * A certificate from its issue to its end: the moments just before and after each change, and each
 * fact and refusal compared completely.
 */
import { describe, expect, test } from "vitest";
import {
  adoptionFacts,
  certificateFacts,
  ENDING_MS,
  goodSerials,
  isExpired,
  isRenewalDue,
  latestOf,
  NO_CREDENTIALS,
  successorOf,
  whyNotAdmitted,
} from "../../../../hub/core/pillar/certificate.ts";
import type { CertificateRecord, PillarRecord } from "../../../../hub/core/state/pillar-record.ts";
import type { FaultCode } from "../../../../shared/protocol/heartbeat.ts";
import {
  newStreet,
  pillar,
  START,
  WANG,
  ZHAO,
  type Street,
} from "../../../kit/core/hub-core-street.ts";

const PILLAR = pillar(0);
const DAY_MS = 86_400_000;
const END = START + 60 * DAY_MS;
const FIRST: CertificateRecord = { serial: "a1", expiresAt: END, issuedAt: START };
const NEXT: CertificateRecord = { serial: "b2", expiresAt: END + DAY_MS, issuedAt: START };

/** A street whose pillar has these credentials. */
function withRecord(change: Partial<PillarRecord>): { street: Street; record: PillarRecord } {
  const street = newStreet();
  const before = street.state.pillars.get(PILLAR)!;
  const record = { ...before, ...NO_CREDENTIALS, certificate: FIRST, ...change };
  street.state.pillars.set(PILLAR, record);
  return { street, record };
}
const recordWith = (change: Partial<PillarRecord> = {}) => withRecord(change).record;
const made = (change: Partial<PillarRecord>, at: number) => {
  const { state } = withRecord(change).street;
  state.heard.duePillars.now = [PILLAR];
  return certificateFacts(state, at);
};
const fault = (at: number, code: FaultCode, isActive: boolean, detail = "") => ({
  ...{ type: "pillar-fault", at, pillarId: PILLAR, code, isActive, detail },
});

describe("time alone", () => {
  const ending = (days: number): string =>
    `it ends in ${days} days and was not renewed: look at the pillar's log, or enrol it again`;
  const ended = (days: number): string => `it ended ${days} days ago; enrol the pillar again`;

  test("says that a certificate nears its end from just below ten days before it, with the days", () => {
    expect(ENDING_MS).toBe(10 * DAY_MS);
    expect(made({}, END - ENDING_MS)).toEqual([]);
    const at = END - ENDING_MS + 1;
    expect(made({}, at)).toEqual([fault(at, "certificate-ending", true, ending(9))]);
    expect(made({}, END)).toEqual([fault(END, "certificate-ending", true, ending(0))]);
    expect(made({ faults: ["certificate-ending"] }, at)).toEqual([]);
  });

  test("says that it has ended from the moment after, and then no longer that it nears its end", () => {
    const at = END + 2 * DAY_MS;
    expect(made({}, END + 1)).toEqual([fault(END + 1, "certificate-expired", true, ended(0))]);
    expect(made({ faults: ["certificate-ending"] }, at)).toEqual([
      fault(at, "certificate-expired", true, ended(2)),
      fault(at, "certificate-ending", false),
    ]);
    expect(made({ faults: ["certificate-expired"] }, at)).toEqual([]);
  });

  test("takes both back when the clock is put right, also at exactly ten days", () => {
    const faults: FaultCode[] = ["certificate-ending", "certificate-expired"];
    const at = END - ENDING_MS;
    expect(made({ faults }, at)).toEqual([
      fault(at, "certificate-expired", false),
      fault(at, "certificate-ending", false),
    ]);
    expect(made({ faults: ["media-down"] }, at)).toEqual([]);
  });

  test("ends it for good a day after the hub saw its end, and not while the clock says otherwise", () => {
    const faults: FaultCode[] = ["certificate-expired"];
    const seen = { faults, expiredSeenAt: END + 5 };
    const over = (at: number) => ({
      ...{ type: "certificate-expired", at, pillarId: PILLAR, certificateSerial: "a1" },
    });
    expect(made(seen, END + 5 + DAY_MS - 1)).toEqual([]);
    const at = END + 5 + DAY_MS;
    expect(made(seen, at)).toEqual([over(at)]);
    expect(made({ ...seen, isCertificateOver: true }, at)).toEqual([]);
    expect(made({ faults: ["certificate-ending"], expiredSeenAt: END - 9 * DAY_MS }, END)).toEqual(
      [],
    );
    expect(made({ faults, expiredSeenAt: null }, at)).toEqual([]);
  });

  test("says nothing of a pillar without a certificate", () => {
    expect(made({ certificate: null }, END + 9 * DAY_MS)).toEqual([]);
  });

  test("looks at the renewed one, once there is one", () => {
    expect(made({ nextCertificate: { ...NEXT, expiresAt: END + ENDING_MS } }, END)).toEqual([]);
    expect(latestOf(recordWith({ nextCertificate: NEXT }))).toEqual(NEXT);
    expect(latestOf(recordWith())).toEqual(FIRST);
  });

  test("makes at most a thousand changes in a tick, and the rest in the next", () => {
    const street = newStreet({ pillars: 1001 });
    for (const [id, record] of street.state.pillars) {
      street.state.pillars.set(id, { ...record, certificate: FIRST });
    }
    street.setClock(60 * DAY_MS);
    const counts = [1, 2, 3].map(() => street.advance(1).filter(isFault).length);
    expect(counts).toEqual([1000, 1, 0]);
  });
});
const isFault = ({ type }: { readonly type: string }): boolean => type === "pillar-fault";

describe("a connection", () => {
  const revocation = { at: 1, byName: "zhao", reason: "other", note: "" } as const;
  const EXPIRED = "its certificate has expired: enrol the pillar again";
  const UNKNOWN = "this hub knows a newer certificate of this pillar, or none";
  const both = { nextCertificate: NEXT };
  test.each([
    ["with the one in use, up to its last moment", {}, "a1", END, undefined],
    ["with the one in use, after its end", {}, "a1", END + 1, EXPIRED],
    ["with the one in use, which is over for good", { isCertificateOver: true }, "a1", 0, EXPIRED],
    ["with the renewed one, up to its last moment", both, "b2", END + DAY_MS, undefined],
    ["with the renewed one, after its end", both, "b2", END + DAY_MS + 1, EXPIRED],
    ["with the one in use, beside the renewed one", both, "a1", END, undefined],
    ["with another one", both, "c3", START, UNKNOWN],
    ["of a pillar without one", { certificate: null }, "a1", START, UNKNOWN],
    [
      "of a revoked pillar",
      { revocation },
      "a1",
      START,
      "its identity was revoked by zhao: enrol it with a new code",
    ],
  ])("%s is admitted or told why not", (_, change, serial, at, why) => {
    expect(whyNotAdmitted(recordWith(change), serial, at)).toBe(why);
  });
  test("of a pillar nobody registered is told why not", () => {
    expect(whyNotAdmitted(undefined, "a1", START)).toBe("this hub knows no such pillar");
  });

  test("with the renewed certificate is its adoption, and with any other none", () => {
    const { street } = withRecord(both);
    const connected = (serial: object) =>
      adoptionFacts(street.state, {
        ...{ type: "pillar-connected", at: START, pillarId: PILLAR, hasTakenOver: false },
        ...serial,
      } as never);
    expect(connected({ certificateSerial: "b2" })).toEqual([
      { type: "certificate-adopted", at: START, pillarId: PILLAR, certificateSerial: "b2" },
    ]);
    expect([connected({ certificateSerial: "a1" }), connected({})]).toEqual([[], []]);
    street.state.pillars.set(PILLAR, recordWith());
    expect(connected({})).toEqual([]);
  });

  test("behind an external broker uses the renewed one between the two ends", () => {
    const record = recordWith(both);
    const at = [END, END + 1, END + DAY_MS, END + DAY_MS + 1];
    expect(at.map((one) => successorOf(record, one))).toEqual([undefined, "b2", "b2", undefined]);
    expect(successorOf(recordWith(), END + 1)).toBeUndefined();
    expect([END, END + 1].map((one) => isExpired(recordWith(), one))).toEqual([false, true]);
  });
});

describe("a renewal", () => {
  const due = (certificateSerial: string, leftMs: number, change: Partial<PillarRecord> = {}) =>
    isRenewalDue(recordWith(change), { certificateSerial, at: END - leftMs, lifeMs: 2000 });
  test("is due with less than half of the time left of the one that is shown", () => {
    expect([due("a1", 1000), due("a1", 999)]).toEqual([false, true]);
    const later = { nextCertificate: { ...NEXT, expiresAt: END + 5 } };
    expect([due("b2", 995, later), due("b2", 994, later)]).toEqual([false, true]);
    expect([due("a1", 995, later), due("c3", 5000)]).toEqual([true, true]);
  });

  const renew = (street: Street, replaces: string): void =>
    street.record({
      ...{ type: "certificate-renewed", at: START + 9, pillarId: PILLAR, replaces },
      ...{ certificateSerial: "c3", certificateExpiresAt: END + 9 },
    });
  const third = { serial: "c3", expiresAt: END + 9, issuedAt: START + 9 };
  test("asked for with the one in use waits beside it", () => {
    const { street, record } = withRecord({ faults: ["certificate-ending"] });
    renew(street, "a1");
    expect(street.state.pillars.get(PILLAR)).toEqual({ ...record, nextCertificate: third });
    expect(goodSerials(street.state.pillars.get(PILLAR)!)).toEqual(["a1", "c3"]);
  });
  test("asked for with the renewed one puts that in use, and its faults are over", () => {
    const faults: FaultCode[] = ["certificate-ending", "certificate-expired", "media-down"];
    const { street, record } = withRecord({ ...both(), faults, expiredSeenAt: END });
    renew(street, "b2");
    expect(street.state.pillars.get(PILLAR)).toEqual({
      ...record,
      ...{ certificate: NEXT, nextCertificate: third, faults: ["media-down"], expiredSeenAt: null },
    });
  });
  test("asked for with another one, or adopted under another serial, changes nothing", () => {
    const { street, record } = withRecord(both());
    renew(street, "x9");
    const adopted = { type: "certificate-adopted", at: START, pillarId: PILLAR } as const;
    street.record({ ...adopted, certificateSerial: "a1" });
    expect(street.state.pillars.get(PILLAR)).toEqual(record);
  });
});
const both = () => ({ nextCertificate: NEXT });

describe("a revocation", () => {
  const person = { by: "zhao", byName: ZHAO.name };
  const revoke = (street: Street, change: object = {}) => {
    const order = { type: "revoke-order", at: START, pillarId: PILLAR, reason: "other" } as const;
    return street.tell({ ...order, note: "why", ...person, ...change } as never);
  };
  const refused = (code: string, detail: string) => ({
    ...{ facts: [], effects: [{ type: "refuse", code, detail }] },
  });

  test("ends both certificates and the key, and says who did it and why", () => {
    const { street, record } = withRecord({ ...both(), faults: ["media-down"] });
    expect(revoke(street)).toEqual({
      facts: [
        {
          ...{ type: "pillar-revoked", at: START, pillarId: PILLAR, reason: "other", note: "why" },
          ...{ certificateSerials: ["a1", "b2"], ...person },
        },
      ],
      effects: [
        {
          ...{ type: "expel-pillar", pillarId: PILLAR, sessionNonce: null, lastCalls: [] },
          reason: "its identity was revoked by zhao",
        },
      ],
    });
    expect(street.state.pillars.get(PILLAR)).toEqual({
      ...{ ...record, ...NO_CREDENTIALS, alarmPublicKey: null, faults: [] },
      ...{ presence: "out-of-service", presenceAt: START },
      revocation: { at: START, byName: "zhao", reason: "other", note: "why" },
    });
    const nothing = { facts: [], effects: [] };
    expect([revoke(street), revoke(street, { certificateSerial: "a1" })]).toEqual([
      ...[nothing, nothing],
    ]);
  });

  test("ends the picture of its call and of its test, and the recording of the call", () => {
    const { street } = withRecord({});
    street.startMedia();
    street.alarm(0);
    street.alarm(0, { kind: "test", seq: 2, prevHash: "1".repeat(64) as never });
    const [call, trial] = [...street.state.incidents.values()];
    street.order(WANG, call!.id, { name: "answer" });
    const { facts, effects } = revoke(street);
    const ofIncident = (incidentId: string) => ({
      ...{ type: "incident-pillar-revoked", at: START, incidentId, reason: "other", ...person },
    });
    expect(facts.slice(1)).toEqual([ofIncident(call!.id), ofIncident(trial!.id)]);
    expect(effects.slice(1)).toEqual([
      { type: "end-views", incidentId: call!.id, who: "all" },
      { type: "stop-recording", recordingId: call!.recordingId, pillarId: call!.pillarId },
      { type: "end-views", incidentId: trial!.id, who: "all" },
    ]);
  });

  test("is refused in words when no pillar has it, or the pillar has another certificate by now", () => {
    const { street } = withRecord({});
    expect(revoke(street, { pillarId: "nobody" })).toEqual(
      refused("not-found", "expected the id of a pillar, found nobody"),
    );
    expect(revoke(street, { certificateSerial: "x9" })).toEqual(
      refused("conflict", "expected the certificate x9, found a1"),
    );
    street.state.pillars.set(PILLAR, recordWith({ certificate: null }));
    expect(revoke(street, { certificateSerial: "x9" })).toEqual(
      refused("conflict", "expected the certificate x9, found none"),
    );
    expect(revoke(street)).toEqual(
      refused("conflict", "pillar-0 has no identity: it was never enrolled"),
    );
  });
});
