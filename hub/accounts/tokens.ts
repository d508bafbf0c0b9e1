/**
 * Tokens of sessions and services: random, and stored as a hash only. The hash names the session or
 * the service inside the hub.
 */
import { createHash, randomBytes } from "node:crypto";

const TOKEN_BYTES = 32;
/** Precision of the last use: each note is a write to the disk. */
const LAST_USE_WITHIN_MS = 600_000;

export const newToken = (): string => randomBytes(TOKEN_BYTES).toString("base64url");

export const hashOf = (token: string): string => createHash("sha256").update(token).digest("hex");

/**
 * Writes the time of this use, unless one not long ago is known. A full disk that cannot note it
 * keeps nobody out.
 */
export function noteUse(lastUsedAt: number | null, write: (now: number) => unknown): void {
  const now = Date.now();
  if (Math.abs(now - (lastUsedAt ?? 0)) <= LAST_USE_WITHIN_MS) return;
  try {
    write(now);
  } catch {
    return;
  }
}
