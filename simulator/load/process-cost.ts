/** What a running process has cost so far, from /proc: its own threads, without its children. */
import { readFileSync } from "node:fs";

export interface Cost {
  /** User and system time of all threads. */
  readonly cpuSeconds: number;
  readonly residentKib: number;
  /** The most that was ever resident. */
  readonly peakKib: number;
}

/** Clock ticks a second on every Linux Node runs on (USER_HZ). */
const TICKS = 100;
/**
 * Fields of /proc/PID/stat after the name in brackets:
 * utime and stime are numbers 14 and 15 of all.
 */
const UTIME = 11;

/** Throws when there is no such process. */
export function costOf(pid: number): Cost {
  const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  const status = readFileSync(`/proc/${pid}/status`, "utf8");
  return {
    cpuSeconds: (Number(fields[UTIME]) + Number(fields[UTIME + 1])) / TICKS,
    residentKib: kib(status, "VmRSS"),
    peakKib: kib(status, "VmHWM"),
  };
}

function kib(status: string, name: string): number {
  return Number(new RegExp(`^${name}:\\s+(\\d+) kB$`, "m").exec(status)?.[1] ?? Number.NaN);
}
