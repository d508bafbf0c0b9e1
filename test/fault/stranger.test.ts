/**
 * G1: real TLS clients whose certificate is none, another's,
 * of another time or for another use, at both entrances.
 */
// oxlint-disable-next-line import/no-unassigned-import -- x509 needs its side effect first
import "reflect-metadata";
import * as x509 from "@peculiar/x509";
import { createHash, generateKeyPairSync, randomBytes, sign } from "node:crypto";
import { once } from "node:events";
import { mkdtempSync, readFileSync } from "node:fs";
import type { IncomingMessage } from "node:http";
import { request } from "node:https";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { connect as connectTls, type ConnectionOptions } from "node:tls";
import { afterAll, beforeAll, expect, test } from "vitest";
import { openAuthority } from "../../hub/identity/authority.ts";
import { canonicalJson } from "../../shared/canonical-json.ts";
import { PillarId } from "../../shared/ids.ts";
import { openStreet, readJournal, type Street } from "./harness/programs/street.ts";
import { wirePillar, type WirePillar } from "./harness/network/wire-pillar.ts";

const ALGORITHM = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" } as const;
const DAY_MS = 86_400_000;
const CLIENT = "1.3.6.1.5.5.7.3.2";
const SERVER = "1.3.6.1.5.5.7.3.1";
const ID = PillarId.parse("victim");

let street: Street;
let victim: WirePillar;
const strangers: Record<string, Pick<ConnectionOptions, "key" | "cert">> = {};
beforeAll(async () => {
  street = await openStreet();
  victim = await wirePillar(street, ID);
  const own = await ownCa(street.hub.dir);
  const now = Date.now();
  const today = { from: now - DAY_MS, until: now + DAY_MS, use: CLIENT };
  const other = await openAuthority(mkdtempSync(join(tmpdir(), "anzhu-other-")), []);
  strangers["no certificate"] = {};
  strangers["a certificate of another authority"] = await byOther(other);
  strangers["an expired certificate"] = await certify(own, { ...today, until: now - 1000 });
  strangers["a certificate of tomorrow"] = await certify(own, { ...today, from: now + DAY_MS / 2 });
  strangers["a certificate for servers"] = await certify(own, { ...today, use: SERVER });
  strangers["a self-signed one of the same name"] = await certify(undefined, today);
  strangers["the hub's authority under a new key"] = await certify(await imitated(own), today);
});
afterAll(async () => {
  await victim?.close();
  await street?.close();
});

interface Ca {
  readonly cert: x509.X509Certificate;
  readonly key: CryptoKey;
}

interface Wish {
  readonly from: number;
  readonly until: number;
  readonly use: string;
}

/** The hub's own authority, as only the hub's disk has it. */
async function ownCa(dir: string): Promise<Ca> {
  const pem = (name: string): string => readFileSync(join(dir, "authority", name), "utf8");
  const pkcs8 = x509.PemConverter.decodeFirst(pem("ca.key.pem"));
  const key = await crypto.subtle.importKey("pkcs8", pkcs8, ALGORITHM, false, ["sign"]);
  return { cert: new x509.X509Certificate(pem("ca.cert.pem")), key };
}

/** Of the same name, by another key. */
async function imitated({ cert }: Ca): Promise<Ca> {
  const keys = await crypto.subtle.generateKey(ALGORITHM, true, ["sign", "verify"]);
  const own = { name: cert.subject, keys, signingAlgorithm: ALGORITHM };
  return { cert: await x509.X509CertificateGenerator.createSelfSigned(own), key: keys.privateKey };
}

/** What the hub would have issued, with one thing wrong; without an authority: by itself. */
async function certify(ca: Ca | undefined, { from, until, use }: Wish) {
  const keys = await crypto.subtle.generateKey(ALGORITHM, true, ["sign", "verify"]);
  const cert = await x509.X509CertificateGenerator.create({
    serialNumber: randomBytes(16).toString("hex"),
    subject: `CN=${ID}`,
    issuer: ca?.cert.subject ?? `CN=${ID}`,
    notBefore: new Date(from),
    notAfter: new Date(until),
    publicKey: keys.publicKey,
    signingKey: ca?.key ?? keys.privateKey,
    signingAlgorithm: ALGORITHM,
    extensions: [
      new x509.ExtendedKeyUsageExtension([use], true),
      new x509.SubjectAlternativeNameExtension([{ type: "url", value: `urn:pillar:${ID}` }]),
    ],
  });
  const pkcs8 = await crypto.subtle.exportKey("pkcs8", keys.privateKey);
  return { cert: cert.toString("pem"), key: x509.PemConverter.encode(pkcs8, "PRIVATE KEY") };
}

