/**
 * When this pillar asks for its next certificate.
 *
 * By its own calendar at two thirds of the time, so that twenty days are left for whatever goes
 * wrong. A clock that nothing has set decides nothing: such a pillar asks a few times a day, and
 * the hub says whether it is time.
 */
import { fullJitter } from "../../shared/backoff.ts";
import { minutes, type Duration } from "../../shared/duration.ts";

const DAY_MS = 86_400_000;
/** With this little left, a renewal that fails is a fault. */
export const ENDING_MS = 10 * DAY_MS;

/** Unix ms. */
export interface Validity {
  readonly from: number;
  readonly until: number;
}

export interface Calendar {
  readonly wallMs: number;
  readonly isClockSynced: boolean;
}

/**
 * Whether the date can be believed; the hub has proven that the certificate's beginning is past.
 */
const isSure = ({ from }: Validity, { wallMs, isClockSynced }: Calendar): boolean =>
  isClockSynced && wallMs >= from;

export function mayBeDue(certificate: Validity, calendar: Calendar): boolean {
  const { from, until } = certificate;
  return !isSure(certificate, calendar) || calendar.wallMs >= from + ((until - from) * 2) / 3;
}

/**
 * The latest moment this pillar is sure of: its clock where
 * something has set it, or what the hub certified.
 */
export const sureOf = (certificate: Validity, { wallMs, isClockSynced }: Calendar): number =>
  isClockSynced ? Math.max(wallMs, certificate.from) : certificate.from;

/** The fault's words when a renewal failed; `undefined` while there is time. */
export function troubleOf(
  certificate: Validity,
  calendar: Calendar,
  reason: string,
): string | undefined {
  const leftMs = certificate.until - calendar.wallMs;
  if (!isSure(certificate, calendar) || leftMs >= ENDING_MS) return undefined;
  if (leftMs < 0) return `the certificate has ended; enrol again with a new code (${reason})`;
  const days = Math.floor(leftMs / DAY_MS);
  return `the certificate ends in ${days} days and could not be renewed: ${reason}`;
}

const AFTER_FAILURE = { first: minutes(5), most: minutes(60) };

/** Spread over a whole city: the next look after one that went well, or after failures in a row. */
export function nextLook(failures: number, chance: number): Duration {
  if (failures > 0) return fullJitter(AFTER_FAILURE, failures - 1, chance);
  return minutes(240 + 240 * chance);
}
