/** What the identity register knows and a restored journal does not. */
import { describe, expect, test } from "vitest";
import { MAX_RENEWALS_PER_DAY } from "../../../hub/core/pillar/budget.ts";
import { isIdentityFact, type IdentityFact } from "../../../hub/core/facts.ts";
import { createIdentities } from "../../../hub/identity/identities.ts";
import { reconcile, sinceEnrolment } from "../../../hub/identity/reconcile.ts";
import { whyNotAdmitted } from "../../../hub/core/pillar/certificate.ts";
import type { PillarId, Signature, Username } from "../../../shared/ids.ts";
import { newStreet, pillar, START, type Street } from "../../kit/core/hub-core-street.ts";

const PILLAR: PillarId = pillar(0);
const DAY_MS = 86_400_000;
const place = { name: "n", grid: "g", address: "", position: null };
const registered: IdentityFact = {
  type: "pillar-registered",
  at: START,
  pillarId: PILLAR,
  ...place,
};

const enrolled = (certificateSerial: string): IdentityFact => ({
  type: "pillar-enrolled",
  at: START,
  pillarId: PILLAR,
  ...{ certificateSerial, alarmPublicKey: "key", certificateExpiresAt: START + 60 * DAY_MS },
});
const renewed = (replaces: string, certificateSerial: string): IdentityFact => ({
  type: "certificate-renewed",
  at: START + 1,
  pillarId: PILLAR,
  ...{ replaces, certificateSerial, certificateExpiresAt: START + 100 * DAY_MS },
});
const revoked: IdentityFact = {
  type: "pillar-revoked",
  at: START + 2,
  pillarId: PILLAR,
  ...{ certificateSerials: ["b"], reason: "pillar-stolen", note: "", by: "root" as Username },
  byName: "root",
};

/** A journal that holds the first `held` of these facts, and a register that holds them all. */
async function restored(kept: readonly IdentityFact[], held: number): Promise<Street> {
  const street = newStreet({ pillars: 0 });
  kept.slice(0, held).forEach((fact) => street.record(fact));
  const register: IdentityFact[] = [...kept];
  const identities = createIdentities({
    ...{ journalled: async () => street.facts.filter(isIdentityFact), log: { error: () => {} } },
    authority: { verify: () => true },
    register: {
      keep: async (facts) => void register.push(...facts),
      read: async () =>
        new Map([[PILLAR, register.reduce<readonly IdentityFact[]>(sinceEnrolment, [])]]),
    },
    state: () => street.state,
    take: () => Promise.reject(new Error("nothing is decided here")),
    write: async (facts) => facts.forEach((fact) => street.record(fact)),
  });
  const before = register.length;
  await identities.reconcile();
  expect(register).toHaveLength(before);
  const told = street.facts.length;
  await identities.reconcile();
  expect(street.facts).toHaveLength(told);
  return street;
}

const again = { ...registered, at: START + 3 };
const story = [registered, enrolled("a"), renewed("a", "b"), revoked, again, enrolled("c")];

describe("a restored journal is told", () => {
  test.each([0, 1, 2, 3, 4, 5, 6])(
    "what it lacks when it holds the first %i facts of a pillar's identity, and nothing twice",
    async (held) => {
      const street = await restored(story, held);
      const record = street.state.pillars.get(PILLAR);
      const admitted = ["a", "b", "c"].filter(
        (serial) => whyNotAdmitted(record, serial, START) === undefined,
      );
      expect(admitted).toEqual(["c"]);
      expect(street.facts.filter(isIdentityFact).at(-1)).toEqual(enrolled("c"));
    },
  );

  test("that an identity was revoked since", async () => {
    const street = await restored(story.slice(0, 4), 2);
    expect(street.state.pillars.get(PILLAR)?.revocation).toMatchObject({ byName: "root" });
  });

  test("that a certificate was renewed since: its pillar is not locked out", async () => {
    const street = await restored(story.slice(0, 3), 2);
    expect(whyNotAdmitted(street.state.pillars.get(PILLAR), "b", START)).toBeUndefined();
  });

  test("nothing of a pillar whose registration nobody kept", async () => {
    const street = await restored([revoked], 0);
    expect(street.facts).toEqual([]);
  });
});

