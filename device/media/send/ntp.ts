/**
 * Wall time in the format of sender reports (RFC 3550 section 4): seconds since 1900 and a binary
 * fraction.
 *
 * werift 0.25 writes decimal digits where the fraction belongs, up to 886 ms wrong, so every report
 * is given its time here.
 */

const SECONDS_1900_TO_1970 = 2_208_988_800n;

/** `unixMs` may have a fraction. */
export function ntpTimestamp(unixMs: number): bigint {
  const micros = BigInt(Math.round(unixMs * 1000));
  const seconds = micros / 1_000_000n + SECONDS_1900_TO_1970;
  const fraction = ((micros % 1_000_000n) << 32n) / 1_000_000n;
  return (seconds << 32n) | fraction;
}
