/**
 * Which screens change by a fact.
 *
 * An event carries the whole new state of its subject, read after the commit, so several facts
 * about one subject are one event, under the index of the last. Which subjects a fact has, its part
 * says.
 */
import type { Fact } from "../../core/facts.ts";
import { notification, type Subject } from "../../core/part.ts";
import { sayingOf } from "../../core/parts.ts";

export interface NumberedFact {
  readonly index: number;
  readonly fact: Fact;
}

export interface NumberedSubject {
  readonly index: number;
  readonly subject: Subject;
  /** The last one that changed it. */
  readonly fact: Fact;
}

/** Subjects of a run of facts, each once, in the order of their last change. */
export function subjectsOf(facts: readonly NumberedFact[]): readonly NumberedSubject[] {
  const lastByKey = new Map<string, NumberedSubject>();
  for (const { fact, index } of facts) {
    for (const subject of toldBy(fact, index)) {
      const key = keyOf(subject, index);
      lastByKey.delete(key);
      lastByKey.set(key, { index, subject, fact });
    }
  }
  return [...lastByKey.values()];
}

/** Total: an unreadable fact becomes a notification and does not stop the events beside it. */
function toldBy(fact: Fact, index: number): readonly Subject[] {
  try {
    return sayingOf(fact)?.subjects(fact) ?? [];
  } catch {
    return [notification("error", "row-damaged", `fact ${index}`)];
  }
}

function keyOf(subject: Subject, index: number): string {
  if (subject.type === "notification") return `notification ${index}`;
  return subject.type === "hub" ? "hub" : `${subject.type} ${subject.id}`;
}
