/** Timeline details in words: codes the hub writes are translated, a person's words are left as they are. */
import type { TimelineEntry } from "../../../shared/api/incident.ts";
import { keyFor, type Text, type TextKey } from "../i18n/index.ts";
import { zhCN } from "../i18n/zh-CN.ts";

/** Bookkeeping of the hub that tells an operator nothing: the press is already there as "opened". */
const HIDDEN = new Set(["alarm-recorded", "deadline-set"]);
/** Who watched and who talked when: for the record, not for the desk. */
const RECORD_ONLY = new Set(["view-opened", "view-closed"]);

function isWorthShowing(entry: TimelineEntry, isRecord: boolean): boolean {
  return !HIDDEN.has(entry.type) && (isRecord || !RECORD_ONLY.has(entry.type));
}

export interface Line {
  readonly entry: TimelineEntry;
  /** How often it happened in a row. */
  readonly times: number;
}

/** What nobody answers escalates again and again: said once, with how often. */
export function foldLines(entries: readonly TimelineEntry[], isRecord: boolean): Line[] {
  const lines: Line[] = [];
  for (const entry of entries) {
    if (!isWorthShowing(entry, isRecord)) continue;
    const last = lines.at(-1);
    const isAgain = entry.type === "deadline-passed" && last?.entry.type === entry.type;
    if (isAgain && last) lines[lines.length - 1] = { entry: last.entry, times: last.times + 1 };
    else lines.push({ entry, times: 1 });
  }
  return lines;
}

/** The fact in words; some facts mean two things, told apart by their detail. */
export function describeFact(entry: TimelineEntry): TextKey {
  if (entry.type === "incident-held" && entry.detail === "resumed") return "timeline.resumed";
  if (entry.type === "incident-answered" && entry.detail) return "timeline.takenOver";
  if (entry.type === "view-opened" && entry.detail === "talk") return "timeline.talk-opened";
  if (entry.type === "view-closed" && entry.detail === "talk") return "timeline.talk-closed";
  return keyFor("timeline", entry.type, "timeline.other");
}

/** Facts whose detail is a person's words or a person's name. */
const WORDS = new Set([
  "incident-opened",
  "incident-joined",
  "incident-noted",
  "unit-dispatched",
  "incident-transferred",
  "incident-answered",
]);

export function describeDetail(entry: TimelineEntry, text: Text): string {
  const detail = entry.detail ?? "";
  if (entry.type === "incident-closed") return describeClose(detail, text);
  return WORDS.has(entry.type) ? detail : "";
}

/** The hub writes `disposition` or `disposition: note`. */
function describeClose(detail: string, text: Text): string {
  const [, code = "", rest = ""] = /^([a-z-]+)(?::\s*(.*))?$/s.exec(detail) ?? [];
  if (!(code in zhCN.disposition)) return detail;
  const word = text(`disposition.${code as keyof typeof zhCN.disposition}`);
  return rest ? `${word}：${rest}` : word;
}
