/**
 * Removes the files of recordings that were decided to go.
 *
 * On a read-only or failing disk a removal fails. It is tried again after a while that doubles,
 * holds up no other, and its reason is kept until it has succeeded. A file counts as removed when
 * its directory is on the disk too.
 */
import { open, rmdir, unlink } from "node:fs/promises";
import { dirname } from "node:path";
import type { RecordingId } from "../../shared/ids.ts";
import type { Patience } from "./patience.ts";

export const FIRST_RETRY_MS = 10_000;
export const MOST_RETRY_MS = 600_000;

export interface Removable {
  readonly id: RecordingId;
  readonly path: string;
  /** Its directory gets no more recordings, and is removed when it is empty. */
  readonly isDayOver: boolean;
}

export interface RemovalPort {
  remove(path: string): Promise<void>;
  /** Makes removals in a directory durable, and removes one that is empty when its day is over. */
  flush(directory: string, isDayOver: boolean): Promise<void>;
  /** Milliseconds on a clock nobody can set. */
  now(): number;
}

export interface Removals {
  /** Resolves to those that are gone for good. Never rejects. */
  run(files: readonly Removable[]): Promise<RecordingId[]>;
  /** Why a file that was to be removed is still there. */
  failure(): string | null;
}

interface Failed {
  readonly times: number;
  readonly againAt: number;
  readonly reason: string;
}

/** At most `MAX_DELETING` files are waiting at once: the core decides on no more. */
export function newRemovals(port: RemovalPort, patience: Patience): Removals {
  const failures = new Map<RecordingId, Failed>();
  const failed = (id: RecordingId, error: unknown): void => {
    const times = (failures.get(id)?.times ?? 0) + 1;
    const delayMs = Math.min(FIRST_RETRY_MS * 2 ** (times - 1), MOST_RETRY_MS);
    failures.set(id, { times, againAt: port.now() + delayMs, reason: String(error) });
  };
  const flush = async (directory: string, files: readonly Removable[]): Promise<RecordingId[]> => {
    try {
      const isDayOver = files.every((file) => file.isDayOver);
      await patience.ask(() => port.flush(directory, isDayOver));
    } catch (error) {
      for (const { id } of files) failed(id, error);
      return [];
    }
    for (const { id } of files) failures.delete(id);
    return files.map(({ id }) => id);
  };
  return {
    failure: () => failures.values().next().value?.reason ?? null,
    async run(files) {
      const wanted = new Set(files.map(({ id }) => id));
      for (const id of failures.keys()) if (!wanted.has(id)) failures.delete(id);
      const due = files.filter(({ id }) => (failures.get(id)?.againAt ?? 0) <= port.now());
      const unlinked: Removable[] = [];
      for (const file of due) {
        if (patience.isWaiting()) break;
        try {
          await patience.ask(() => port.remove(file.path));
          unlinked.push(file);
        } catch (error) {
          failed(file.id, error);
        }
      }
      const removed: RecordingId[] = [];
      const byDirectory = Map.groupBy(unlinked, ({ path }) => dirname(path));
      for (const [directory, those] of byDirectory) {
        removed.push(...(await flush(directory, those)));
      }
      return removed;
    },
  };
}

export const diskPort: RemovalPort = {
  remove: removeFile,
  flush,
  now: () => performance.now(),
};

async function removeFile(path: string): Promise<void> {
  try {
    await unlink(path);
  } catch (error) {
    // Removed before a restart, or never written.
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
  }
}

/**
 * A removal that a power cut undoes would leave a file that nothing looks for, so it is made
 * durable. An empty directory of a past day is removed too.
 */
async function flush(directory: string, isDayOver: boolean): Promise<void> {
  try {
    const handle = await open(directory, "r");
    try {
      await handle.sync();
    } finally {
      await handle.close();
    }
    if (isDayOver) await rmdir(directory);
  } catch (error) {
    const { code = "" } = error as NodeJS.ErrnoException;
    if (code !== "ENOENT" && code !== "ENOTEMPTY") throw error;
  }
}
