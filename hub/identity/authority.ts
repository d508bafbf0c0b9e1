/**
 * The hub's own certificate authority and signing key, made at the first start.
 *
 * Each hub is its own root of trust: a pillar pins this authority by fingerprint when it enrols and
 * trusts no other. Losing `{dataDir}/authority` means enrolling every pillar again: back it up.
 */
import { createHash, createPrivateKey, createPublicKey, generateKeyPairSync } from "node:crypto";
import { sign, verify, X509Certificate, type KeyObject } from "node:crypto";
import { isIP } from "node:net";
import { join } from "node:path";
import { BoundedMap } from "../../shared/bounded-map.ts";
import type { Signature } from "../../shared/ids.ts";
import type { Authority } from "./ports.ts";
import { openAuthorityFiles, type AuthorityFiles } from "./authority-files.ts";
import type { Issuer, KeyAndCert } from "./certificates.ts";

/**
 * Always in the server certificate, so that the demo and a technician on the hub need no setting.
 */
const LOCAL_NAMES = ["localhost", "127.0.0.1", "::1"];
/** Parsed pillar keys kept for the next signature: more than the pillars of one hub. */
const MAX_CACHED_KEYS = 16_384;

/** `names`: further host names and addresses pillars and consoles use to reach this hub. */
export async function openAuthority(dataDir: string, names: readonly string[]): Promise<Authority> {
  const files = await openAuthorityFiles(join(dataDir, "authority"));
  const ca = await openCa(files);
  const issuer = onDemand(ca);
  const allNames = [...new Set([...LOCAL_NAMES, ...names])];
  let server = await openServerCertificate();
  const listeners: (() => void)[] = [];
  let renewing: Promise<boolean> | undefined;
  // One after the other as well: two would leave the
  // key of one beside the certificate of the other.
  let client: Promise<unknown> = Promise.resolve();
  const signingKey = await openSigningKey(files);
  const hubPublicKey = createPublicKey(signingKey).export({ type: "spki", format: "pem" });
  return {
    caCertificate: ca.cert,
    caFingerprint: createHash("sha256").update(new X509Certificate(ca.cert).raw).digest("hex"),
    hubPublicKey: hubPublicKey.toString(),
    // With the authority behind it, so that an enrolling pillar can see what it is to pin.
    get server() {
      return { key: server.key, cert: server.cert + ca.cert };
    },
    // One at a time: two would leave one certificate on the disk and serve the other.
    renewServer: () =>
      (renewing ??= renewServer().finally(() => {
        renewing = undefined;
      })),
    onServerRenewed: (listener) => void listeners.push(listener),
    issue: async (csr, pillarId) => {
      const { certifyPillar } = await certificates();
      return await certifyPillar(await issuer(), csr, pillarId);
    },
    brokerClient: (name) => {
      const opened = client.then(() => openBrokerClient(name));
      client = opened.catch(() => undefined);
      return opened;
    },
    certifyBroker: async (brokerNames) => {
      const { createServerCertificate } = await certificates();
      const wish = { subject: "Anzhu broker", names: brokerNames } as const;
      return await createServerCertificate(await issuer(), wish);
    },
    sign: (text) => sign(null, Buffer.from(text), signingKey).toString("base64url") as Signature,
    verify: createVerifier(),
  };

  async function renewServer(): Promise<boolean> {
    const before = server.cert;
    server = await openServerCertificate();
    if (server.cert === before) return false;
    for (const listener of listeners) listener();
    return true;
  }

  async function openServerCertificate(): Promise<KeyAndCert> {
    const isOurs = (cert: X509Certificate): boolean => isFor(cert, allNames);
    return await openKept(files, { name: "server", caCertificate: ca.cert, isOurs }, async () => {
      const { createServerCertificate } = await certificates();
      const wish = { subject: "Anzhu hub", names: allNames } as const;
      return await createServerCertificate(await issuer(), wish);
    });
  }

  async function openBrokerClient(name: string): Promise<KeyAndCert> {
    const isOurs = ({ subject }: X509Certificate): boolean => subject === `CN=${name}`;
    const kept = { name: "broker-client", caCertificate: ca.cert, isOurs };
    return await openKept(files, kept, async () => {
      const { createHubClientCertificate } = await certificates();
      return await createHubClientCertificate(await issuer(), name);
    });
  }
}

