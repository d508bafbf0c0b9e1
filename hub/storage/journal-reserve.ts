/**
 * Room that belongs to the journal: a file that is given
 * up when the disk is full, so that alarms go on.
 *
 * Recordings stop by themselves long before. This is for other causes of a full disk: logs,
 * updates, other programs. It is made again when there is room.
 */
import { randomBytes } from "node:crypto";
import { existsSync, rmSync, statfsSync } from "node:fs";
import { join } from "node:path";
import type { Logger } from "pino";
import { writeWhole } from "../../shared/host/whole-file.ts";
import { RECORDING_AGAIN_BYTES } from "../core/recording/retention.ts";

const MIB = 1024 * 1024;
/** About ten thousand alarms with all that follows them. */
export const RESERVE_BYTES = 64 * MIB;
/** With less free the journal could not even be opened again. */
const FULL_BYTES = 8 * MIB;
export const RESERVE_FILE = "journal.reserve";

export interface JournalReserve {
  /** Makes the reserve when it is missing and there is room for it. */
  keep(freeBytes: number): Promise<void>;
  /** Gives it up when the disk is full. Returns whether it did. */
  release(): boolean;
}

export function openReserve(dataDir: string, log: Pick<Logger, "warn" | "error">): JournalReserve {
  const file = join(dataDir, RESERVE_FILE);
  return {
    async keep(freeBytes) {
      if (existsSync(file) || freeBytes < RECORDING_AGAIN_BYTES + RESERVE_BYTES) return;
      try {
        await writeWhole(file, content());
      } catch (error) {
        log.warn({ error }, `the journal has no reserve on the disk: ${String(error)}`);
      }
    },
    release() {
      try {
        const { bavail, bsize } = statfsSync(dataDir);
        if (bavail * bsize >= FULL_BYTES || !existsSync(file)) return false;
        rmSync(file);
      } catch (error) {
        log.error({ error }, `the journal's reserve cannot be given up: ${String(error)}`);
        return false;
      }
      log.error(
        `the disk is full: ${RESERVE_BYTES / MIB} MiB of reserve were given to the journal`,
      );
      return true;
    },
  };
}

/** Random bytes, because some file systems store zeros as nothing. */
function* content(): Iterable<Uint8Array> {
  const block = randomBytes(MIB);
  for (let written = 0; written < RESERVE_BYTES; written += MIB) yield block;
}
