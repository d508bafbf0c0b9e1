/** Timeline details in words: codes the hub writes are translated, a person's words are left as they are. */
import type { TimelineEntry } from "../../../shared/api/incident.ts";
import type { Text } from "../i18n/index.ts";
import { zhCN } from "../i18n/zh-CN.ts";

/** Bookkeeping of the hub that tells an operator nothing: the press is already there as "opened". */
const HIDDEN = new Set(["alarm-recorded", "deadline-set"]);

export function isWorthShowing(entry: TimelineEntry): boolean {
  return !HIDDEN.has(entry.type);
}

export function describeDetail(entry: TimelineEntry, text: Text): string {
  const detail = entry.detail ?? "";
  if (entry.type === "incident-closed") return describeClose(detail, text);
  const isWords = entry.type === "incident-noted" || entry.type === "unit-dispatched";
  return isWords || entry.type === "incident-transferred" ? detail : "";
}

/** The hub writes `disposition` or `disposition: note`. */
function describeClose(detail: string, text: Text): string {
  const [, code = "", rest = ""] = /^([a-z-]+)(?::\s*(.*))?$/s.exec(detail) ?? [];
  if (!(code in zhCN.disposition)) return detail;
  const word = text(`disposition.${code as keyof typeof zhCN.disposition}`);
  return rest ? `${word}：${rest}` : word;
}