describe("a register that a crash or a full disk has cut short", () => {
  const since = (facts: readonly IdentityFact[]) =>
    facts.reduce<readonly IdentityFact[]>(sinceEnrolment, []);

  test.each([0, 1, 2, 3, 4, 5])(
    "gets what it lacks when it holds the first %i facts, and takes nothing back in the journal",
    (held) => {
      const lacking = reconcile(story, since(story.slice(0, held)));
      expect(lacking).toEqual({ journal: [], register: [again, enrolled("c")] });
      expect(reconcile(story, lacking.register)).toEqual({ journal: [], register: [] });
    },
  );

  test("in its middle gets the whole of the present identity", () => {
    const facts = [registered, enrolled("a"), renewed("a", "b"), renewed("b", "d")];
    const holed = facts.filter((fact) => fact !== facts[2]);
    expect(reconcile(facts, holed)).toEqual({ journal: [], register: facts });
  });
});

test("a renewal needs the alarm key's signature, and a certificate that is admitted", async () => {
  const street = newStreet();
  const isRight = { value: true };
  const { mayRenew } = createIdentities({
    authority: { verify: () => isRight.value },
    register: { keep: () => Promise.resolve(), read: () => Promise.resolve(new Map()) },
    state: () => street.state,
    ...{ journalled: async () => [], log: { error: () => {} } },
    take: () => Promise.reject(new Error("nothing is decided here")),
    write: () => Promise.resolve(),
  });
  const request = { csr: "request", sig: "s".repeat(86) as Signature };
  const ask = (certificateSerial: string) =>
    mayRenew({ pillarId: PILLAR, certificateSerial, request });
  expect(await ask("1")).toMatchObject({ ok: true, isDue: false });
  expect(await ask("2")).toMatchObject({
    ok: false,
    detail: expect.stringContaining("newer certificate"),
  });
  isRight.value = false;
  expect(await ask("1")).toMatchObject({ ok: false, detail: expect.stringContaining("alarm key") });
  isRight.value = true;
  const detail = "found on two machines";
  street.record({ type: "pillar-cloned", at: START, pillarId: PILLAR, detail });
  expect(await ask("1")).toMatchObject({
    ok: false,
    detail: expect.stringContaining("two machines"),
  });
});

test("a renewal beyond the day's number is refused, and a fault tells it once until the next day", async () => {
  const street = newStreet();
  for (let n = 0; n < MAX_RENEWALS_PER_DAY; n += 1) {
    const given = { certificateSerial: String(n + 2), certificateExpiresAt: Date.now() + DAY_MS };
    const renewed = { type: "certificate-renewed", at: Date.now(), replaces: "1" } as const;
    street.record({ ...renewed, pillarId: PILLAR, ...given });
  }
  const faults = () =>
    street.facts.filter((fact) => fact.type === "pillar-fault" && fact.code === "renewal-refused");
  const { mayRenew } = createIdentities({
    authority: { verify: () => true },
    register: { keep: () => Promise.resolve(), read: () => Promise.resolve(new Map()) },
    state: () => street.state,
    ...{ journalled: async () => [], log: { error: () => {} } },
    take: () => Promise.reject(new Error("nothing is decided here")),
    write: async (facts) => facts.forEach((fact) => street.record(fact)),
  });
  const request = { csr: "request", sig: "s".repeat(86) as Signature };
  const ask = () => mayRenew({ pillarId: PILLAR, certificateSerial: "1", request });
  const refused = { ok: false, detail: expect.stringContaining("certificates today") };
  expect(await ask()).toMatchObject(refused);
  expect(await ask()).toMatchObject(refused);
  expect(faults()).toMatchObject([{ code: "renewal-refused", isActive: true }]);
  street.tell({ type: "tick", at: Date.now() });
  expect(street.state.pillars.get(PILLAR)?.faults).toContain("renewal-refused");
  street.tell({ type: "tick", at: Date.now() + DAY_MS });
  expect(street.state.pillars.get(PILLAR)?.faults).not.toContain("renewal-refused");
  expect(faults()).toHaveLength(2);
});
