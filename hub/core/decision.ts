/** What the core answers to an event: facts for the journal, and orders that wait for them. */
import type { HubEffect } from "./events.ts";
import type { Fact } from "./facts.ts";

export interface Decision {
  readonly facts: readonly Fact[];
  readonly effects: readonly HubEffect[];
}

export const nothing: Decision = { facts: [], effects: [] };

type Refusal = Extract<HubEffect, { type: "refuse" }>;

export function refuse(code: Refusal["code"], detail: string, by?: string | null): Decision {
  return { facts: [], effects: [{ type: "refuse", code, detail, ...(by ? { by } : {}) }] };
}

export function both(...decisions: readonly Decision[]): Decision {
  return {
    facts: decisions.flatMap(({ facts }) => facts),
    effects: decisions.flatMap(({ effects }) => effects),
  };
}
