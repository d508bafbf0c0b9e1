/**
 * The file under a recording: a head that may be rewritten, and fragments that are appended.
 *
 * Each fragment is one write and one fdatasync, on the thread pool, in order: after any crash a
 * reader finds whole fragments and at most one torn one. A disk that stalls must not make the
 * process grow, so what waits is bounded, and the recording fails visibly instead.
 */
import { open, type FileHandle } from "node:fs/promises";
import { HEAD_BYTES } from "./mp4-box.ts";

/** About 30 s of our video at its largest. */
export const MAX_WAITING_BYTES = 16 * 1024 * 1024;

export interface RecordingFile {
  /**
   * With the time of the recording at which they end. Returns the offset at which they will stand.
   */
  append(bytes: Uint8Array, endsAtMs: number): number;
  rewriteHead(head: Uint8Array): void;
  /** After the last write; rejects never, see `failure`. */
  close(): Promise<void>;
  /** Why the file is no longer written; undefined while all is well. */
  failure(): string | undefined;
  /** Bytes that are safely on the disk. */
  bytes(): number;
  /** The recording's time up to which they go. */
  safeUntilMs(): number;
}

export function openRecordingFile(path: string, head: Uint8Array): RecordingFile {
  let failure: string | undefined;
  let waitingBytes = 0;
  let end = HEAD_BYTES;
  let safe = 0;
  let safeUntilMs = 0;
  let handle: FileHandle | undefined;

  const fail = (reason: string): void => {
    failure ??= reason;
  };

  const create = async (): Promise<void> => {
    try {
      handle = await open(path, "wx", 0o600);
    } catch (error) {
      fail(`cannot create ${path}: ${String(error)}`);
    }
  };

  const writeNow = async (bytes: Uint8Array, offset: number, endsAtMs: number): Promise<void> => {
    try {
      if (failure !== undefined || handle === undefined) return;
      const { bytesWritten } = await handle.write(bytes, 0, bytes.length, offset);
      if (bytesWritten < bytes.length) {
        fail(`cannot write ${path}: ${bytesWritten} of ${bytes.length} bytes were taken`);
        return;
      }
      await handle.datasync();
      safe = Math.max(safe, offset + bytes.length);
      safeUntilMs = Math.max(safeUntilMs, endsAtMs);
    } catch (error) {
      fail(`cannot write ${path}: ${String(error)}`);
    } finally {
      waitingBytes -= bytes.length;
    }
  };

  let tail = create();
  const write = (bytes: Uint8Array, offset: number, endsAtMs: number): void => {
    if (failure !== undefined) return;
    if (waitingBytes + bytes.length > MAX_WAITING_BYTES) {
      fail(`the disk is too slow: ${waitingBytes} bytes wait, at most ${MAX_WAITING_BYTES} may`);
      return;
    }
    waitingBytes += bytes.length;
    const before = tail;
    tail = (async () => {
      await before;
      await writeNow(bytes, offset, endsAtMs);
    })();
  };

  write(head, 0, 0);
  return {
    append(bytes, endsAtMs) {
      const offset = end;
      write(bytes, offset, endsAtMs);
      end += bytes.length;
      return offset;
    },
    rewriteHead: (bytes) => write(bytes, 0, 0),
    async close() {
      await tail;
      try {
        await handle?.close();
      } catch (error) {
        fail(`cannot close ${path}: ${String(error)}`);
      }
    },
    failure: () => failure,
    bytes: () => safe,
    safeUntilMs: () => safeUntilMs,
  };
}
