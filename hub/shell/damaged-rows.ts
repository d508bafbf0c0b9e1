/**
 * A row that cannot be read is reported on every desk and in the log: once a minute for each,
 * however often the lists are asked for.
 */
import type { Logger } from "pino";
import { BoundedMap } from "../../shared/bounded-map.ts";
import type { ConsoleFeed } from "./console-feed.ts";
import type { OnDamaged } from "../journal/read/rows.ts";

const EVERY_MS = 60_000;
const MAX_REMEMBERED = 1000;

export interface DamagedRows {
  readonly onDamaged: OnDamaged;
  /** Rows found so far, of those still remembered. */
  readonly count: () => number;
}

export function watchDamagedRows(
  feed: () => Pick<ConsoleFeed, "notify">,
  log: Pick<Logger, "error">,
): DamagedRows {
  const toldAt = new BoundedMap<string, number>(MAX_REMEMBERED);
  return {
    count: () => toldAt.size,
    onDamaged: ({ kind, id, reason }) => {
      const key = `${kind} ${id}`;
      const now = performance.now();
      if (now - (toldAt.get(key) ?? -Infinity) < EVERY_MS) return;
      toldAt.set(key, now);
      log.error(
        { kind, id },
        `the ${kind} ${id} cannot be read and is shown as damaged: ${reason}`,
      );
      feed().notify({ level: "error", code: "row-damaged", detail: key });
    },
  };
}
