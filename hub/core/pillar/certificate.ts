/**
 * A pillar's certificate from its issue to its end: renewed, adopted, expired, revoked.
 *
 * The hub admits the certificates it knows to be good and no other, so nothing here needs a list
 * that can go stale or a server that can be away. An end is a fact in the journal, so that setting
 * the clock back does not undo it.
 *
 * Revoked is not expired. An expired identity may still call for help, unverified; a revoked one
 * may be in a thief's hands, and none of its messages count.
 */
import type { PillarId } from "../../../shared/ids.ts";
import type { FaultCode } from "../../../shared/protocol/heartbeat.ts";
import type { HubEvent } from "../events.ts";
import type { CertificateFact, Fact, FactOf } from "../facts.ts";
import type {
  PillarRecord,
  CertificateRecord,
  Credentials,
  RevocationRecord,
} from "../state/pillar-record.ts";
import type { HubState } from "../state/hub-state.ts";

const DAY_MS = 86_400_000;
/**
 * A pillar renews with a third of its time left; with this little left, a technician should look.
 */
export const ENDING_MS = 10 * DAY_MS;
/**
 * A clock that leapt ahead and is put right within
 * this time has not ended any certificate for good.
 */
const OVER_AFTER_MS = DAY_MS;
/** Pillars whose certificates change state in one tick; the others follow in the next. */
const MAX_CHANGES_PER_TICK = 1000;

export const NO_CREDENTIALS: Credentials = {
  certificate: null,
  nextCertificate: null,
  expiredSeenAt: null,
  isCertificateOver: false,
  revocation: null,
};

/** A new enrolment ends whatever was before. */
export function enrolledWith(fact: FactOf<"pillar-enrolled">): Credentials {
  const { certificateSerial: serial, certificateExpiresAt: expiresAt, at: issuedAt } = fact;
  return { ...NO_CREDENTIALS, certificate: { serial, expiresAt, issuedAt } };
}

export function evolveCertificate(record: PillarRecord, fact: CertificateFact): PillarRecord {
  switch (fact.type) {
    case "certificate-renewed": {
      // Asked for by an identity that has been replaced meanwhile: it belongs to no pillar.
      if (!goodSerials(record).includes(fact.replaces)) return record;
      // Asking with the new certificate counts as its first use, also where an external broker does
      // not show us its use.
      const used = fact.replaces === record.nextCertificate?.serial ? adopted(record) : record;
      const { certificateSerial: serial, certificateExpiresAt: expiresAt, at: issuedAt } = fact;
      return { ...used, nextCertificate: { serial, expiresAt, issuedAt } };
    }
    case "certificate-adopted":
      return record.nextCertificate?.serial === fact.certificateSerial ? adopted(record) : record;
    case "certificate-expired":
      return { ...record, isCertificateOver: true };
    case "pillar-revoked": {
      const { at, byName, reason, note } = fact;
      const revocation = { at, byName, reason, note };
      const state = { presence: "out-of-service", presenceAt: at, faults: [] } as const;
      return { ...record, ...NO_CREDENTIALS, ...state, alarmPublicKey: null, revocation };
    }
  }
}

function adopted(record: PillarRecord): PillarRecord {
  const faults = without(record.faults, ["certificate-ending", "certificate-expired"]);
  return { ...record, ...NO_CREDENTIALS, certificate: record.nextCertificate, faults };
}

export const goodSerials = ({ certificate, nextCertificate }: Credentials): string[] =>
  [certificate, nextCertificate].flatMap((one) => one?.serial ?? []);

const without = (faults: readonly FaultCode[], codes: readonly FaultCode[]): readonly FaultCode[] =>
  faults.filter((code) => !codes.includes(code));

/** The one that ends last: what the pillar has, as far as the hub can know. */
export const latestOf = ({ certificate, nextCertificate }: Credentials): CertificateRecord | null =>
  nextCertificate ?? certificate;

export const isExpired = (record: PillarRecord, at: number): boolean =>
  record.isCertificateOver || isPast(latestOf(record), at);

const isPast = (certificate: CertificateRecord | null, at: number): boolean =>
  certificate !== null && at > certificate.expiresAt;

/** Why a connection with this certificate is refused; `undefined` when it is admitted. */
export function whyNotAdmitted(
  record: PillarRecord | undefined,
  certificateSerial: string,
  at: number,
): string | undefined {
  if (!record) return "this hub knows no such pillar";
  if (record.revocation) return revokedWords(record.revocation);
  if (record.nextCertificate?.serial === certificateSerial) {
    return isPast(record.nextCertificate, at) ? EXPIRED : undefined;
  }
  if (record.certificate?.serial !== certificateSerial) {
    return "this hub knows a newer certificate of this pillar, or none";
  }
  return record.isCertificateOver || isPast(record.certificate, at) ? EXPIRED : undefined;
}

const EXPIRED = "its certificate has expired: enrol the pillar again";

