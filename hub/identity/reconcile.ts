/**
 * The journal and the register of identities, compared: what each of them lacks.
 *
 * The journal decides. A fact is written there first and into the register after it, so a register
 * that ends earlier was overtaken by a crash or a full disk. A register that ends with facts the
 * journal has never had stands beside a journal that was put back from a backup: those facts were
 * true, and the journal gets them again.
 */
import type { IdentityFact } from "../core/facts.ts";

export interface Lacking {
  /** What the journal lacks, oldest first. */
  readonly journal: readonly IdentityFact[];
  /**
   * What the register is to hold of this pillar, when it holds something else; otherwise nothing.
   */
  readonly register: readonly IdentityFact[];
}

/**
 * One pillar's facts, oldest first: all of the journal, and of the register at least the latest
 * enrolment and what follows.
 */
export function reconcile(
  journal: readonly IdentityFact[],
  register: readonly IdentityFact[],
): Lacking {
  const known = new Set(journal.map(nameOf));
  const newest = register.findLastIndex((fact) => known.has(nameOf(fact)));
  const added = register.slice(newest + 1);
  // For a pillar that is unknown to the journal, nothing counts before its registration.
  const first =
    journal.length > 0 ? 0 : added.findIndex(({ type }) => type === "pillar-registered");
  const forgotten = first < 0 ? [] : added.slice(first);
  const needed = [...journal, ...forgotten].reduce<readonly IdentityFact[]>(sinceEnrolment, []);
  const isKept =
    needed.length === register.length &&
    needed.every((fact, i) => nameOf(fact) === nameOf(register[i] as IdentityFact));
  return { journal: forgotten, register: isKept ? [] : needed };
}

/** A registration is followed by an enrolment, which ends everything before both. */
export function sinceEnrolment(
  before: readonly IdentityFact[],
  fact: IdentityFact,
): readonly IdentityFact[] {
  if (fact.type !== "pillar-enrolled") return [...before, fact];
  return [...before.slice(-1).filter(({ type }) => type === "pillar-registered"), fact];
}

function nameOf(fact: IdentityFact): string {
  const serial = "certificateSerial" in fact ? fact.certificateSerial : "";
  return `${fact.type} ${fact.at} ${serial}`;
}
