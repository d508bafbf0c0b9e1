/** What the core answers to an event: facts for the journal, and effects that wait for them. */
import type { HubEffect } from "./events.ts";
import type { Fact } from "./facts.ts";

export interface Decision {
  readonly facts: readonly Fact[];
  readonly effects: readonly HubEffect[];
}

/** A decision whose facts have their place in the journal. */
export interface Settled extends Decision {
  /** Journal index of its first fact. */
  readonly first: number;
}

/**
 * The receipt of the alarm that was decided; without one it is held, and its pillar sends it again.
 */
export const receiptIn = ({ effects }: Decision): Receipt | undefined =>
  effects.find((effect) => effect.type === "accept");

type Receipt = Extract<HubEffect, { type: "accept" }>;

export const nothing: Decision = { facts: [], effects: [] };

type Refusal = Extract<HubEffect, { type: "refuse" }>;

export function refuse(code: Refusal["code"], detail: string, by?: string | null): Decision {
  return { facts: [], effects: [{ type: "refuse", code, detail, ...(by ? { by } : {}) }] };
}

export function both(...decisions: readonly Decision[]): Decision {
  const facts: Fact[] = [];
  const effects: HubEffect[] = [];
  for (const one of decisions) {
    facts.push(...one.facts);
    effects.push(...one.effects);
  }
  return { facts, effects };
}
