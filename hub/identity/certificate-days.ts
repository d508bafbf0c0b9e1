/** How long certificates are good for, apart from the library that makes them. */
export const CA_DAYS = 3650;
/** What browsers accept from a server. Renewed at a start in its last third. */
export const SERVER_DAYS = 397;
/** A pillar renews its own when two thirds are over, which leaves twenty days for repairs. */
export const PILLAR_DAYS = 60;
