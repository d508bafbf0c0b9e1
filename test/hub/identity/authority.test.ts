/** The hub's own certificate authority: made once, kept, and strict about what it signs. */
import { createPublicKey, generateKeyPairSync, sign, X509Certificate } from "node:crypto";
import { mkdtemp, readdir, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { openAuthority } from "../../../hub/identity/authority.ts";
import { PillarId } from "../../../shared/ids.ts";
import { makeRequest } from "../../kit/wire/pillar-clients.ts";

const PILLAR = PillarId.parse("demo-001");
let dir: string;
beforeEach(async () => void (dir = await mkdtemp(join(tmpdir(), "anzhu-authority-"))));
afterEach(async () => await rm(dir, { recursive: true, force: true }));

test("a second start opens the same authority, keys and server certificate", async () => {
  const first = await openAuthority(dir, ["hub.example"]);
  const second = await openAuthority(dir, ["hub.example"]);
  expect(second.caFingerprint).toBe(first.caFingerprint);
  expect(second.hubPublicKey).toBe(first.hubPublicKey);
  expect(second.server).toEqual(first.server);
});

test("a new name gets a new server certificate from the same authority", async () => {
  const first = await openAuthority(dir, []);
  const second = await openAuthority(dir, ["hub.example", "10.1.2.3"]);
  expect(second.caFingerprint).toBe(first.caFingerprint);
  const server = new X509Certificate(second.server.cert);
  expect(server.checkHost("hub.example")).toBe("hub.example");
  expect(server.checkHost("localhost")).toBe("localhost");
  for (const address of ["10.1.2.3", "127.0.0.1", "::1"]) {
    expect(server.checkIP(address)).toBe(address);
  }
  expect(server.verify(new X509Certificate(first.caCertificate).publicKey)).toBe(true);
});

test("nobody else can read the keys", async () => {
  await openAuthority(dir, []);
  const files = await readdir(join(dir, "authority"));
  expect(files.toSorted()).toEqual([
    "ca.cert.pem",
    "ca.key.pem",
    "server.cert.pem",
    "server.key.pem",
    "signing.key.pem",
  ]);
  for (const file of files) {
    expect((await stat(join(dir, "authority", file))).mode & 0o777).toBe(0o600);
  }
});

test("half an authority is refused instead of being replaced", async () => {
  await openAuthority(dir, []);
  await rm(join(dir, "authority/ca.key.pem"));
  await expect(openAuthority(dir, [])).rejects.toThrow("half there");
});

test("a first start that was cut short is made good by the second", async () => {
  await openAuthority(dir, []);
  await rm(join(dir, "authority/ca.cert.pem"));
  const authority = await openAuthority(dir, []);
  const server = new X509Certificate(authority.server.cert);
  expect(server.verify(new X509Certificate(authority.caCertificate).publicKey)).toBe(true);
});

test("a pillar's certificate names it once and is good for a client only", async () => {
  const authority = await openAuthority(dir, []);
  const { csr } = await makeRequest(PILLAR);
  const { certificate, serial } = await authority.issue(csr, PILLAR);
  const issued = new X509Certificate(certificate);
  expect(issued.subject).toBe("CN=demo-001");
  expect(issued.subjectAltName).toBe("URI:urn:pillar:demo-001");
  expect(issued.keyUsage).toEqual(["1.3.6.1.5.5.7.3.2"]);
  expect(issued.ca).toBe(false);
  expect(issued.serialNumber.toLowerCase()).toBe(serial);
  expect(issued.verify(new X509Certificate(authority.caCertificate).publicKey)).toBe(true);
});

test("before a broker the hub shows a name no pillar can have, the same one after a restart", async () => {
  const first = await (await openAuthority(dir, [])).brokerClient("anzhu_hub");
  const second = await (await openAuthority(dir, [])).brokerClient("anzhu_hub");
  expect(second).toEqual(first);
  const shown = new X509Certificate(first.cert);
  expect(shown.subject).toBe("CN=anzhu_hub");
  expect(shown.subjectAltName).not.toContain("urn:pillar");
  expect(shown.keyUsage).toEqual(["1.3.6.1.5.5.7.3.2"]);
  expect(PillarId.safeParse("anzhu_hub").success).toBe(false);
  const renamed = await (await openAuthority(dir, [])).brokerClient("cell-7_hub");
  expect(new X509Certificate(renamed.cert).subject).toBe("CN=cell-7_hub");
});

test("a broker's certificate is good for its names, and for a server only", async () => {
  const authority = await openAuthority(dir, []);
  const { cert } = await authority.certifyBroker(["broker.example", "10.0.0.5"]);
  const shown = new X509Certificate(cert);
  expect([shown.checkHost("broker.example"), shown.checkIP("10.0.0.5")]).not.toContain(undefined);
  expect(shown.checkHost("hub.example")).toBe(undefined);
  expect(shown.keyUsage).toEqual(["1.3.6.1.5.5.7.3.1"]);
  expect(shown.verify(new X509Certificate(authority.caCertificate).publicKey)).toBe(true);
});

const decode = (pem: string): Buffer =>
  Buffer.from(pem.replaceAll(/-----[^-]+-----|\s/g, ""), "base64");

test.each([
  ["another pillar's name", async () => (await makeRequest("demo-002")).csr, "the common name"],
  ["no request", async () => "hello", "a PKCS#10 request in PEM"],
  [
    "another curve",
    async () =>
      (await makeRequest(PILLAR, { name: "ECDSA", namedCurve: "P-384", hash: "SHA-384" })).csr,
    "a P-256 key",
  ],
  [
    "bytes changed inside",
    async () => (await makeRequest(PILLAR)).csr.replace(/.{9}\n/, "AAAAAAAAA\n"),
    "certificate request: expected",
  ],
  [
    "a signature that does not fit",
    async () => {
      const mine = decode((await makeRequest(PILLAR)).csr);
      const last = mine.length - 1;
      // The last byte is part of the second number of the ECDSA signature.
      mine.writeUInt8(mine.readUInt8(last) ^ 1, last);
      return `-----BEGIN CERTIFICATE REQUEST-----\n${mine.toString("base64")}\n-----END CERTIFICATE REQUEST-----`;
    },
    "a request signed by its own key",
  ],
])("a certificate request with %s is refused", async (_name, request, words) => {
  const authority = await openAuthority(dir, []);
  await expect(authority.issue(await request(), PILLAR)).rejects.toThrow(words);
});

test("what the hub signs verifies with its public key, and one changed letter does not", async () => {
  const authority = await openAuthority(dir, []);
  const signature = authority.sign("received");
  expect(authority.verify(authority.hubPublicKey, "received", signature)).toBe(true);
  expect(authority.verify(authority.hubPublicKey, "receivea", signature)).toBe(false);
});

test("a key that is no Ed25519 public key verifies nothing", async () => {
  const authority = await openAuthority(dir, []);
  const { privateKey, publicKey } = generateKeyPairSync("ed25519");
  const signature = sign(null, Buffer.from("x"), privateKey).toString("base64url");
  const pem = publicKey.export({ type: "spki", format: "pem" }).toString();
  expect(authority.verify(pem, "x", signature)).toBe(true);
  const secret = privateKey.export({ type: "pkcs8", format: "pem" }).toString();
  const ec = createPublicKey(generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey);
  const other = ec.export({ type: "spki", format: "pem" }).toString();
  for (const key of [secret, other, "", "-----BEGIN PUBLIC KEY-----\nAAAA"]) {
    expect(authority.verify(key, "x", signature)).toBe(false);
  }
});
