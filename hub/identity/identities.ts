/**
 * Identities given and taken: enrolled, renewed, revoked.
 *
 * Each goes into a register beside the authority before it goes into the journal. A journal may be
 * put back from an old backup, and must then not trust a key again that was revoked since, nor
 * forget a certificate that was renewed: what the register knows and the journal does not is added
 * to the journal before anything listens.
 */
import { canonicalJson } from "../../shared/canonical-json.ts";
import type { PillarId } from "../../shared/ids.ts";
import { isRenewalBudgetSpent, MAX_RENEWALS_PER_DAY, renewalFacts } from "../core/pillar/budget.ts";
import { goodSerials, isRenewalDue, whyNotAdmitted } from "../core/pillar/certificate.ts";
import { decideRevoke } from "../core/pillar/revocation.ts";
import type { HubEvent } from "../core/events.ts";
import type { Fact, FactOf } from "../core/facts.ts";
import { isCloned } from "../core/pillar/pillar-registry.ts";
import type { HubState } from "../core/state/hub-state.ts";
import { PILLAR_DAYS } from "./certificate-days.ts";
import type { Settled } from "../shell/loop.ts";
import { createOnce } from "../shell/idempotency.ts";
import type { Authority } from "./ports.ts";
import type { Ended, HubCommands, MayRenew, RenewalAsked } from "../ports.ts";

const LIFE_MS = PILLAR_DAYS * 86_400_000;

/** What the register keeps. */
export type IdentityFact = FactOf<
  "pillar-registered" | "pillar-enrolled" | "certificate-renewed" | "pillar-revoked"
>;

const KEPT: ReadonlySet<Fact["type"]> = new Set<IdentityFact["type"]>([
  "pillar-registered",
  "pillar-enrolled",
  "certificate-renewed",
  "pillar-revoked",
]);

export const isIdentityFact = (fact: Fact): fact is IdentityFact => KEPT.has(fact.type);

export interface IdentityRegister {
  /** Resolves when they are on the disk. */
  keep(facts: readonly IdentityFact[]): Promise<void>;
  /** Everything kept of each pillar, oldest first. */
  read(): Promise<ReadonlyMap<PillarId, readonly IdentityFact[]>>;
}

export const NO_REGISTER: IdentityRegister = {
  keep: () => Promise.resolve(),
  read: () => Promise.resolve(new Map()),
};

export interface IdentitiesOptions {
  readonly authority: Pick<Authority, "verify">;
  readonly register: IdentityRegister;
  readonly state: () => HubState;
  readonly take: (event: HubEvent) => Promise<Settled>;
  /** Into the journal alone. */
  readonly write: HubCommands["record"];
}

export interface Identities {
  readonly record: HubCommands["record"];
  readonly revoke: HubCommands["revoke"];
  readonly mayRenew: HubCommands["mayRenew"];
  recall(): Promise<void>;
}

export function createIdentities(options: IdentitiesOptions): Identities {
  const { register, state, write } = options;
  const once = createOnce<Ended>();
  return {
    record: async (facts) => {
      const kept = facts.filter(isIdentityFact);
      if (kept.length > 0) await register.keep(kept);
      await write(facts);
    },
    revoke: (pillarId, request, ...[by, idempotencyKey]) => {
      const { certificateSerial, ...rest } = request;
      const order: RevokeOrder = {
        type: "revoke-order",
        at: Date.now(),
        pillarId,
        ...rest,
        ...(certificateSerial === undefined ? {} : { certificateSerial }),
        by: by.username,
        byName: by.displayName,
      };
      const asked = { by: by.username, what: `revoke ${pillarId}`, key: idempotencyKey };
      return once(asked, () => revoke(options, order));
    },
    mayRenew: (asked) => mayRenew(options, asked),
    recall: async () => {
      const forgotten = [...(await register.read())].flatMap(([pillarId, kept]) =>
        forgottenOf(state(), pillarId, kept),
      );
      if (forgotten.length > 0) await write(forgotten);
    },
  };
}

type RevokeOrder = Extract<HubEvent, { type: "revoke-order" }>;

async function revoke(options: IdentitiesOptions, order: RevokeOrder): Promise<Ended> {
  try {
    const kept = decideRevoke(options.state(), order).facts.filter(isIdentityFact);
    if (kept.length > 0) await options.register.keep(kept);
    const { effects } = await options.take(order);
    const refusal = effects.find((effect) => effect.type === "refuse");
    return refusal ? { ok: false, code: refusal.code, detail: refusal.detail } : { ok: true };
  } catch (error) {
    return { ok: false, code: "unavailable", detail: `nothing can be recorded: ${String(error)}` };
  }
}

async function mayRenew(options: IdentitiesOptions, asked: RenewalAsked): Promise<MayRenew> {
  const { pillarId, certificateSerial, request } = asked;
  const { csr, sig } = request;
  const at = Date.now();
  const record = options.state().pillars.get(pillarId);
  const refusal = whyNotAdmitted(record, certificateSerial, at);
  if (!record || refusal) return { ok: false, detail: refusal ?? "" };
  if (isCloned(record)) {
    return {
      ok: false,
      detail: `two machines may use the identity of ${pillarId}: enrol it again`,
    };
  }
  const key = record.alarmPublicKey ?? "";
  if (!options.authority.verify(key, canonicalJson({ pillarId, csr }), sig)) {
    return { ok: false, detail: `the signature of ${pillarId} does not fit its alarm key` };
  }
  if (isRenewalBudgetSpent(options.state(), pillarId, at)) {
    const detail = `${pillarId} has had ${MAX_RENEWALS_PER_DAY} certificates today: look at it, then tomorrow`;
    // Refused all the same when the journal cannot take the fault.
    const facts = renewalFacts(options.state(), { at, pillarId });
    if (facts.length > 0) await options.write(facts).catch(() => undefined);
    return { ok: false, detail };
  }
  const isFirstUse = record.nextCertificate?.serial === certificateSerial;
  const isDue = isRenewalDue(record, { certificateSerial, at, lifeMs: LIFE_MS });
  return { ok: true, isDue, isFirstUse };
}

/** What the register holds after the last entry that this journal shows. */
export function forgottenOf(
  state: HubState,
  pillarId: PillarId,
  kept: readonly IdentityFact[],
): readonly IdentityFact[] {
  const record = state.pillars.get(pillarId);
  const isShown = (fact: IdentityFact): boolean => {
    if (!record || fact.type === "pillar-registered") return false;
    if (fact.type === "pillar-revoked") return record.revocation?.at === fact.at;
    return goodSerials(record).includes(fact.certificateSerial);
  };
  const forgotten = kept.slice(kept.findLastIndex(isShown) + 1);
  // For a pillar that is unknown to this journal, nothing counts before its registration.
  const first = record ? 0 : forgotten.findIndex(({ type }) => type === "pillar-registered");
  return first < 0 ? [] : forgotten.slice(first);
}
