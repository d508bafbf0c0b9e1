/**
 * A disk under a write-ahead log: what was written,
 * and what would still be there after a power cut.
 *
 * A write is a transaction of records. Until a sync has succeeded each record of it may be there,
 * be missing or be torn, independently, so records come back reordered. DemoFacts reads up to the
 * first bad record and then back to the last complete transaction, as SQLite does with its log.
 *
 * Limit: the file system below keeps what was once synced; rot of old sectors is not modelled.
 */
import type { Chance } from "../chance.ts";
import type { Coverage } from "../run/coverage.ts";

export interface DiskConditions {
  /** ENOSPC at every write. */
  isFull: boolean;
  /** EIO at every sync. */
  isDead: boolean;
  /** Probability of EIO at one sync. */
  errorRate: number;
  /** A sync takes between these, ms. */
  syncMs: readonly [number, number];
}

export const GOOD_DISK: Readonly<DiskConditions> = {
  isFull: false,
  isDead: false,
  errorRate: 0,
  syncMs: [0.2, 6],
};

interface Sector<R> {
  readonly record: R;
  readonly isLast: boolean;
  readonly at: number;
}

export interface Disk<R> {
  readonly conditions: DiskConditions;
  /** Bad sectors under this file alone: EIO, whatever the conditions of the disk. */
  isDamaged: boolean;
  /** Throws when the disk is full or dead. */
  write(records: readonly R[]): void;
  /** Makes everything written so far durable; says how long that takes, and whether it failed. */
  sync(): { readonly ms: number; readonly finish: () => string | undefined };
  /** Loses what was not synced, as chance has it. A killed process loses nothing of it. */
  powerCut(): void;
  /** What a reader finds after opening. */
  records(): R[];
  /** How many records are durable for certain. */
  syncedCount(): number;
  /** Throws what opening a dead or damaged file would. */
  open(): R[];
  /** An older copy is put back: at most so many records, and whole transactions only. */
  restore(most: number): number;
}

/** The file or the disk is at fault, not the room on it. */
export const EIO = "EIO: disk I/O error";

/** The kernel writes back unsynced data after this long. */
const WRITE_BACK_MS = 30_000;

interface DiskWorld {
  readonly now: () => number;
  readonly chance: Chance;
  readonly coverage: Coverage;
  readonly owner: "pillar" | "hub";
  /** Of the disk, where it holds another file as well. */
  readonly conditions?: DiskConditions;
}

export function newDisk<R>(world: DiskWorld): Disk<R> {
  const { now, chance, coverage, owner, conditions = { ...GOOD_DISK } } = world;
  const sectors: Sector<R>[] = [];
  let synced = 0;

  const loseUnsynced = (certainAfterMs: number): void => {
    const end = survivors(sectors, synced, { ...world, certainAt: now() - certainAfterMs });
    sectors.length = end;
    synced = end;
  };
  const file: Disk<R> = {
    conditions,
    isDamaged: false,
    write: (records) => {
      if (conditions.isFull) {
        coverage.count(`${owner}-disk-full`);
        throw new Error("ENOSPC: no space left on the disk");
      }
      const at = now();
      const last = records.length - 1;
      for (const [i, record] of records.entries()) {
        sectors.push({ record, isLast: i === last, at });
      }
    },
    sync: () => {
      const ms = chance.between(...conditions.syncMs);
      const upTo = sectors.length;
      if (ms > 250) coverage.count(`${owner}-disk-slow`);
      const isFailing = conditions.isDead || file.isDamaged || chance.isTrue(conditions.errorRate);
      const finish = (): string | undefined => {
        if (!isFailing) {
          synced = Math.max(synced, Math.min(upTo, sectors.length));
          return undefined;
        }
        coverage.count(`${owner}-disk-eio`);
        // The kernel has dropped the dirty pages: some reached the disk, some did not.
        loseUnsynced(Number.POSITIVE_INFINITY);
        return EIO;
      };
      return { ms, finish };
    },
    powerCut: () => loseUnsynced(WRITE_BACK_MS),
    records: () => sectors.map(({ record }) => record),
    open: () => {
      if (conditions.isDead || file.isDamaged) throw new Error(EIO);
      return file.records();
    },
    syncedCount: () => synced,
    restore: (most) => {
      let count = Math.min(synced, most);
      while (count > 0 && !sectors[count - 1]?.isLast) count -= 1;
      sectors.length = count;
      synced = count;
      return count;
    },
  };
  return file;
}

/**
 * How many sectors a reader will find: up to the first hole, and back to the end of a transaction.
 */
function survivors<R>(
  sectors: readonly Sector<R>[],
  synced: number,
  { chance, coverage, owner, certainAt }: DiskWorld & { readonly certainAt: number },
): number {
  let isHole = false;
  let end = synced;
  for (let i = synced; i < sectors.length; i++) {
    const sector = sectors[i] as Sector<R>;
    const fate = sector.at < certainAt ? 0 : chance.next();
    if (fate >= 0.4) isHole = true;
    if (fate >= 0.4 && fate < 0.8) coverage.count(`${owner}-disk-lost`);
    if (fate >= 0.8) coverage.count(`${owner}-disk-torn`);
    if (fate < 0.4 && isHole) coverage.count(`${owner}-disk-reordered`);
    if (!isHole && sector.isLast) end = i + 1;
  }
  return end;
}
