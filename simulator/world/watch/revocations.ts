/** Which pillars are revoked, by the facts on the hub's disk and by nothing else. */
import type { Fact } from "../../../hub/core/facts.ts";
import type { PillarId } from "../../../shared/ids.ts";

export interface Revocations {
  has(pillar: PillarId): boolean;
  /** `first`: journal index of the first of them. */
  durable(facts: readonly Fact[], first: number): void;
  /** An older copy of the journal was put back: `kept` facts are left. */
  setBack(kept: number): void;
}

interface Change {
  readonly index: number;
  readonly isRevoked: boolean;
}

export function newRevocations(): Revocations {
  const changes = new Map<PillarId, Change[]>();
  return {
    has: (pillar) => changes.get(pillar)?.at(-1)?.isRevoked ?? false,
    durable: (facts, first) => {
      for (const [offset, fact] of facts.entries()) {
        if (fact.type !== "pillar-revoked" && fact.type !== "pillar-enrolled") continue;
        const known = changes.get(fact.pillarId) ?? [];
        known.push({ index: first + offset, isRevoked: fact.type === "pillar-revoked" });
        changes.set(fact.pillarId, known);
      }
    },
    setBack: (kept) => {
      for (const [pillar, known] of changes) {
        changes.set(
          pillar,
          known.filter(({ index }) => index <= kept),
        );
      }
    },
  };
}
