/**
 * The ledger of a pillar that cannot even start its ledger's thread: nothing survives a reboot, but
 * a press is still sent.
 *
 * Boot and sequence numbers start from the wall clock's seconds, above any the disk may hold, so
 * that no number is used twice. The hub sees the gap, and the fault says why.
 */
import { GENESIS } from "../../../shared/hash-chain.ts";
import type { Ledger } from "../../ports.ts";

export function memoryLedger(wallMs: number, reason: string): Ledger {
  const start = Math.max(1, Math.floor(wallMs / 1000));
  const refuse = (): Promise<never> => Promise.reject(new Error(reason));
  return {
    bootEpoch: start,
    head: { seq: start, hash: GENESIS },
    hubEpoch: undefined,
    unaccepted: [],
    replayFrom: undefined,
    lastEventId: undefined,
    boardMark: undefined,
    onNews: (listener) => listener({ type: "broken", reason }),
    append: refuse,
    markAccepted: () => Promise.resolve(),
    since: () => Promise.resolve([]),
    close: () => Promise.resolve(),
  };
}
