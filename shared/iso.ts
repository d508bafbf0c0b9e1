/** Unix ms as people and programs read it. */

/** RFC 3339 knows four digits of a year: 1970 to 9999. */
const EARLIEST = 0;
const LATEST = 253_402_300_799_999;

/**
 * RFC 3339; what lies outside the years 1970 to 9999, or is no number, becomes the nearest end.
 */
export function iso(at: number): string {
  const bounded = at >= EARLIEST ? Math.min(at, LATEST) : EARLIEST;
  // oxlint-disable-next-line no-restricted-globals -- it writes a time that is given, and reads no clock
  return new Date(bounded).toISOString();
}
