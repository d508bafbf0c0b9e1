/**
 * How a pillar holds its MQTT connection: numbers that
 * both ends, the tests and the documents share.
 */

/**
 * The pillar's keep-alive. MQTT gives a silent connection up after one and a half times this
 * (3.1.1, clause 3.1.2.10): 10.5 s here. A dead line is promised to be noticed within 12 s, which 8
 * s would leave no room for.
 */
export const KEEP_ALIVE_SECONDS = 7;

/**
 * The longest keep-alive the hub's own broker accepts:
 * a client could otherwise be dead for hours unnoticed.
 */
export const KEEP_ALIVE_LIMIT_SECONDS = 60;