async function byOther(authority: Awaited<ReturnType<typeof openAuthority>>) {
  const keys = await crypto.subtle.generateKey(ALGORITHM, true, ["sign", "verify"]);
  const own = { name: `CN=${ID}`, keys, signingAlgorithm: ALGORITHM };
  const csr = await x509.Pkcs10CertificateRequestGenerator.create(own);
  const { certificate } = await authority.issue(csr.toString("pem"), ID);
  const pkcs8 = await crypto.subtle.exportKey("pkcs8", keys.privateKey);
  return { cert: certificate, key: x509.PemConverter.encode(pkcs8, "PRIVATE KEY") };
}

/** Says CONNECT after the handshake and tells how it ended: with a CONNACK of 0, or not. */
async function isLetIn(shown: Pick<ConnectionOptions, "key" | "cert">): Promise<boolean> {
  const { ca } = victim.identity;
  const port = street.hub.mqttPort;
  const socket = connectTls({ host: "127.0.0.1", port, ca, ...shown });
  const heard: Buffer[] = [];
  socket.on("error", () => undefined);
  const ended = new Promise<void>((resolve) => {
    socket.on("close", () => resolve());
    socket.on("data", (bytes: Buffer) => {
      heard.push(bytes);
      resolve();
    });
  });
  const name = Buffer.from(ID);
  const head = Buffer.from([0, 4, ...Buffer.from("MQTT"), 4, 2, 0, 8, 0, name.length]);
  const body = Buffer.concat([head, name]);
  socket.write(Buffer.concat([Buffer.from([0x10, body.length]), body]));
  await ended;
  socket.destroy();
  const said = Buffer.concat(heard);
  return said[0] === 0x20 && said[3] === 0;
}

/** One POST of these bytes to the pillars' HTTPS entrance, showing that certificate. */
async function post(
  shown: Pick<ConnectionOptions, "key" | "cert">,
  { path, body }: { readonly path: string; readonly body: string },
): Promise<number> {
  const { ca } = victim.identity;
  const headers = { "content-type": "application/json" };
  const target = { host: "127.0.0.1", port: street.hub.alarmsPort, path, method: "POST", headers };
  const asking = request({ ...target, ca, agent: false, ...shown });
  asking.end(body);
  const [response] = (await once(asking, "response")) as [IncomingMessage];
  response.resume();
  return response.statusCode ?? 0;
}

test("G1 the pillar's own certificate is let in: what is refused below is refused for its fault", async () => {
  const { tlsKey: key, tlsCert: cert } = victim.identity;
  expect(await isLetIn({ key, cert })).toBe(true);
});

/** One line for each cause; those of one cause are told together. */
const CAUSES = [
  "it showed no client certificate",
  "its certificate comes from another authority",
  "its certificate has expired",
  "its certificate is not valid yet",
  "its certificate is not a client certificate",
  "its certificate is self-signed",
];

test("G1 no certificate, and six wrong ones, are refused at the entrance for MQTT, and the log says why", async () => {
  const letIn: string[] = [];
  for (const [name, shown] of Object.entries(strangers)) {
    if (await isLetIn(shown)) letIn.push(name);
  }
  expect(letIn).toEqual([]);
  const unsaid = (): string[] =>
    CAUSES.filter((cause) => !street.hub.lines().some((line) => line.includes(cause)));
  await expect.poll(unsaid).toEqual([]);
});

test("G1 at the entrance for HTTPS no certificate counts, only the alarm key: whoever lacks it changes nothing", async () => {
  const rows = readJournal(street.hub.dir).length;
  const { privateKey } = generateKeyPairSync("ed25519");
  const { event } = victim.seal({ seq: 1, prevHash: createHash("sha256").digest("hex") as never });
  const sig = sign(null, Buffer.from(canonicalJson(event)), privateKey).toString("base64url");
  const forged = JSON.stringify({ v: 1, event, sig, ageMs: 1, attempt: 1 });
  const path = `/api/v1/pillars/${ID}/alarms`;
  const answers: Record<string, number[]> = {};
  for (const [name, shown] of Object.entries(strangers)) {
    answers[name] = [
      await post(shown, { path, body: forged }),
      await post(shown, { path: `/api/v1/pillars/${ID}/heartbeats`, body: "{}" }),
      await post(shown, { path: "/api/v1/sessions", body: "{}" }),
    ];
  }
  const refused = Object.keys(strangers).map((name) => [name, [403, 404, 404]]);
  expect(answers).toEqual(Object.fromEntries(refused));
  expect(readJournal(street.hub.dir)).toHaveLength(rows);
});
