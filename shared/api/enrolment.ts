/**
 * How a pillar gets its identity: `POST /api/v1/enrolments` with a one-time code.
 *
 * The agent makes its two keys itself (P-256 for TLS, Ed25519
 * for alarms); the private halves never leave it.
 */
import { z } from "zod";
import { PillarId, Signature } from "../ids.ts";

/**
 * What `anzhu-hub enrol` prints: `pillarId:secret:caFingerprint`;
 * the agent pins the hub's CA by it.
 */
export const EnrolmentCode = z
  .string()
  .regex(
    /^[a-z0-9-]+:[A-Za-z0-9_-]{22}:[0-9a-f]{64}$/,
    "expected pillar:secret:fingerprint, as printed by anzhu-hub enrol",
  )
  .transform((code) => {
    const [pillarId = "", secret = "", fingerprint = ""] = code.split(":");
    return { pillarId, secret, fingerprint };
  });
export type EnrolmentCode = z.infer<typeof EnrolmentCode>;

export const EnrolmentRequest = z.strictObject({
  pillarId: PillarId,
  secret: z.string().regex(/^[A-Za-z0-9_-]{22}$/),
  /** PKCS#10 request for the TLS certificate, PEM; subject CN = pillar id. */
  csr: z.string().max(8192),
  /** Ed25519 public key for alarms, SPKI PEM. */
  alarmPublicKey: z.string().max(512),
});
export type EnrolmentRequest = z.infer<typeof EnrolmentRequest>;

/**
 * The next certificate: `POST /api/v1/pillars/{id}/certificate` at the port for alarms, with the
 * present certificate shown in the handshake. The TLS key is new each time; the alarm key stays, so
 * that the ledger is one chain.
 */
export const RenewalRequest = z.strictObject({
  /** PKCS#10 request for a new key, signed by it, PEM; subject CN = pillar id. */
  csr: z.string().max(8192),
  /**
   * Ed25519 by the pillar's alarm key over `canonicalJson({
   * pillarId, csr })`: a stolen TLS key alone cannot renew.
   */
  sig: Signature,
});
export type RenewalRequest = z.infer<typeof RenewalRequest>;

export const RenewalResult = z.object({ certificate: z.string() });

export const EnrolmentResult = z.object({
  pillarId: PillarId,
  /** The pillar's certificate and the hub's CA, PEM. */
  certificate: z.string(),
  caCertificate: z.string(),
  /** Verifies receipts and commands, SPKI PEM. */
  hubPublicKey: z.string(),
  mqttPort: z.number().int(),
  /** Where the hub takes alarms by HTTPS when MQTT is silent. */
  alarmsPort: z.number().int(),
});
export type EnrolmentResult = z.infer<typeof EnrolmentResult>;
