/**
 * Assertions that stay on in production: a broken invariant
 * stops the process, and the journal brings it back.
 */

export function assert(condition: unknown, message: string): asserts condition {
  if (!condition) throw new Error(`bug: ${message}`);
}

/** Makes a `switch` exhaustive at compile time; throws at run time. */
export function assertNever(value: never): never {
  throw new Error(`bug: unexpected ${JSON.stringify(value)}`);
}
