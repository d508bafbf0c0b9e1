/**
 * The certificates of the installation: the hub's own authority, its server, each pillar; and, with
 * an external broker, that broker and the hub as its client.
 *
 * ECDSA P-256 throughout, because every TLS 1.3 stack has it. A pillar's identity is the URI
 * `urn:pillar:<id>` in its certificate; such a certificate can be used only as that client.
 */
// oxlint-disable-next-line import/no-unassigned-import -- x509 needs its side effect first
import "reflect-metadata";
import * as x509 from "@peculiar/x509";
import { isIP } from "node:net";
import type { PillarId } from "../../shared/ids.ts";
import { CA_DAYS, PILLAR_DAYS, SERVER_DAYS } from "./certificate-days.ts";

const DAY_MS = 24 * 60 * 60 * 1000;
const ALGORITHM = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" } as const;
/** A pillar's clock may be behind the hub's when it first connects. */
const BACKDATE_MS = DAY_MS;

export interface KeyAndCert {
  readonly key: string;
  readonly cert: string;
}

/** Keys in the form the generator wants. */
export interface Issuer {
  readonly certificate: x509.X509Certificate;
  readonly privateKey: CryptoKey;
}

export async function createCa(): Promise<KeyAndCert> {
  const keys = await crypto.subtle.generateKey(ALGORITHM, true, ["sign", "verify"]);
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    serialNumber: newSerial(),
    name: "CN=Anzhu hub authority",
    ...validity(CA_DAYS),
    signingAlgorithm: ALGORITHM,
    keys,
    extensions: [
      new x509.BasicConstraintsExtension(true, 0, true),
      new x509.KeyUsagesExtension(
        x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign,
        true,
      ),
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  });
  return { key: await exportKey(keys.privateKey), cert: pem(certificate) };
}

export async function loadIssuer(ca: KeyAndCert): Promise<Issuer> {
  const der = x509.PemConverter.decodeFirst(ca.key);
  return {
    certificate: new x509.X509Certificate(ca.cert),
    privateKey: await crypto.subtle.importKey("pkcs8", der, ALGORITHM, false, ["sign"]),
  };
}

export interface ServerNames {
  readonly subject: "Anzhu hub" | "Anzhu broker";
  /** Host names and addresses. */
  readonly names: readonly string[];
}

export async function createServerCertificate(
  issuer: Issuer,
  { subject, names }: ServerNames,
): Promise<KeyAndCert> {
  return await createWithKey(issuer, {
    subject: `CN=${subject}`,
    usage: x509.ExtendedKeyUsage.serverAuth,
    names: names.map((value) => ({ type: isIP(value) === 0 ? "dns" : "ip", value })),
  });
}

/** The hub itself, as client of a broker: not a pillar, whatever its name. */
export async function createHubClientCertificate(
  issuer: Issuer,
  name: string,
): Promise<KeyAndCert> {
  return await createWithKey(issuer, {
    subject: `CN=${name}`,
    usage: x509.ExtendedKeyUsage.clientAuth,
    names: [{ type: "url", value: "urn:anzhu:hub" }],
  });
}

/**
 * A pillar that is not enrolled, for a day: the doctor
 * tries with it what the broker lets a pillar do.
 */
export async function createTrialPillar(issuer: Issuer, pillarId: PillarId): Promise<KeyAndCert> {
  return await createWithKey(issuer, {
    subject: `CN=${pillarId}`,
    usage: x509.ExtendedKeyUsage.clientAuth,
    names: [{ type: "url", value: pillarUrn(pillarId) }],
    days: 1,
  });
}

async function createWithKey(
  issuer: Issuer,
  wish: Omit<CertificateWish, "publicKey" | "days"> & { readonly days?: number },
): Promise<KeyAndCert> {
  const keys = await crypto.subtle.generateKey(ALGORITHM, true, ["sign", "verify"]);
  const certificate = await certify(issuer, {
    days: SERVER_DAYS,
    ...wish,
    publicKey: keys.publicKey,
  });
  return { key: await exportKey(keys.privateKey), cert: pem(certificate) };
}

