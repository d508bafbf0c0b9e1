/**
 * Files that are replaced whole: a reader finds the
 * old text or the new one, also after a power cut.
 *
 * The new text goes to a file beside it (`.new`), onto the disk, and then takes the name; the
 * folder is synced, so that the name is on the disk too. One writer at a time for each file.
 */
import { closeSync, fsyncSync, openSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { open, rename, rm } from "node:fs/promises";
import { dirname } from "node:path";

/** In parts when it is too long to be held at once. */
export type Content = string | Iterable<string> | Iterable<Uint8Array>;

export interface WriteOptions {
  /** Permissions; unless given, only the owner reads it. */
  readonly mode?: number;
  /**
   * False: nothing waits for the disk. A reader still finds
   * no half of it, but a power cut may leave it empty.
   */
  readonly isSynced?: boolean;
}

const OWNER_ONLY = 0o600;
const besideOf = (file: string): string => `${file}.new`;

/** Rejects with the system's error; the old file then stands as it was. */
export async function writeWhole(
  file: string,
  content: Content,
  { mode = OWNER_ONLY, isSynced = true }: WriteOptions = {},
): Promise<void> {
  const beside = besideOf(file);
  try {
    const handle = await open(beside, "w", mode);
    try {
      await handle.writeFile(content);
      if (isSynced) await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(beside, file);
  } catch (error) {
    await rm(beside, { force: true });
    throw error;
  }
  if (isSynced) await sync(dirname(file));
}

/**
 * Several at once: all are on the disk before the first takes its name, in the given order. Throws
 * the system's error; until the first name is taken everything stands as it was.
 */
export function writeWholeSync(
  files: readonly (readonly [file: string, text: string])[],
  mode = OWNER_ONLY,
): void {
  try {
    for (const [file, text] of files) writeFileSync(besideOf(file), text, { mode, flush: true });
    for (const [file] of files) renameSync(besideOf(file), file);
  } catch (error) {
    for (const [file] of files) rmSync(besideOf(file), { force: true });
    throw error;
  }
  for (const folder of new Set(files.map(([file]) => dirname(file)))) syncSync(folder);
}

/** What was written to this file, or the names in this folder, are on the disk when it resolves. */
export async function sync(path: string): Promise<void> {
  const handle = await open(path, "r");
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** As `sync`. */
export function syncSync(path: string): void {
  const descriptor = openSync(path, "r");
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}
