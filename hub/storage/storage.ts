/**
 * What the shell does about the disk: watches it, removes
 * recordings, keeps them on a supervisor's order.
 */
import type { RetentionSettings } from "../core/state/storage-state.ts";
import type { Reads } from "../journal/read/reads.ts";
import type { HubCommands } from "../ports.ts";
import { createLocks } from "./recording-lock.ts";
import { hubStatusOf, createRetention, type RetentionOptions } from "./retention.ts";

export interface StorageOptions extends Omit<RetentionOptions, "settings" | "reads"> {
  /** Without them nothing is deleted and the disk is not watched. */
  readonly settings: RetentionSettings | undefined;
  readonly reads: Pick<Reads, "deletable" | "incident">;
}

export type Storage = Pick<HubCommands, "lock" | "status"> & {
  start(): void;
  /** The journal holds again: what its failure held up is decided and removed at once. */
  onRecovered(): void;
  /** Resolves when the work under way is done. */
  stop(): Promise<void>;
};

export function createStorage(options: StorageOptions): Storage {
  const { settings, state } = options;
  const retention = settings && createRetention({ ...options, settings });
  return {
    lock: createLocks(options),
    status: () => hubStatusOf(state(), settings, retention?.disk()),
    start: () => retention?.start(),
    onRecovered: () => retention?.lookNow(),
    stop: async () => await retention?.stop(),
  };
}
