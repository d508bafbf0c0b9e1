/**
 * Only the agent's own account may read what the pillar keeps: directories 0700, files 0600.
 *
 * The ledger's database and its side files are made by a library that asks for 0644, so the
 * process's mask decides, not each call. What an older start left wider is narrowed at the next
 * one.
 */
import { chmodSync, lstatSync, readdirSync } from "node:fs";
import { join } from "node:path";

const MASK = 0o077;
/** Looked at in one go: a pillar keeps a few dozen files. */
const MAX_LOOKED_AT = 10_000;
const MAX_NAMED = 3;

/**
 * For everything this process makes from now on, and its
 * children. Not for threads: call it in the main one.
 */
export function makePrivateFiles(): void {
  process.umask(MASK);
}

interface Entry {
  readonly path: string;
  readonly mode: number;
  readonly isDirectory: boolean;
}

function entry(path: string): Entry | undefined {
  try {
    const found = lstatSync(path);
    // What a link points to is not ours to change.
    if (!found.isFile() && !found.isDirectory()) return undefined;
    return { path, mode: found.mode & 0o777, isDirectory: found.isDirectory() };
  } catch {
    // Gone meanwhile: a side file of a database, for example.
    return undefined;
  }
}

function entriesOf(directory: string): Entry[] {
  try {
    return readdirSync(directory).flatMap((name) => entry(join(directory, name)) ?? []);
  } catch {
    // Gone meanwhile, or not ours: its own mode has been looked at.
    return [];
  }
}

const isWide = ({ mode }: Entry): boolean => (mode & MASK) !== 0;

/** Narrows `directory` and what lies in it. Returns what could not be narrowed. */
export function narrow(directory: string): readonly string[] {
  const failed: string[] = [];
  const change = (one: Entry): void => {
    try {
      chmodSync(one.path, one.mode & 0o700);
    } catch (error) {
      failed.push(`${one.path}: ${String(error)}`);
    }
  };
  const top = entry(directory);
  if (!top) return [];
  if (isWide(top)) change(top);
  const waiting = entriesOf(directory);
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    if (isWide(next)) change(next);
    if (next.isDirectory) waiting.push(...entriesOf(next.path));
  }
  return failed;
}

export interface Wide {
  readonly count: number;
  /** The first few. */
  readonly named: readonly string[];
}

/** What others can read or list, at any depth. Changes nothing. */
export function findWide(directory: string): Wide {
  const wide: string[] = [];
  let left = MAX_LOOKED_AT;
  const waiting = [entry(directory)];
  for (let next = waiting.pop(); next !== undefined && left > 0; next = waiting.pop()) {
    left -= 1;
    if (isWide(next)) wide.push(next.path);
    if (next.isDirectory) waiting.push(...entriesOf(next.path));
  }
  return { count: wide.length, named: wide.slice(0, MAX_NAMED) };
}
