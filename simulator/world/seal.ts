/**
 * Signatures of the simulated world: real canonical JSON
 * and SHA-256, and a keyed hash in Ed25519's place.
 *
 * A million presses a minute leave no time for curves, and no checker here asks whether Ed25519
 * works: the protocol needs only that it cannot be made without the key, and that other content has
 * another one.
 */
import { hash } from "node:crypto";
import type { SealedAlarm } from "../../device/core/state/kept.ts";
import { canonicalJson, type CanonicalValue } from "../../shared/canonical-json.ts";
import { linkHash, type Digest } from "../../shared/hash-chain.ts";
import type { Sha256, Signature } from "../../shared/ids.ts";
import type { AlarmEvent } from "../../shared/protocol/alarm.ts";

export const sha256: Digest = (text) => hash("sha256", text) as Sha256;

/** 86 characters, as the real one. */
export function signWith(key: string, value: CanonicalValue): Signature {
  const digest = hash("sha256", key + canonicalJson(value), "base64url");
  return (digest + digest) as Signature;
}

export const isSignedWith = (key: string, value: CanonicalValue, sig: Signature): boolean =>
  signWith(key, value) === sig;

export function sealWith(key: string, event: AlarmEvent): SealedAlarm {
  return {
    event,
    hash: linkHash(sha256, event.prevHash, event),
    sig: signWith(key, event),
  };
}
