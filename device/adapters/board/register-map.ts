/**
 * The pillar's I/O board on the serial line: Modbus RTU, one unit.
 *
 * The board counts presses itself, so one that begins and ends between two polls is still seen. A
 * press counts when the contact stays closed for 60 ms. `docs/register-map.md` says the same to the
 * maker of the board, and a test compares the two.
 */

/** Input registers (function 4), one block, read in one request per poll. */
export const INPUT_BLOCK = {
  start: 0,
  length: 8,
  /** 0x415A, "AZ": anything else is not our board, or a line that echoes. */
  magic: 0,
  mapVersion: 1,
  /** Bits below, as now. */
  inputBits: 2,
  /** Presses since the board started, modulo 65,536. */
  presses: 3,
  silentPresses: 4,
  /** Milliseconds since the latest press began, at most 65,535. */
  pressAgeMs: 5,
  silentPressAgeMs: 6,
  /** Starts of the board, modulo 65,536: it tells a restarted counter from a wrapped one. */
  boardBoots: 7,
} as const;

export const MAGIC = 0x415a;
export const MAP_VERSION = 1;

/** Bits of `inputBits`; also discrete inputs (function 2) 0-3, for standard tools. */
export const INPUT_BITS = { button: 0, "silent-button": 1, tamper: 2, mains: 3 } as const;

/** Holding registers (functions 3, 6, 16). */
export const OUTPUT_BLOCK = {
  start: 0,
  length: 3,
  lamp: 0,
  siren: 1,
  /** Seconds without a request after which the board shows `fault` by itself; 0 = never. */
  watchdogSeconds: 2,
} as const;

export const LAMP_VALUES = {
  off: 0,
  standby: 1,
  calling: 2,
  received: 3,
  answered: 4,
  fault: 5,
  watched: 6,
} as const;

export const DEBOUNCE_MS = 60;
