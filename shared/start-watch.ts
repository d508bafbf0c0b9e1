/**
 * Whether a program that starts slowly still gets anywhere.
 *
 * A small board under load may take a minute to load a program, and a fixed limit makes sure that it never
 * gets there. So a start is given up when nothing was worked for a while, and after a long time whatever
 * was worked: a program can be busy for ever.
 */

export interface StartLimits {
  /** Without any work of the program for so long. */
  readonly idleMs: number;
  readonly mostMs: number;
}

export interface StartWatch {
  /**
   * Why to give up; undefined to go on waiting. `work` is any number that grows while the program works;
   * undefined where the system does not tell, and only the long limit counts.
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
