/**
 * How this pillar gets its identity: a one-time code
 * in, keys and certificate in the data folder out.
 *
 * The code carries the fingerprint of the hub's CA. Over HTTPS the hub must prove that CA before
 * the secret is told; plain HTTP is for loopback alone. Nothing is written until everything has
 * been checked.
 */
import { createPrivateKey, createPublicKey, X509Certificate } from "node:crypto";
import { mkdirSync } from "node:fs";
import { request as httpRequest } from "node:http";
import { request as httpsRequest } from "node:https";
import { isIP } from "node:net";
import { connect as connectTls, type DetailedPeerCertificate } from "node:tls";
import { writeWholeSync } from "../../../shared/host/whole-file.ts";
import {
  EnrolmentCode,
  EnrolmentResult,
  type EnrolmentRequest,
} from "../../../shared/api/enrolment.ts";
import { parseJson, parseWith } from "../../../shared/parse.ts";
import type { PillarId } from "../../../shared/ids.ts";
import type { AgentConfig } from "../../config.ts";
import { dataPaths } from "../host/data-dir.ts";
import { Failure, reasonOf } from "../host/failure.ts";
import { makeKeys, type NewKeys } from "../identity/key-pair.ts";
import { writeTlsPair } from "../identity/tls-pair.ts";

const ANSWER_MS = 15_000;
const MAX_ANSWER_BYTES = 64 * 1024;

export async function enrol(config: AgentConfig, codeText: string): Promise<EnrolmentResult> {
  const code = readCode(codeText, config.pillarId);
  const base = new URL(config.hub.httpUrl);
  const ca = base.protocol === "https:" ? await provenCa(base, code.fingerprint) : loopback(base);
  const keys = await makeKeys(config.pillarId);
  const { pillarId } = config;
  const { secret } = code;
  const { csr, alarmPublicKey } = keys;
  const answer = await post(new URL("/api/v1/enrolments", base), ca, {
    pillarId,
    secret,
    csr,
    alarmPublicKey,
  });
  checkResult(answer, code, keys);
  writeIdentity(config.dataDir, keys, answer);
  return answer;
}

function readCode(text: string, pillarId: PillarId): EnrolmentCode {
  const parsed = parseWith(EnrolmentCode, text.trim());
  if (!parsed.ok) throw new Failure("configuration", `the code is not one: ${parsed.reason}`);
  const { value } = parsed;
  if (value.pillarId !== pillarId) {
    const found = `the code must be for ${pillarId}, found one for ${value.pillarId}`;
    throw new Failure("configuration", `${found}. Run on the hub: anzhu-hub enrol ${pillarId}`);
  }
  return value;
}

function loopback(base: URL): undefined {
  if (["localhost", "127.0.0.1", "[::1]"].includes(base.hostname)) return undefined;
  throw new Failure(
    "configuration",
    `hub.httpUrl must be https outside loopback, found ${base.origin}: the secret would be readable`,
  );
}

/** The CA's certificate from the hub's own chain, if it is the one the code names. */
function provenCa(base: URL, fingerprint: string): Promise<string> {
  const { hostname } = base;
  const port = Number(base.port || 443);
  return new Promise((resolve, reject) => {
    const fail = (why: string): void => reject(new Failure("peer", `${base.origin}: ${why}`));
    // Not verified by the library yet: the chain is compared
    // with the code's fingerprint right below.
    const socket = connectTls({
      host: hostname,
      port,
      minVersion: "TLSv1.3",
      rejectUnauthorized: false,
      timeout: ANSWER_MS,
      ...(isIP(hostname) === 0 && { servername: hostname }),
    });
    socket.once("timeout", () => socket.destroy(new Error(`no answer in ${ANSWER_MS / 1000} s`)));
    socket.once("error", (error) => fail(reasonOf(error)));
    socket.once("secureConnect", () => {
      const ca = caInChain(socket.getPeerCertificate(true), fingerprint);
      socket.destroy();
      if (ca) return resolve(ca);
      fail(
        "expected the CA that the code names in its certificate chain, found another: wrong hub?",
      );
    });
  });
}

function caInChain(leaf: DetailedPeerCertificate, fingerprint: string): string | undefined {
  const wanted = fingerprint.toLowerCase();
  let at: DetailedPeerCertificate | undefined = leaf;
  for (let depth = 0; at?.raw && depth < 5; depth++) {
    const certificate = new X509Certificate(at.raw);
    if (fingerprintOf(certificate) === wanted) return certificate.toString();
    if (at.issuerCertificate === at) return undefined;
    at = at.issuerCertificate;
  }
  return undefined;
}

