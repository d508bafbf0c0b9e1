/** Who a pillar is, and who the hub is: certificates, enrolment, signatures. */
import type { PillarId, Signature } from "../../shared/ids.ts";
import type { Position } from "../../shared/api/pillar.ts";
import type { KeyAndCert } from "./certificates.ts";

export interface PillarDetails {
  readonly pillarId: PillarId;
  readonly name: string;
  readonly grid: string;
  readonly address: string;
  readonly position: Position | null;
}

/** One-time enrolment codes: 30 minutes, single use. A wrong secret changes nothing. */
export interface Enrolments {
  /** Returns the secret part of the code; only its hash is stored. */
  create(details: PillarDetails): Promise<string>;
  /** Whether the secret is right; it can still be used. */
  isRight(pillarId: PillarId, secret: string): Promise<boolean>;
  /**
   * Uses the code up when the secret is right, for `work`; when that fails the code is good again,
   * and its error is thrown. Resolves to whether the secret was right.
   */
  redeem(
    pillarId: PillarId,
    secret: string,
    work: (details: PillarDetails) => Promise<void>,
  ): Promise<boolean>;
}

/** The hub's own certificate authority and signing key, made at first start. */
export interface Authority {
  readonly caCertificate: string;
  /** SHA-256 of the CA certificate's DER, hexadecimal: what a pillar pins. */
  readonly caFingerprint: string;
  readonly hubPublicKey: string;
  /** Server certificate for MQTT and HTTPS, PEM: the present one. */
  readonly server: { readonly key: string; readonly cert: string };
  /** Makes the next one when two thirds of its time are over; true when it did. */
  renewServer(): Promise<boolean>;
  /** Called after each renewal. */
  onServerRenewed(listener: () => void): void;
  /** Throws with a clear message when the request is malformed or names another pillar. */
  issue(
    csr: string,
    pillarId: PillarId,
  ): Promise<{
    readonly certificate: string;
    readonly serial: string;
    /** Unix ms. */
    readonly expiresAt: number;
  }>;
  /** What the hub shows to a broker that is not its own. Kept, and renewed in its last third. */
  brokerClient(name: string): Promise<KeyAndCert>;
  /** For a broker at these names and addresses; not kept. */
  certifyBroker(names: readonly string[]): Promise<KeyAndCert>;
  sign(text: string): Signature;
  verify(publicKey: string, text: string, signature: string): boolean;
}
