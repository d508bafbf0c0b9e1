/**
 * A log that a flood of strangers cannot fill: one line per cause and time, with the number left out.
 */
import type { Logger } from "pino";

const EVERY_MS = 10_000;
const MAX_CAUSES = 1000;

export interface Refused {
  /** Lines with the same cause are sampled together. */
  readonly cause: string;
  readonly text: string;
  readonly fields: Readonly<Record<string, unknown>>;
}

export type SampledLog = (refused: Refused) => void;

export function createSampledLog(log: Logger): SampledLog {
  const seenByCause = new Map<string, { at: number; leftOut: number }>();
  return ({ cause, text, fields }) => {
    const now = performance.now();
    const seen = seenByCause.get(cause);
    if (seen && now - seen.at < EVERY_MS) {
      seen.leftOut += 1;
      return;
    }
    seenByCause.delete(cause);
    for (const oldest of seenByCause.keys()) {
      if (seenByCause.size < MAX_CAUSES) break;
      seenByCause.delete(oldest);
    }
    seenByCause.set(cause, { at: now, leftOut: 0 });
    const leftOut = seen?.leftOut ?? 0;
    const more = leftOut > 0 ? ` (and ${leftOut} more like this)` : "";
    log.warn({ ...fields, leftOut }, `${text}${more}`);
  };
}
