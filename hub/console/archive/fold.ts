/** Which lines of an incident's timeline are shown, and how often each happened in succession. */
import type { TimelineEntry } from "../../../shared/api/timeline.ts";

/**
 * Bookkeeping of the hub that tells an operator nothing: the press is already there as "opened".
 */
const HIDDEN = new Set(["alarm-recorded", "deadline-set"]);
/** Who watched and who talked when: for the record, not for the desk. */
const RECORD_ONLY = new Set(["view-opened", "view-closed"]);

function isWorthShowing(entry: TimelineEntry, isRecord: boolean): boolean {
  return !HIDDEN.has(entry.type) && (isRecord || !RECORD_ONLY.has(entry.type));
}

export interface Line {
  readonly entry: TimelineEntry;
  /** How often it happened in succession. */
  readonly times: number;
}

/** An unanswered incident escalates again and again: one line, with the number. */
export function foldLines(entries: readonly TimelineEntry[], isRecord: boolean): Line[] {
  const lines: Line[] = [];
  for (const entry of entries) {
    if (!isWorthShowing(entry, isRecord)) continue;
    const last = lines.at(-1);
    const wasPassed = last?.entry.type === "deadline-passed";
    const isAgain = entry.type === "deadline-passed" && wasPassed;
    // Who was called tells more than that a deadline has passed.
    if (entry.type === "incident-escalated" && wasPassed) {
      if (last.times > 1) lines[lines.length - 1] = { entry: last.entry, times: last.times - 1 };
      else lines.pop();
      lines.push({ entry, times: 1 });
    } else if (isAgain) lines[lines.length - 1] = { entry: last.entry, times: last.times + 1 };
    else lines.push({ entry, times: 1 });
  }
  return lines;
}
