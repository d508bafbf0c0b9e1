/**
 * Each link's hash covers the hash before it, so one changed bit breaks every later link.
 *
 * The digest comes from outside: `shared/` imports no platform.
 */
import { canonicalJson, type CanonicalValue } from "./canonical-json.ts";
import type { Sha256 } from "./ids.ts";

export type Digest = (text: string) => Sha256;

/** What the first link points at. */
export const GENESIS = "0".repeat(64) as Sha256;

/** `SHA-256(prevHash || canonical(record))`, in hexadecimal. */
export function linkHash(digest: Digest, prevHash: Sha256, record: CanonicalValue): Sha256 {
  return digest(prevHash + canonicalJson(record));
}