const fingerprintOf = (certificate: X509Certificate): string =>
  certificate.fingerprint256.replaceAll(":", "").toLowerCase();

function post(url: URL, ca: string | undefined, body: EnrolmentRequest): Promise<EnrolmentResult> {
  const text = JSON.stringify(body);
  const headers = { "content-type": "application/json", "content-length": Buffer.byteLength(text) };
  const options = { method: "POST", headers, timeout: ANSWER_MS };
  return new Promise((resolve, reject) => {
    const fail = (why: string): void => reject(new Failure("peer", `${url.origin}: ${why}`));
    const asking =
      ca === undefined
        ? httpRequest(url, options)
        : httpsRequest(url, { ...options, ca, minVersion: "TLSv1.3" });
    asking.setNoDelay(true);
    asking.once("timeout", () => asking.destroy(new Error(`no answer in ${ANSWER_MS / 1000} s`)));
    asking.once("error", (error) => fail(reasonOf(error)));
    asking.once("response", (response) => {
      const chunks: Buffer[] = [];
      let size = 0;
      response.on("data", (chunk: Buffer) => {
        size += chunk.length;
        if (size > MAX_ANSWER_BYTES) asking.destroy(new Error("the answer is too long"));
        else chunks.push(chunk);
      });
      response.once("error", (error) => fail(reasonOf(error)));
      response.once("end", () => {
        const bytes = Buffer.concat(chunks);
        const { statusCode = 0 } = response;
        if (statusCode < 200 || statusCode > 299) return fail(refusal(statusCode, bytes));
        const parsed = parseJson(EnrolmentResult, bytes);
        if (parsed.ok) resolve(parsed.value);
        else fail(`the answer is not an enrolment: ${parsed.reason}`);
      });
    });
    asking.end(text);
  });
}

function refusal(status: number, bytes: Buffer): string {
  let detail = bytes.toString("utf8").slice(0, 200);
  try {
    const problem = JSON.parse(detail.length < 200 ? detail : bytes.toString("utf8")) as {
      detail?: string;
      title?: string;
    };
    detail = problem.detail ?? problem.title ?? detail;
  } catch {
    detail = `no problem document: ${detail}`;
  }
  return `the hub refused the enrolment (${status}): ${detail}. Get a new code: anzhu-hub enrol`;
}

/** Certificate, key and CA must belong together before they replace anything. */
function checkResult(answer: EnrolmentResult, code: EnrolmentCode, keys: NewKeys): void {
  try {
    const ca = new X509Certificate(answer.caCertificate);
    if (fingerprintOf(ca) !== code.fingerprint)
      throw new Error("its CA is not the one the code names");
    const own = new X509Certificate(answer.certificate);
    checkCertificate(own, { ca, pillarId: code.pillarId, tlsKey: keys.tlsKey });
    const hubKey = createPublicKey(answer.hubPublicKey);
    if (hubKey.asymmetricKeyType !== "ed25519")
      throw new Error("the hub's public key must be Ed25519");
  } catch (error) {
    throw new Failure("peer", `the hub's answer is refused: ${reasonOf(error)}`);
  }
}

export interface Wanted {
  readonly ca: X509Certificate;
  readonly pillarId: string;
  /** PEM of the key that was asked for. */
  readonly tlsKey: string;
}

/** Throws unless the pinned authority certified this pillar's own key. */
export function checkCertificate(found: X509Certificate, { ca, pillarId, tlsKey }: Wanted): void {
  if (!found.verify(ca.publicKey)) throw new Error("the certificate is not signed by its CA");
  if (!new RegExp(`^CN=${pillarId}$`, "m").test(found.subject)) {
    throw new Error(`expected a certificate for ${pillarId}, found ${found.subject}`);
  }
  if (!found.checkPrivateKey(createPrivateKey(tlsKey))) {
    throw new Error("the certificate is for another key");
  }
}

function writeIdentity(dataDir: string, keys: NewKeys, answer: EnrolmentResult): void {
  const paths = dataPaths(dataDir);
  try {
    mkdirSync(paths.identityDir, { recursive: true, mode: 0o700 });
    const files = [
      [paths.ca, answer.caCertificate],
      [paths.alarmKey, keys.alarmKey],
      [paths.hubPublicKey, answer.hubPublicKey],
      [paths.alarmsPort, String(answer.alarmsPort)],
    ] as const;
    writeWholeSync(files);
    // Written last: a start looks for this pair.
    writeTlsPair(paths.tlsPair, { tlsKey: keys.tlsKey, tlsCert: answer.certificate });
  } catch (error) {
    throw new Failure("device", `the identity could not be written: ${reasonOf(error)}`);
  }
}