interface Kept {
  /** Of its files, before `.key.pem` and `.cert.pem`. */
  readonly name: string;
  readonly caCertificate: string;
  /** Whether it says what is wanted now. */
  readonly isOurs: (certificate: X509Certificate) => boolean;
}

async function openKept(
  files: AuthorityFiles,
  { name, caCertificate, isOurs }: Kept,
  create: () => Promise<KeyAndCert>,
): Promise<KeyAndCert> {
  const key = await files.read(`${name}.key.pem`);
  const cert = await files.read(`${name}.cert.pem`);
  if (key && cert) {
    const certificate = new X509Certificate(cert);
    // The program may have ended between the two files, and another one may have written them.
    const isPair = certificate.checkPrivateKey(createPrivateKey(key));
    if (isPair && isStillGood(certificate, caCertificate) && isOurs(certificate)) {
      return { key, cert };
    }
  }
  const made = await create();
  await files.write(`${name}.key.pem`, made.key);
  await files.write(`${name}.cert.pem`, made.cert);
  return made;
}

/** A library of several megabytes that is needed to make a certificate, and at no other time. */
const certificates = () => import("./certificates.ts");

function onDemand(ca: KeyAndCert): () => Promise<Issuer> {
  let issuer: Promise<Issuer> | undefined;
  return () => (issuer ??= certificates().then(({ loadIssuer }) => loadIssuer(ca)));
}

async function openCa(files: AuthorityFiles): Promise<KeyAndCert> {
  const key = await files.read("ca.key.pem");
  const cert = await files.read("ca.cert.pem");
  if (key && cert) return { key, cert };
  // A key without a certificate is a first start that was
  // cut short: no certificate has been issued with it yet.
  if (cert) {
    throw new Error(
      "The hub's authority is half there: expected ca.key.pem beside ca.cert.pem, found none. " +
        "Restore {dataDir}/authority from a backup; deleting it means enrolling every pillar again.",
    );
  }
  const { createCa } = await certificates();
  const made = await createCa();
  // The key first: a certificate without its key would be pinned by pillars and never sign again.
  await files.write("ca.key.pem", made.key);
  await files.write("ca.cert.pem", made.cert);
  return made;
}

async function openSigningKey(files: AuthorityFiles): Promise<KeyObject> {
  const stored = await files.read("signing.key.pem");
  if (stored) return createPrivateKey(stored);
  const { privateKey } = generateKeyPairSync("ed25519");
  const pem = privateKey.export({ type: "pkcs8", format: "pem" }).toString();
  await files.write("signing.key.pem", pem);
  return privateKey;
}

function isStillGood(certificate: X509Certificate, caCertificate: string): boolean {
  const [from, to] = [Date.parse(certificate.validFrom), Date.parse(certificate.validTo)];
  const renewAt = to - (to - from) / 3;
  return Date.now() <= renewAt && certificate.verify(new X509Certificate(caCertificate).publicKey);
}

export const isNamed = (certificate: X509Certificate, name: string): boolean =>
  Boolean(isIP(name) === 0 ? certificate.checkHost(name) : certificate.checkIP(name));

const isFor = (certificate: X509Certificate, names: readonly string[]): boolean =>
  names.every((name) => isNamed(certificate, name));

/** Parsing a key costs as much as checking a signature, and a pillar's key rarely changes. */
function createVerifier(): Authority["verify"] {
  const keyByPem = new BoundedMap<string, KeyObject>(MAX_CACHED_KEYS);
  return (publicKey, text, signature) => {
    const key = keyByPem.get(publicKey) ?? parseEd25519(publicKey);
    if (!key) return false;
    if (!keyByPem.has(publicKey)) keyByPem.set(publicKey, key);
    return verify(null, Buffer.from(text), key, Buffer.from(signature, "base64url"));
  };
}

/** `undefined` for anything that is not an Ed25519 public key in SPKI PEM. */
export function parseEd25519(pem: string): KeyObject | undefined {
  // A private key would parse as well; refuse it, because a pillar must never publish one.
  if (!pem.startsWith("-----BEGIN PUBLIC KEY-----")) return undefined;
  try {
    const key = createPublicKey(pem);
    return key.asymmetricKeyType === "ed25519" ? key : undefined;
  } catch {
    return undefined;
  }
}
