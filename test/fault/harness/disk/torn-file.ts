/**
 * A database cut off, or with a bit flipped, near the end of its file or of its write-ahead log.
 */
import {
  copyFileSync,
  existsSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from "node:fs";

export interface Torn {
  readonly cuts: number;
  readonly flips: number;
  readonly complaints: readonly string[];
}

export interface TornFile {
  /** As a dead process left it. */
  readonly whole: string;
  /** Bytes between two places. */
  readonly step: number;
  /** How far from the end. */
  readonly bytes: number;
  /** Opens the copy as the program would at its start; what is wrong with what it gives. */
  look(copy: string): Promise<readonly string[]>;
}

const SUFFIXES = ["", "-wal"] as const;

/** Damages a copy at one place at a time. */
export async function damageEach({ whole, step, bytes, look }: TornFile): Promise<Torn> {
  const complaints: string[] = [];
  let [cuts, flips] = [0, 0];
  const copy = `${whole}.copy`;
  const attempt = async (damage: () => void): Promise<void> => {
    for (const suffix of SUFFIXES) copyFileSync(whole + suffix, copy + suffix);
    damage();
    complaints.push(...(await look(copy)));
    for (const suffix of [...SUFFIXES, "-shm"]) rmSync(copy + suffix, { force: true });
  };
  for (const suffix of SUFFIXES) {
    const { length } = readFileSync(whole + suffix);
    for (let back = 1; back <= Math.min(bytes, length); back += step) {
      const at = length - back;
      await attempt(() => truncateSync(copy + suffix, at));
      await attempt(() => flip(copy + suffix, at));
      cuts += 1;
      flips += 1;
    }
  }
  return { cuts, flips, complaints };
}

/** The write-ahead log is not folded into the file, as `close` would. */
export async function keepAsDead(file: string, close: () => unknown): Promise<void> {
  for (const suffix of SUFFIXES) copyFileSync(file + suffix, `${file}.dead${suffix}`);
  await close();
  for (const suffix of SUFFIXES) {
    if (existsSync(file + suffix)) rmSync(file + suffix);
    copyFileSync(`${file}.dead${suffix}`, file + suffix);
  }
}

function flip(file: string, at: number): void {
  const bytes = readFileSync(file);
  bytes[at] = (bytes[at] ?? 0) ^ (1 << (at % 8));
  writeFileSync(file, bytes);
}
