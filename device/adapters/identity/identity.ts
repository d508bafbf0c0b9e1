/**
 * Who this pillar is: its keys, its certificate, and the hub it trusts.
 *
 * Alarms are sealed here: hashed into the chain and
 * signed. Private keys are read once and never sent.
 */
import { createHash, createPrivateKey, createPublicKey, sign, verify } from "node:crypto";
import type { KeyObject, X509Certificate } from "node:crypto";
import { canonicalJson, type CanonicalValue } from "../../../shared/canonical-json.ts";
import { linkHash, type Digest } from "../../../shared/hash-chain.ts";
import type { PillarId, Sha256, Signature } from "../../../shared/ids.ts";
import type { AlarmEvent } from "../../../shared/protocol/alarm.ts";
import type { SealedAlarm } from "../../core/state/kept.ts";
import { dataPaths } from "../host/data-dir.ts";
import { Failure, reasonOf } from "../host/failure.ts";
import { readPem, readTlsPair, writeTlsPair, type ReadTlsPair, type TlsPair } from "./tls-pair.ts";

export interface Identity {
  readonly tlsKey: string;
  readonly tlsCert: string;
  readonly ca: string;
  seal(event: AlarmEvent): SealedAlarm;
  /** Whether the hub signed exactly this value. */
  isFromHub(value: CanonicalValue, sig: Signature): boolean;
}

/** Unix ms. */
export interface Validity {
  readonly from: number;
  readonly until: number;
}

/** The identity of this very machine, which it can renew. */
export interface OwnIdentity extends Identity {
  /** Of the certificate in use. */
  validity(): Validity;
  /** By the alarm key. */
  sign(value: CanonicalValue): Signature;
  /** The same alarm under the present alarm key; itself when that key has signed it. */
  resign(alarm: SealedAlarm): SealedAlarm;
  /** On the disk first; used from the next connection on. */
  replaceTls(pair: TlsPair): void;
}

export const sha256: Digest = (text) => createHash("sha256").update(text).digest("hex") as Sha256;

export function readIdentity(dataDir: string, pillarId: PillarId): OwnIdentity {
  const paths = dataPaths(dataDir);
  let pair: ReadTlsPair = readTlsPair(paths.tlsPair);
  const subject = subjectOf(pair.certificate);
  if (subject !== pillarId) {
    throw new Failure(
      "configuration",
      `${paths.tlsPair} must hold the certificate of ${pillarId}, found one of ${subject}. ` +
        "Correct pillarId or enrol again: anzhu-agent enrol",
    );
  }
  const alarmKey = readKey(paths.alarmKey, createPrivateKey);
  const hubKey = readKey(paths.hubPublicKey, createPublicKey);
  return {
    get tlsKey() {
      return pair.tlsKey;
    },
    get tlsCert() {
      return pair.tlsCert;
    },
    ca: readPem(paths.ca),
    seal: (event) => sealWith(alarmKey, event),
    isFromHub: (value, sig) =>
      verify(null, Buffer.from(canonicalJson(value)), hubKey, Buffer.from(sig, "base64url")),
    validity: () => ({
      from: pair.certificate.validFromDate.getTime(),
      until: pair.certificate.validToDate.getTime(),
    }),
    sign: (value) => signWith(alarmKey, value),
    resign: (alarm) => {
      const sig = signWith(alarmKey, alarm.event);
      return sig === alarm.sig ? alarm : { ...alarm, sig };
    },
    replaceTls: (next) => {
      writeTlsPair(paths.tlsPair, next);
      pair = readTlsPair(paths.tlsPair);
    },
  };
}

export function sealWith(alarmKey: KeyObject, event: AlarmEvent): SealedAlarm {
  return { event, hash: linkHash(sha256, event.prevHash, event), sig: signWith(alarmKey, event) };
}

function signWith(key: KeyObject, value: CanonicalValue): Signature {
  return sign(null, Buffer.from(canonicalJson(value)), key).toString("base64url") as Signature;
}

const subjectOf = ({ subject }: X509Certificate): string =>
  /^CN=(.*)$/m.exec(subject)?.[1] ?? subject;

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
