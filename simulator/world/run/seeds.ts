/**
 * Many seeds on several cores, answered in the order of the seeds.
 *
 * The combined hash is taken over the seeds in order, so
 * that it does not depend on which worker was quicker.
 */
import { Worker } from "node:worker_threads";
import { hashText } from "../chance.ts";
import { addCounts } from "./coverage.ts";
import type { Verdict } from "./report.ts";
import type { SeedRequest } from "./seed-thread.ts";

export interface Sum {
  readonly seeds: number;
  readonly presses: number;
  readonly violations: number;
  readonly hash: string;
  readonly coverage: ReadonlyMap<string, number>;
}

export interface SeedRange {
  readonly from: number;
  readonly count: number;
  readonly jobs: number;
  readonly request: (seed: number) => SeedRequest;
  /** In the order of the seeds; `false` stops the run. */
  readonly onVerdict: (verdict: Verdict) => boolean;
}

export async function judgeSeeds(range: SeedRange): Promise<Sum> {
  const sum = { seeds: 0, presses: 0, violations: 0, hash: 0, coverage: new Map<string, number>() };
  const early = new Map<number, Verdict>();
  const last = range.from + range.count - 1;
  let nextSeed = range.from;
  let nextTold = range.from;
  let isStopped = false;
  const tell = (verdict: Verdict): void => {
    early.set(verdict.seed, verdict);
    for (let one = early.get(nextTold); one && !isStopped; one = early.get(nextTold)) {
      early.delete(nextTold);
      nextTold += 1;
      sum.seeds += 1;
      sum.presses += one.presses;
      sum.violations += one.violations.length;
      sum.hash = hashText(`${sum.hash} ${one.seed} ${one.hash}`);
      addCounts(sum.coverage, one.coverage);
      if (!range.onVerdict(one)) isStopped = true;
    }
  };
  const work = (): Promise<void> =>
    new Promise((resolve, reject) => {
      const worker = new Worker(new URL("./seed-thread.ts", import.meta.url));
      const feed = (): void => {
        if (isStopped || nextSeed > last) {
          void worker.terminate().then(() => resolve());
          return;
        }
        worker.postMessage(range.request(nextSeed));
        nextSeed += 1;
      };
      worker.on("message", (verdict: Verdict) => {
        tell(verdict);
        feed();
      });
      worker.on("error", reject);
      feed();
    });
  await Promise.all(Array.from({ length: Math.min(range.jobs, range.count) }, work));
  return { ...sum, hash: sum.hash.toString(16).padStart(8, "0") };
}
