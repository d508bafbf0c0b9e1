/** Timeline details in words: codes the hub writes are translated, a person's words are left as they are. */
import type { TimelineEntry } from "../../../shared/api/incident.ts";
import { keyFor, type Text, type TextKey } from "../i18n/index.ts";
import { zhCN } from "../i18n/zh-CN.ts";

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
  "incident-released",
  "incident-answered",
  "incident-locked",
  "incident-unlocked",
]);

export function describeDetail(entry: TimelineEntry, text: Text): string {
  const detail = entry.detail ?? "";
  if (entry.type === "incident-closed") return describeClose(detail, text);
  if (entry.type === "incident-pillar-revoked" && detail in zhCN.revocation) {
    return text(`revocation.${detail as keyof typeof zhCN.revocation}`);
  }
  if (entry.type === "incident-escalated" && detail in zhCN.queue.level) {
    return text(`queue.level.${detail as keyof typeof zhCN.queue.level}`);
  }
  if (entry.type === "recording-deleted" && detail in zhCN.recording.because) {
    return text(`recording.because.${detail as keyof typeof zhCN.recording.because}`);
  }
  return WORDS.has(entry.type) ? detail : "";
}

/** The hub writes `disposition` or `disposition: note`. */
function describeClose(detail: string, text: Text): string {
  const [, code = "", rest = ""] = /^([a-z-]+)(?::\s*(.*))?$/s.exec(detail) ?? [];
  if (!(code in zhCN.disposition)) return detail;
  const word = text(`disposition.${code as keyof typeof zhCN.disposition}`);
  return rest ? `${word}：${rest}` : word;
}