/**
 * Why nothing but alarms of this pillar counts, whatever
 * connection it has; `undefined`: all of it does.
 */
export function whyUnheard(record: PillarRecord | undefined, at: number): string | undefined {
  if (record?.revocation) return revokedWords(record.revocation);
  return record && isExpired(record, at) ? EXPIRED : undefined;
}

/** Why not even its alarms count, by whichever way they come; `undefined`: they do. */
export function whyNoAlarms(
  record: PillarRecord | undefined,
  pillarId: PillarId,
): string | undefined {
  if (record?.revocation) {
    return `an alarm of ${pillarId} does not count: ${revokedWords(record.revocation)}`;
  }
  return record?.alarmPublicKey
    ? undefined
    : `expected an enrolled pillar, found ${pillarId}; enrol it`;
}

export const revokedWords = ({ byName }: RevocationRecord): string =>
  `its identity was revoked by ${byName}: enrol it with a new code`;

/** A certificate for a new key is due when less than half of the time of the one shown is left. */
export function isRenewalDue(
  { certificate, nextCertificate }: Credentials,
  shown: { readonly certificateSerial: string; readonly at: number; readonly lifeMs: number },
): boolean {
  const { certificateSerial: serial, at, lifeMs } = shown;
  const found = [certificate, nextCertificate].find((one) => one?.serial === serial);
  return !found || found.expiresAt - at < lifeMs / 2;
}

/** The first use of a renewed certificate. */
export function adoptionFacts(
  state: HubState,
  event: Extract<HubEvent, { type: "pillar-connected" }>,
): Fact[] {
  const { at, pillarId, certificateSerial } = event;
  const next = state.pillars.get(pillarId)?.nextCertificate;
  if (certificateSerial === undefined || next?.serial !== certificateSerial) return [];
  return [{ type: "certificate-adopted", at, pillarId, certificateSerial }];
}

/**
 * With an external broker the hub does not see which certificate was shown. When the one in use has
 * ended, a pillar that the broker lets in holds the next: its serial then, `undefined` otherwise.
 */
export function successorOf(
  { certificate, nextCertificate }: Credentials,
  at: number,
): string | undefined {
  if (!isPast(certificate, at) || !nextCertificate || isPast(nextCertificate, at)) return undefined;
  return nextCertificate.serial;
}

/** When time alone changes it next; undefined: it does not. */
export function certificateChangesInMs(record: PillarRecord, at: number): number | undefined {
  const certificate = latestOf(record);
  if (certificate === null || record.isCertificateOver) return undefined;
  const { expiresAt } = certificate;
  const over = record.expiredSeenAt === null ? [] : [record.expiredSeenAt + OVER_AFTER_MS];
  const next = Math.min(...[expiresAt - ENDING_MS, expiresAt, ...over].filter((end) => end >= at));
  return Number.isFinite(next) ? next + 1 - at : undefined;
}

/**
 * What time alone does to certificates: their end comes near, they end, and they end for good. Of
 * the pillars that this tick looks at.
 */
export function certificateFacts(state: HubState, at: number): Fact[] {
  const facts: Fact[] = [];
  for (const pillarId of state.heard.duePillars.now) {
    const record = state.pillars.get(pillarId);
    if (record) facts.push(...endFacts(record, at));
    if (facts.length >= MAX_CHANGES_PER_TICK) break;
  }
  return facts;
}

function endFacts(record: PillarRecord, at: number): Fact[] {
  const { id: pillarId, isCertificateOver } = record;
  const certificate = latestOf(record);
  if (certificate === null || isCertificateOver) return [];
  const leftMs = certificate.expiresAt - at;
  // Nearly always, for every pillar, every second.
  if (leftMs >= ENDING_MS && record.faults.length === 0) return [];
  const days = Math.floor(Math.abs(leftMs) / DAY_MS);
  const isGone = leftMs < 0;
  const facts = [
    ...change(record, {
      at,
      code: "certificate-expired",
      isActive: isGone,
      detail: `it ended ${days} days ago; enrol the pillar again`,
    }),
    ...change(record, {
      at,
      code: "certificate-ending",
      isActive: !isGone && leftMs < ENDING_MS,
      detail: `it ends in ${days} days and was not renewed: look at the pillar's log, or enrol it again`,
    }),
  ];
  const seenAt = isGone ? record.expiredSeenAt : null;
  if (seenAt === null || at - seenAt < OVER_AFTER_MS) return facts;
  const certificateSerial = certificate.serial;
  return [...facts, { type: "certificate-expired", at, pillarId, certificateSerial }];
}

function change(
  record: PillarRecord,
  wanted: Pick<FactOf<"pillar-fault">, "at" | "code" | "isActive" | "detail">,
): Fact[] {
  if (record.faults.includes(wanted.code) === wanted.isActive) return [];
  const detail = wanted.isActive ? wanted.detail : "";
  return [{ type: "pillar-fault", pillarId: record.id, ...wanted, detail }];
}
