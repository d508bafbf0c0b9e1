/** How long certificates are good for, apart from the library that makes them. */
export const CA_DAYS = 3650;
/** What browsers accept from a server. Renewed at a start in its last third. */
export const SERVER_DAYS = 397;
/**
 * Three years, not 60 days: pillars cannot renew over the wire yet, and a certificate that runs out in the
 * street silences a button. Shorten when renewal exists.
 */
export const PILLAR_DAYS = 3 * 365;
