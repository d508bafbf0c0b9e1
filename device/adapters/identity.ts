/**
 * Who this pillar is: its keys, its certificate, and the hub it trusts.
 *
 * Alarms are sealed here: hashed into the chain and signed. Private keys are read once and never leave.
 */
import {
  createHash,
  createPrivateKey,
  createPublicKey,
  sign,
  verify,
  X509Certificate,
  type KeyObject,
} from "node:crypto";
import { readFileSync } from "node:fs";
import { canonicalJson, type CanonicalValue } from "../../shared/canonical-json.ts";
import { linkHash, type Digest } from "../../shared/hash-chain.ts";
import type { PillarId, Sha256, Signature } from "../../shared/ids.ts";
import type { AlarmEvent } from "../../shared/protocol/alarm.ts";
import type { SealedAlarm } from "../ports.ts";
import { dataPaths } from "./data-dir.ts";
import { codeOf, Failure, reasonOf } from "./failure.ts";

export interface Identity {
  readonly tlsKey: string;
  readonly tlsCert: string;
  readonly ca: string;
  seal(event: AlarmEvent): SealedAlarm;
  /** Whether the hub signed exactly this value. */
  isFromHub(value: CanonicalValue, sig: Signature): boolean;
}

export const sha256: Digest = (text) => createHash("sha256").update(text).digest("hex") as Sha256;

export function readIdentity(dataDir: string, pillarId: PillarId): Identity {
  const paths = dataPaths(dataDir);
  const tlsCert = readPem(paths.tlsCert);
  const subject = subjectOf(tlsCert, paths.tlsCert);
  if (subject !== pillarId) {
    throw new Failure(
      "configuration",
      `${paths.tlsCert} must be the certificate of ${pillarId}, found one of ${subject}. ` +
        "Correct pillarId or enrol again: anzhu-agent enroll",
    );
  }
  const alarmKey = readKey(paths.alarmKey, createPrivateKey);
  const hubKey = readKey(paths.hubPublicKey, createPublicKey);
  return {
    tlsKey: readPem(paths.tlsKey),
    tlsCert,
    ca: readPem(paths.ca),
    seal: (event) => sealWith(alarmKey, event),
    isFromHub: (value, sig) =>
      verify(null, Buffer.from(canonicalJson(value)), hubKey, Buffer.from(sig, "base64url")),
  };
}

export function sealWith(alarmKey: KeyObject, event: AlarmEvent): SealedAlarm {
  const sig = sign(null, Buffer.from(canonicalJson(event)), alarmKey).toString("base64url");
  return { event, hash: linkHash(sha256, event.prevHash, event), sig: sig as Signature };
}

function subjectOf(pem: string, file: string): string {
  try {
    const subject = new X509Certificate(pem).subject;
    return /^CN=(.*)$/m.exec(subject)?.[1] ?? subject;
  } catch (error) {
    throw new Failure("configuration", `${file} must hold a certificate: ${reasonOf(error)}`);
  }
}

function readKey(file: string, make: (pem: string) => KeyObject): KeyObject {
  const pem = readPem(file);
  let key: KeyObject;
  try {
    key = make(pem);
  } catch (error) {
    throw new Failure("configuration", `${file} must hold an Ed25519 key: ${reasonOf(error)}`);
  }
  if (key.asymmetricKeyType !== "ed25519") {
    const found = key.asymmetricKeyType ?? "another kind";
    throw new Failure("configuration", `${file} must hold an Ed25519 key, found ${found}`);
  }
  return key;
}

function readPem(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    const why = codeOf(error) === "ENOENT" ? "it is not there" : reasonOf(error);
    throw new Failure(
      "configuration",
      `${file} cannot be read: ${why}. This pillar has no identity yet? ` +
        "Get a code from the hub and run: anzhu-agent enroll -c agent.yaml --code CODE",
    );
  }
}
