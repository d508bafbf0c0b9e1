/**
 * Which screens change by a fact.
 *
 * An event carries the whole new state of its subject, read after the commit, so several facts
 * about one subject are one event, under the index of the last. Live and replayed events come from
 * this one table.
 */
import type { HubNotification, NotificationCode } from "../../../shared/api/event.ts";
import { FOR_THE_RECORD, type Fact } from "../../core/facts.ts";

export type Subject =
  | { readonly type: "incident" | "pillar" | "recording"; readonly id: string }
  | { readonly type: "hub" }
  | { readonly type: "notification"; readonly notification: HubNotification };

export interface NumberedFact {
  readonly index: number;
  readonly fact: Fact;
}

export interface NumberedSubject {
  readonly index: number;
  readonly subject: Subject;
}

/** Subjects of a run of facts, each once, in the order of their last change. */
export function subjectsOf(facts: readonly NumberedFact[]): readonly NumberedSubject[] {
  const lastByKey = new Map<string, NumberedSubject>();
  for (const { fact, index } of facts) {
    for (const subject of toldBy(fact, index)) {
      const key = keyOf(subject, index);
      lastByKey.delete(key);
      lastByKey.set(key, { index, subject });
    }
  }
  return [...lastByKey.values()];
}

/** Total: an unreadable fact becomes a notification and does not stop the events beside it. */
function toldBy(fact: Fact, index: number): readonly Subject[] {
  try {
    return subjects(fact);
  } catch {
    return [notification("error", "row-damaged", `fact ${index}`)];
  }
}

function keyOf(subject: Subject, index: number): string {
  if (subject.type === "notification") return `notification ${index}`;
  return subject.type === "hub" ? "hub" : `${subject.type} ${subject.id}`;
}

function subjects(fact: Fact): readonly Subject[] {
  if (UNSHOWN.has(fact.type)) return [];
  const news = notificationsOf(fact);
  if (fact.type === "hub-fault") return [{ type: "hub" }, ...news];
  if ("recordingId" in fact) return [{ type: "recording", id: fact.recordingId }];
  if ("incidentId" in fact)
    return NOTIFICATION_ONLY.has(fact.type) ? news : [incident(fact), ...news];
  if ("pillarId" in fact) return [pillar(fact), ...news];
  return news;
}

/** They change no screen. */
const UNSHOWN: ReadonlySet<Fact["type"]> = new Set([
  ...FOR_THE_RECORD,
  "recordings-removed",
  "alarm-recorded",
  "external-delivered",
  "view-opened",
  "view-closed",
]);

/** They change no incident's row. */
const NOTIFICATION_ONLY: ReadonlySet<Fact["type"]> = new Set([
  "alarm-equivocation",
  "external-failed",
  "external-gone",
]);

function notificationsOf(fact: Fact): readonly Subject[] {
  switch (fact.type) {
    case "deadline-passed":
      return [notification("warning", fact.type, fact.incidentId)];
    case "incident-released":
      return [notification("warning", fact.type, fact.fromName)];
    case "external-failed":
      return [notification("warning", fact.type, fact.detail)];
    case "external-gone":
      return [notification("error", fact.type, fact.incidentId)];
    case "alarm-equivocation":
      return [notification("error", fact.type, `${fact.pillarId} #${fact.seq}`)];
    case "pillar-revoked":
      return [notification("warning", fact.type, fact.pillarId)];
    case "pillar-cloned":
      return [notification("error", fact.type, fact.pillarId)];
    case "pillar-fault":
      return (fact.code === "ledger-forked" || fact.code === "ledger-lost") && fact.isActive
        ? [notification("error", fact.code, fact.pillarId)]
        : [];
    case "hub-fault":
      // Operators have to know it too, so it is an error: calls are not recorded.
      return fact.isActive
        ? [
            notification(
              fact.code === "recording-stopped" ? "error" : "warning",
              fact.code,
              fact.detail,
            ),
          ]
        : [];
    case "grid-lost":
      return [notification("error", fact.type, `${fact.grid} (${fact.count})`)];
    case "grid-back":
      return [notification("info", fact.type, `${fact.grid} (${fact.count})`)];
    default:
      return [];
  }
}

const pillar = (fact: { readonly pillarId: string }): Subject => ({
  type: "pillar",
  id: fact.pillarId,
});

const incident = (fact: { readonly incidentId: string }): Subject => ({
  type: "incident",
  id: fact.incidentId,
});

const notification = (
  level: HubNotification["level"],
  code: NotificationCode,
  detail: string,
): Subject => ({
  type: "notification",
  notification: { level, code, detail },
});
