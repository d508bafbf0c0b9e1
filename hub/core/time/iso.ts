/** Unix ms as people and programs read it. */

/** RFC 3339 knows four digits of a year. */
const EARLIEST = 0;
const LATEST = Date.UTC(9999, 11, 31, 23, 59, 59, 999);

/**
 * RFC 3339; what lies outside the years 1970 to 9999, or is no number, becomes the nearest end.
 */
export const iso = (at: number): string =>
  new Date(at >= EARLIEST ? Math.min(at, LATEST) : EARLIEST).toISOString();
