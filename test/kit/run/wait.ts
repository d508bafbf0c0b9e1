/**
 * Waiting ends with the condition. On a busy machine that may take more than the second which the
 * test runner gives by itself; the limit here only ends a test that has failed.
 */
import { vi } from "vitest";

const PATIENT = { timeout: 15_000 };

interface Patience {
  readonly timeout?: number;
  readonly interval?: number;
}

/** Until the check throws no more; resolves with what it returns. Ms. */
export const waitFor = <T>(check: () => T | Promise<T>, patience?: Patience): Promise<T> =>
  vi.waitFor(check, { ...PATIENT, ...patience });

/** Until the check returns something that is not false, 0, "", null or undefined. Ms. */
export const waitUntil = <T>(check: () => T | Promise<T>, patience?: Patience) =>
  vi.waitUntil(check, { ...PATIENT, ...patience });
