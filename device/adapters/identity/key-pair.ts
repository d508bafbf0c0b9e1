/**
 * The pillar's two keys and its request for a certificate. The private halves stay on this machine.
 */
import { generateKeyPairSync, webcrypto } from "node:crypto";

export interface NewTlsKey {
  readonly tlsKey: string;
  /** For that key, signed by it. */
  readonly csr: string;
}

export interface NewKeys extends NewTlsKey {
  readonly alarmKey: string;
  readonly alarmPublicKey: string;
}

/**
 * P-256 for TLS (every TLS stack has it), Ed25519 for
 * alarms (small, fast, needs no random numbers).
 */
export async function makeKeys(pillarId: string): Promise<NewKeys> {
  const alarm = generateKeyPairSync("ed25519");
  return {
    ...(await makeTlsKey(pillarId)),
    alarmKey: alarm.privateKey.export({ type: "pkcs8", format: "pem" }).toString(),
    alarmPublicKey: alarm.publicKey.export({ type: "spki", format: "pem" }).toString(),
  };
}

export async function makeTlsKey(pillarId: string): Promise<NewTlsKey> {
  await import("reflect-metadata");
  const x509 = await import("@peculiar/x509");
  const algorithm = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" };
  const keys = await webcrypto.subtle.generateKey(algorithm, true, ["sign", "verify"]);
  const request = await x509.Pkcs10CertificateRequestGenerator.create(
    { name: `CN=${pillarId}`, keys: keys as CryptoKeyPair, signingAlgorithm: algorithm },
    webcrypto as unknown as Crypto,
  );
  const pkcs8 = await webcrypto.subtle.exportKey("pkcs8", keys.privateKey);
  return {
    tlsKey: x509.PemConverter.encode(pkcs8, "PRIVATE KEY"),
    csr: request.toString("pem"),
  };
}
