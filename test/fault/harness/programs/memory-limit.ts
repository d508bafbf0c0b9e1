/**
 * A control group that holds one process to a little
 * more memory than it has: past it the kernel kills.
 *
 * The one limit: version 1 of control groups, where a process can be moved without its siblings.
 */
import { existsSync, mkdirSync, readFileSync, rmdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const ROOT = "/sys/fs/cgroup/memory";

export interface MemoryLimit {
  /** How often the limit was met. */
  failures(): number;
  /** When the process is gone. */
  remove(): void;
}

/** In words why not, where the kernel or the rights forbid it. */
export function limitMemory(pid: number, moreBytes: number): MemoryLimit | string {
  if (!existsSync(join(ROOT, "memory.limit_in_bytes"))) return "needs a memory control group (v1)";
  const dir = join(ROOT, `anzhu-${pid}`);
  try {
    mkdirSync(dir);
    // What it has already stays counted where it was; this is what it may have beyond.
    writeFileSync(join(dir, "memory.limit_in_bytes"), String(moreBytes));
    writeFileSync(join(dir, "cgroup.procs"), String(pid));
  } catch (error) {
    return `needs a memory control group: ${String(error)}`;
  }
  return {
    failures: () => Number(readFileSync(join(dir, "memory.failcnt"), "utf8")),
    remove: () => rmdirSync(dir),
  };
}
