/** Disks that are full, fail, return wrong results or are slow, for one process only. */
import {
  copyFileSync,
  cpSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readlinkSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Surroundings } from "../programs/process.ts";

const FILL_BYTES = 64 * 1024;

/** Runs the program with `dir` on a small disk of its own, with so much room beside what `dir` held. */
export function smallDisk(dir: string, freeMib: number): Surroundings {
  const copy = `${dir}.before`;
  cpSync(dir, copy, { recursive: true });
  const mib = freeMib + Math.ceil(bytesIn(copy) / 1024 ** 2);
  const mount = `mount -t tmpfs -o size=${mib}m tmpfs "$0" && cp -a "$1"/. "$0"/`;
  return { wrap: ["unshare", "-m", "sh", "-c", `${mount} && shift && exec "$@"`, dir, copy] };
}

const bytesIn = (dir: string): number =>
  readdirSync(dir, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .reduce((sum, { parentPath, name }) => sum + statSync(join(parentPath, name)).size, 0);

/** Runs the program with `dir` read-only. */
export function readOnlyDisk(dir: string): Surroundings {
  const mount = `mount --bind "$0" "$0" && mount -o remount,ro,bind "$0"`;
  return { wrap: ["unshare", "-m", "sh", "-c", `${mount} && exec "$@"`, dir] };
}

/** A path as the process sees it, whatever is mounted for it alone. */
export const seenBy = (pid: number, path: string): string => `/proc/${pid}/root${path}`;

export function hasOwnMounts(pid: number): boolean {
  const mounts = (whose: string): string => readlinkSync(`/proc/${whose}/ns/mnt`);
  return mounts(String(pid)) !== mounts("self");
}

/** Fills the process's disk to the last block; call the result to make room. */
export function fill(pid: number, dir: string): () => void {
  const file = join(seenBy(pid, dir), "filler");
  for (const bytes of [FILL_BYTES, 4096, 1]) {
    try {
      for (;;) writeFileSync(file, Buffer.alloc(bytes), { flag: "a" });
    } catch (error) {
      const isFull = error instanceof Error && "code" in error && error.code === "ENOSPC";
      if (!isFull) throw error;
    }
  }
  return () => rmSync(file);
}

/** A database that may be in use, copied out; give the copy back when it was read. */
export function copyOut(file: string): { readonly file: string; remove(): void } {
  const dir = mkdtempSync(join(tmpdir(), "anzhu-copy-"));
  const copy = join(dir, "copy.db");
  for (const suffix of ["", "-wal"]) {
    if (existsSync(file + suffix)) copyFileSync(file + suffix, copy + suffix);
  }
  return { file: copy, remove: () => rmSync(dir, { recursive: true, force: true }) };
}

/**
 * Every thread's system calls pass here, and some of them fail: `fsync,fdatasync:error=EIO:when=2`.
 * Each thread has its own count. With `database`: only calls on that file and its write-ahead log.
 */
export const injected = (fault: string, database?: string): Surroundings => {
  const [calls = ""] = fault.split(":");
  const trace = ["-e", `trace=${calls}`, "-e", `inject=${fault}`];
  const files = ["", "-wal"].flatMap((suffix) => ["-P", `${database}${suffix}`]);
  const where = database === undefined ? [] : files;
  // The kernel then stops the program at these calls only, which is much cheaper. A signal that is
  // injected never comes (strace 6.1).
  const picked = fault.includes(":signal=") ? [] : ["--seccomp-bpf"];
  return { wrap: ["strace", "-f", ...picked, "-qq", "-o", "/dev/null", ...where, ...trace] };
};
