/**
 * Whether a program that is still starting gets on: a busy machine makes it slow, not dead.
 *
 * The one idea: a process that uses the processor or prints something makes progress; only one that
 * has done neither for a while is given up, however long it took until then.
 */
import { readFileSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";

const LOOK_EVERY_MS = 150;
/** A sleeping process wakes for its own timers; less than this in a while is no work. */
const LEAST_TICKS = 5;

export interface ProgressSource {
  /** Undefined while there is no process, for example between two attempts to start it. */
  readonly pid: () => number | undefined;
  /** Lines it has printed so far. */
  readonly lines: () => number;
  readonly isReady: () => Promise<boolean>;
  /** It ended and nobody starts it again. */
  readonly isGivenUp?: () => boolean;
  /** Without any progress for so long, it is given up. */
  readonly patienceMs: number;
  /** Called about every `tellEveryMs` while it is not ready. */
  readonly onWait?: (waitedMs: number) => void;
  readonly tellEveryMs?: number;
}

/** True when it is ready; false when it was given up. */
export async function readyWhileProgressing(source: ProgressSource): Promise<boolean> {
  const { patienceMs, onWait, tellEveryMs = 10_000 } = source;
  const startedAt = performance.now();
  let progressAt = startedAt;
  let toldAt = startedAt;
  let seen = look(source);
  for (;;) {
    if (await source.isReady().catch(() => false)) return true;
    if (source.isGivenUp?.()) return false;
    const now = performance.now();
    const next = look(source);
    if (isProgress(seen, next)) {
      seen = next;
      progressAt = now;
    }
    if (now - progressAt > patienceMs) return false;
    if (now - toldAt > tellEveryMs) {
      toldAt = now;
      onWait?.(now - startedAt);
    }
    await delay(LOOK_EVERY_MS);
  }
}

interface Look {
  readonly pid: number | undefined;
  readonly ticks: number;
  readonly lines: number;
}

const look = ({ pid, lines }: ProgressSource): Look => {
  const id = pid();
  return { pid: id, ticks: id === undefined ? 0 : ticksOf(id), lines: lines() };
};

const isProgress = (before: Look, now: Look): boolean =>
  now.pid !== before.pid || now.lines > before.lines || now.ticks >= before.ticks + LEAST_TICKS;

/**
 * Processor time of all its threads, in clock ticks (proc_pid_stat(5),
 * fields 14 and 15); 0 when it is gone.
 */
function ticksOf(pid: number): number {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    return Number(fields[11]) + Number(fields[12]);
  } catch {
    return 0;
  }
}
