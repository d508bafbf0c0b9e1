/**
 * When a slow start of a program is given up.
 *
 * A small board under load may take a minute to load a program; with a fixed limit it would never
 * succeed. So a start is given up when the program has done no work for a while, and in any case
 * after a long time, because a program can be busy for ever.
 */

export interface StartLimits {
  /** Given up after so long without any work of the program. */
  readonly idleMs: number;
  readonly mostMs: number;
}

export interface StartWatch {
  /**
   * Why to give up; undefined to go on waiting. `work` is any number that grows while the program
   * works; undefined where the system does not tell, and only the long limit counts.
   */
  look(nowMs: number, work: number | undefined): string | undefined;
}

export function newStartWatch(limits: StartLimits, startedAt: number): StartWatch {
  let seen = 0;
  let workedAt = startedAt;
  return {
    look(nowMs, work) {
      if (work === undefined || work > seen) {
        seen = work ?? seen;
        workedAt = nowMs;
      }
      if (nowMs - startedAt >= limits.mostMs) return `not ready after ${limits.mostMs} ms`;
      return nowMs - workedAt >= limits.idleMs
        ? `not ready, and has done nothing for ${limits.idleMs} ms`
        : undefined;
    },
  };
}
