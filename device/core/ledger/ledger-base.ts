/** Where a ledger's numbers begin when the past ones cannot be known. */
import { GENESIS } from "../../../shared/hash-chain.ts";
import type { LedgerHead } from "../state/kept.ts";

/** 2025: a wall clock before this was never set. */
const EARLIEST_WALL_S = 1_735_689_600;
const SPREAD = 2 ** 30;

export interface LedgerBase {
  readonly bootEpoch: number;
  readonly head: LedgerHead;
}

/**
 * Above all numbers that the disk may hold, so that none is used twice; the hub sees the gap, and
 * the fault says why. A clock that was never set cannot promise this, so random numbers are used.
 * `wallMs`: Unix ms. `draw(n)`: a whole number in [0, n).
 */
export function ledgerBase(wallMs: number, draw: (bound: number) => number): LedgerBase {
  const wallS = Math.floor(wallMs / 1000);
  const start = wallS > EARLIEST_WALL_S ? wallS : EARLIEST_WALL_S + draw(SPREAD);
  return { bootEpoch: start, head: { seq: start, hash: GENESIS } };
}
