/**
 * A program's output in a file of bounded size: when
 * it is full, it becomes `.1` and a new one begins.
 */
import { closeSync, fstatSync, mkdirSync, openSync, renameSync, writeSync } from "node:fs";
import { dirname } from "node:path";

const MAX_LOG_BYTES = 5 * 1024 * 1024;

export interface LogFile {
  readonly path: string;
  write(text: string | Uint8Array): void;
  close(): void;
}

export function openLog(path: string, maxBytes = MAX_LOG_BYTES): LogFile {
  mkdirSync(dirname(path), { recursive: true });
  let file: number | undefined = openSync(path, "a");
  let size = fstatSync(file).size;
  return {
    path,
    write(text) {
      if (file === undefined) return;
      if (size >= maxBytes) {
        closeSync(file);
        renameSync(path, `${path}.1`);
        file = openSync(path, "a");
        size = 0;
      }
      size += writeSync(file, typeof text === "string" ? Buffer.from(text) : text);
    },
    close() {
      if (file !== undefined) closeSync(file);
      file = undefined;
    },
  };
}
