/**
 * What another process has worked so far: ticks of the
 * processor and pages read from the disk (proc(5)).
 */
import { readFileSync } from "node:fs";

/** Undefined where there is no /proc, or no such process. */
export function workOf(pid: number | undefined): number | undefined {
  if (pid === undefined) return undefined;
  let stat: string;
  try {
    stat = readFileSync(`/proc/${pid}/stat`, "utf8");
  } catch (error) {
    if (error instanceof Error && "code" in error) return undefined;
    throw error;
  }
  // After the name, which may hold spaces: state is the first field, majflt the 10th, utime and
  // stime the 12th and 13th.
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return Number(fields[9]) + Number(fields[11]) + Number(fields[12]);
}
