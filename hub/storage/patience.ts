/**
 * Asks a disk, with a limit on the wait.
 *
 * A failing disk or a network mount can leave a request unanswered for minutes. Each one that hangs
 * holds one of the few threads that serve every file of the program, so there is never a second one
 * beside it.
 */
export interface Patience {
  /**
   * Rejects when the disk fails, when it does not answer
   * in time, and at once while an earlier request hangs.
   */
  ask<T>(work: () => Promise<T>): Promise<T>;
  /** An earlier request still has no answer. */
  isWaiting(): boolean;
}

export function newPatience(mostMs: number): Patience {
  let hanging = false;
  const late = (): Error => new Error(`the disk has not answered for ${mostMs / 1000} s`);
  return {
    isWaiting: () => hanging,
    async ask(work) {
      if (hanging) throw late();
      let timer: NodeJS.Timeout | undefined;
      const answer = work().finally(() => {
        clearTimeout(timer);
        hanging = false;
      });
      const limit = new Promise<never>((_resolve, reject) => {
        timer = setTimeout(() => {
          hanging = true;
          reject(late());
        }, mostMs);
      });
      return Promise.race([answer, limit]);
    },
  };
}
