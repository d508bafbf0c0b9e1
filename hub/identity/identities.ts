/**
 * Identities given and taken: enrolled, renewed, revoked.
 *
 * Each goes into the journal first, and counts from then on. After that it goes into a register
 * beside the authority, because a journal may be put back from an old backup, and must then not
 * trust a key again that was revoked since, nor forget a certificate that was renewed. Before
 * anything listens the two are compared: a journal that was put back gets what only the register
 * knows, and a register that a crash or a full disk has cut short gets what it lacks.
 */
import type { Logger } from "pino";
import { canonicalJson } from "../../shared/canonical-json.ts";
import type { PillarId } from "../../shared/ids.ts";
import { isRenewalBudgetSpent, MAX_RENEWALS_PER_DAY, renewalFacts } from "../core/pillar/budget.ts";
import { isRenewalDue, whyNotAdmitted } from "../core/pillar/certificate.ts";
import type { HubEvent } from "../core/events.ts";
import { isIdentityFact, type Fact, type IdentityFact } from "../core/facts.ts";
import { isCloned } from "../core/pillar/pillar-registry.ts";
import type { HubState } from "../core/state/hub-state.ts";
import { PILLAR_DAYS } from "./certificate-days.ts";
import type { Settled } from "../core/decision.ts";
import { createOnce } from "../shell/idempotency.ts";
import type { Authority } from "./ports.ts";
import { reconcile } from "./reconcile.ts";
import type { Ended, HubCommands, MayRenew, RenewalAsked } from "../ports.ts";

const LIFE_MS = PILLAR_DAYS * 86_400_000;
/**
 * Facts that wait for the register's disk. With more, the comparison at the next start finds them
 * in the journal.
 */
const MAX_UNKEPT = 1000;

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
  /** What the journal holds of identities, of each pillar in its order. */
  readonly journalled: () => Promise<readonly IdentityFact[]>;
  readonly log: Pick<Logger, "error">;
}

export interface Identities {
  readonly record: HubCommands["record"];
  readonly revoke: HubCommands["revoke"];
  readonly mayRenew: HubCommands["mayRenew"];
  /**
   * Compares journal and register, and gives each what it lacks. At a start, and when the journal
   * holds again.
   */
  reconcile(): Promise<void>;
}

export function createIdentities(options: IdentitiesOptions): Identities {
  const keep = createKeeper(options);
  const once = createOnce<Ended>();
  return {
    record: async (facts) => {
      await options.write(facts);
      await keep(facts);
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
      return once(asked, () => revoke(options, keep, order));
    },
    mayRenew: (asked) => mayRenew(options, asked),
    reconcile: () => reconcileAll(options, keep),
  };
}

type Keep = (facts: readonly Fact[]) => Promise<void>;

/**
 * Writes into the register what is durable in the journal. A register that cannot be written makes
 * nothing untrue that was told, so nobody is refused for it; what it could not take goes with the
 * next.
 */
function createKeeper({ register, log }: IdentitiesOptions): Keep {
  let work: Promise<void> = Promise.resolve();
  let unkept: readonly IdentityFact[] = [];
  const write = async (facts: readonly IdentityFact[]): Promise<void> => {
    const all = [...unkept, ...facts];
    try {
      await register.keep(all);
      unkept = [];
    } catch (error) {
      unkept = all.length > MAX_UNKEPT ? [] : all;
      log.error(
        { error },
        `the register of identities cannot be written: ${String(error)}; until it can, put no old backup back`,
      );
    }
  };
  return (facts) => {
    const kept = facts.filter(isIdentityFact);
    // In the order of the journal, one after the other.
    if (kept.length > 0) work = work.then(() => write(kept));
    return work;
  };
}

async function reconcileAll(options: IdentitiesOptions, keep: Keep): Promise<void> {
  const kept = await options.register.read();
  const journalled = Map.groupBy(await options.journalled(), ({ pillarId }) => pillarId);
  const lacking = [...new Set([...journalled.keys(), ...kept.keys()])].map((pillarId) =>
    reconcile(journalled.get(pillarId) ?? [], kept.get(pillarId) ?? []),
  );
  const forgotten = lacking.flatMap(({ journal }) => journal);
  if (forgotten.length > 0) await options.write(forgotten);
  await keep(lacking.flatMap(({ register }) => register));
}

type RevokeOrder = Extract<HubEvent, { type: "revoke-order" }>;

async function revoke(options: IdentitiesOptions, keep: Keep, order: RevokeOrder): Promise<Ended> {
  try {
    const { facts, effects } = await options.take(order);
    await keep(facts);
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
