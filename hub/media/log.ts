/**
 * Writes the media process's log lines to the hub, bounded: a peer that fails a thousand times a
 * second gets one line.
 */
export type Level = "debug" | "info" | "warn" | "error";
export type Log = (level: Level, text: string) => void;

export const MAX_LINES_PER_SECOND = 50;
export const MAX_LINE_LENGTH = 2000;

/** `now` in milliseconds. What was held back is counted and told with the next line. */
export function limitedLog(write: Log, now: () => number): Log {
  let windowStart = now();
  let lines = 0;
  let heldBack = 0;
  return (level, text) => {
    const at = now();
    if (at - windowStart >= 1000) {
      if (heldBack > 0) write("warn", `${heldBack} log lines held back`);
      windowStart = at;
      lines = 0;
      heldBack = 0;
    }
    lines += 1;
    if (lines > MAX_LINES_PER_SECOND) heldBack += 1;
    else write(level, text.slice(0, MAX_LINE_LENGTH));
  };
}
