/** One pillar as facts made it: who it is, its certificates, what is wrong with it. */
import type { Presence, Position, RevocationReason } from "../../../shared/api/pillar.ts";
import type { FaultCode } from "../../../shared/protocol/heartbeat.ts";
import type { PillarId, SessionNonce } from "../../../shared/ids.ts";

export interface CertificateRecord {
  readonly serial: string;
  /** Unix ms. */
  readonly expiresAt: number;
  readonly issuedAt: number;
}

export interface RevocationRecord {
  readonly at: number;
  readonly byName: string;
  readonly reason: RevocationReason;
  readonly note: string;
}

/** The part of a pillar's record that this file keeps. */
export interface Credentials {
  /** The one in use; null before the first enrolment and after a revocation. */
  readonly certificate: CertificateRecord | null;
  /** Issued, and not used yet. */
  readonly nextCertificate: CertificateRecord | null;
  /** When the hub first saw that it is over; null while it is not. */
  readonly expiredSeenAt: number | null;
  /** It was seen to be over for a day. */
  readonly isCertificateOver: boolean;
  readonly revocation: RevocationRecord | null;
}

export interface PillarRecord extends Credentials {
  readonly id: PillarId;
  readonly name: string;
  readonly grid: string;
  readonly address: string;
  readonly position: Position | null;
  readonly presence: Presence;
  /** When presence last changed: a floor for "last seen". */
  readonly presenceAt: number | null;
  /** SPKI PEM; null until enrolled, and when revoked. */
  readonly alarmPublicKey: string | null;
  /** Of identities that were revoked or replaced: the latest few. */
  readonly endedSessions: readonly SessionNonce[];
  readonly bootEpoch: number | null;
  readonly release: string | null;
  readonly faults: readonly FaultCode[];
  /** In the pillar's own words, of the faults it reported. */
  readonly causes: Causes;
}

export type Causes = Readonly<
  Partial<Record<FaultCode, { readonly detail: string; readonly at: number }>>
>;
