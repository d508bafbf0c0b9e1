/**
 * Which screens change by a fact.
 *
 * An event carries the whole new state of its subject, read after the commit, so several facts about one
 * subject are one event, under the index of the last. Live and replayed events come from this one table.
 */
import type { Notice } from "../../shared/api/event.ts";
import type { Fact } from "../core/facts.ts";

export type Subject =
  | { readonly type: "incident" | "pillar" | "recording"; readonly id: string }
  | { readonly type: "notice"; readonly notice: Notice };

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
    for (const subject of subjects(fact)) {
      const key = subject.type === "notice" ? `notice ${index}` : `${subject.type} ${subject.id}`;
      lastByKey.delete(key);
      lastByKey.set(key, { index, subject });
    }
  }
  return [...lastByKey.values()];
}

function subjects(fact: Fact): readonly Subject[] {
  switch (fact.type) {
    case "pillar-registered":
    case "pillar-enrolled":
    case "pillar-started":
    case "presence-changed":
    case "pillar-fault":
      return [{ type: "pillar", id: fact.pillarId }];
    case "recording-started":
    case "recording-ended":
      return [{ type: "recording", id: fact.recordingId }];
    case "deadline-passed":
      return [incident(fact), notice("warning", "deadline-passed", fact.incidentId)];
    case "alarm-equivocation":
      return [notice("error", "alarm-equivocation", `${fact.pillarId} #${fact.seq}`)];
    case "user-saved":
    case "session-opened":
    case "session-closed":
    case "recording-viewed":
    case "command-sent":
    case "alarm-recorded":
    case "view-opened":
    case "view-closed":
      return [];
    default:
      return [incident(fact)];
  }
}

const incident = (fact: { readonly incidentId: string }): Subject => ({
  type: "incident",
  id: fact.incidentId,
});

const notice = (level: Notice["level"], code: string, detail: string): Subject => ({
  type: "notice",
  notice: { level, code, detail },
});