/** Throws, saying what was expected, unless the request is signed, P-256, and for this pillar. */
export async function certifyPillar(
  issuer: Issuer,
  csr: string,
  pillarId: PillarId,
): Promise<{ certificate: string; serial: string; expiresAt: number }> {
  const request = await checkedRequest(csr, pillarId);
  const certificate = await certify(issuer, {
    subject: `CN=${pillarId}`,
    publicKey: await request.publicKey.export(crypto),
    days: PILLAR_DAYS,
    usage: x509.ExtendedKeyUsage.clientAuth,
    names: [{ type: "url", value: pillarUrn(pillarId) }],
  });
  return {
    certificate: pem(certificate),
    serial: certificate.serialNumber.toLowerCase(),
    expiresAt: certificate.notAfter.getTime(),
  };
}

export const pillarUrn = (pillarId: PillarId): string => `urn:pillar:${pillarId}`;

async function checkedRequest(
  csr: string,
  pillarId: PillarId,
): Promise<x509.Pkcs10CertificateRequest> {
  let request: x509.Pkcs10CertificateRequest;
  try {
    request = new x509.Pkcs10CertificateRequest(csr);
  } catch (error) {
    throw refused(`a PKCS#10 request in PEM, found something else (${String(error)})`, error);
  }
  const algorithm = request.publicKey.algorithm as { name: string; namedCurve?: string };
  if (algorithm.name !== "ECDSA" || algorithm.namedCurve !== "P-256") {
    throw refused(`a P-256 key, found ${algorithm.name} ${algorithm.namedCurve ?? ""}`.trim());
  }
  const names = request.subjectName.getField("CN");
  if (names.length !== 1 || names[0] !== pillarId) {
    throw refused(`the common name ${pillarId}, found ${JSON.stringify(names.slice(0, 3))}`);
  }
  if (!(await isSignedByItself(request))) {
    throw refused("a request signed by its own key, found a signature that does not fit");
  }
  return request;
}

async function isSignedByItself(request: x509.Pkcs10CertificateRequest): Promise<boolean> {
  try {
    return await request.verify(crypto);
  } catch {
    // A signature that is not even one.
    return false;
  }
}

interface CertificateWish {
  readonly subject: string;
  readonly publicKey: CryptoKey;
  readonly days: number;
  readonly usage: x509.ExtendedKeyUsage;
  readonly names: x509.JsonGeneralNames;
}

async function certify(issuer: Issuer, wish: CertificateWish): Promise<x509.X509Certificate> {
  return await x509.X509CertificateGenerator.create({
    serialNumber: newSerial(),
    subject: wish.subject,
    issuer: issuer.certificate.subject,
    ...validity(wish.days),
    signingAlgorithm: ALGORITHM,
    publicKey: wish.publicKey,
    signingKey: issuer.privateKey,
    extensions: [
      new x509.BasicConstraintsExtension(false, undefined, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
      new x509.ExtendedKeyUsageExtension([wish.usage], true),
      new x509.SubjectAlternativeNameExtension(wish.names),
      await x509.SubjectKeyIdentifierExtension.create(wish.publicKey),
      await x509.AuthorityKeyIdentifierExtension.create(issuer.certificate),
    ],
  });
}

function validity(days: number): { notBefore: Date; notAfter: Date } {
  const now = Date.now();
  return { notBefore: new Date(now - BACKDATE_MS), notAfter: new Date(now + days * DAY_MS) };
}

/** 127 random bits, positive (RFC 5280, 4.1.2.2). */
function newSerial(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[0] = ((bytes[0] ?? 0) & 0x7f) | 0x40;
  return Buffer.from(bytes).toString("hex");
}

async function exportKey(key: CryptoKey): Promise<string> {
  const pkcs8 = await crypto.subtle.exportKey("pkcs8", key);
  return `${x509.PemConverter.encode(pkcs8, "PRIVATE KEY")}\n`;
}

const pem = (certificate: x509.X509Certificate): string => `${certificate.toString("pem")}\n`;

function refused(expected: string, cause?: unknown): Error {
  return new Error(`certificate request: expected ${expected}`, { cause });
}
