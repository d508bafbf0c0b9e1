/**
 * Facts and their details in the reader's language;
 * what a person or a machine wrote is left as it is.
 */
import { assertNever } from "../../../shared/assert.ts";
import type { IncidentDetail } from "../../../shared/api/timeline.ts";
import { formatClock, formatWait } from "../desk/queue/wait.ts";
import { keyFor, type Text, type TextKey } from "../i18n/index.ts";

/** The fact in words; some facts mean two things, told apart by their detail. */
export function describeFact(type: string, detail: IncidentDetail | null): TextKey {
  if (detail?.kind === "hold" && !detail.isHeld) return "timeline.resumed";
  if (type === "incident-answered" && detail) return "timeline.takenOver";
  if (detail?.kind === "view" && detail.role === "talk") {
    return type === "view-opened" ? "timeline.talk-opened" : "timeline.talk-closed";
  }
  return keyFor("timeline", type, "timeline.other");
}

export interface Described {
  /** Words of the console, in the reader's language. */
  readonly phrase: string;
  /** As somebody outside wrote it: shown through `UserText`. */
  readonly quoted: string;
}

const said = (phrase: string, quoted = ""): Described => ({ phrase, quoted });

/** Both are empty where the name of the fact says everything. */
export function describeDetail(detail: IncidentDetail, text: Text): Described {
  switch (detail.kind) {
    case "typed":
    case "note":
      return said("", detail.text);
    case "unit":
      return said("", detail.unit);
    case "lock":
      return said("", detail.reason);
    case "from-person":
      return said(text("detail.from-person"), detail.name);
    case "to-person":
      return said(text("detail.to-person"), detail.name);
    case "receiver":
      return said(text("detail.receiver", { host: detail.host }), detail.failure ?? "");
    case "priority":
      return describePriority(detail, text);
    case "close":
      return said(text(`disposition.${detail.disposition}`), detail.note);
    case "hold":
    case "view":
    case "recording":
      return said("");
    default:
      return said(phraseOf(detail, text));
  }
}

type CodedKind =
  | "alarm"
  | "same-number"
  | "due"
  | "overdue"
  | "escalation"
  | "revocation"
  | "recording-end"
  | "deletion";

/** For details that hold only codes and numbers. */
function phraseOf(detail: Extract<IncidentDetail, { kind: CodedKind }>, text: Text): string {
  switch (detail.kind) {
    case "alarm": {
      const kind = text(`kind.${detail.alarm}`);
      return text("detail.alarm", { kind, seq: detail.seq, via: detail.via.toUpperCase() });
    }
    case "same-number":
      return text("detail.same-number", { seq: detail.seq });
    case "due": {
      const reason = text(`deadlineReason.${detail.reason}`);
      return text("detail.due", { time: formatClock(Date.parse(detail.at)), reason });
    }
    case "overdue":
      return text(`deadlineReason.${detail.reason}`);
    case "escalation":
      return text(`queue.level.${detail.level}`);
    case "revocation":
      return text(`revocation.${detail.reason}`);
    case "recording-end":
      return describeEnd(detail, text);
    case "deletion":
      return text(`recording.because.${detail.reason}`);
    default:
      return assertNever(detail);
  }
}

function describePriority(
  { priority, reason }: Extract<IncidentDetail, { kind: "priority" }>,
  text: Text,
): Described {
  const level = text(`priority.p${priority}`);
  if (reason.kind === "person") return said(level, reason.reason);
  return said(text("detail.priority", { level, rule: text(`priorityRule.${reason.rule}`) }));
}

function describeEnd(
  { state, durationMs, gaps }: Extract<IncidentDetail, { kind: "recording-end" }>,
  text: Text,
): string {
  const values = { state: text(`recordingState.${state}`), length: formatWait(durationMs) };
  return gaps === null || gaps.count === 0
    ? text("detail.recording-end", values)
    : text("detail.recording-end-gaps", { ...values, count: gaps.count });
}
