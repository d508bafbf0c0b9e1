/**
 * The hub's core: an event in, facts and effects out.
 *
 * Its parts (`parts.ts`) decide and fold; `handle` does both in the order every caller needs. No
 * clock, no random numbers, no input or output: the shell of a real hub and the simulated world run
 * this same code.
 */
import { both, nothing, type Decision } from "./decision.ts";
import type { HubEvent } from "./events.ts";
import type { Fact } from "./facts.ts";
import { hear, noteEffect, noteFact } from "./hear.ts";
import { decide, PARTS } from "./parts.ts";
import { noteTick } from "./pillar/due-pillars.ts";
import { expelReplaced } from "./pillar/revocation.ts";
import type { HubState } from "./state/hub-state.ts";

export interface Now {
  /** From a clock nobody can set, which counts from anywhere. */
  readonly monotonicMs: number;
  /** The journal index the first new fact will get. */
  readonly nextIndex: number;
}

/** Hears, decides and folds. */
export function handle(state: HubState, event: HubEvent, now: Now): Decision {
  hear(state, event, now.monotonicMs);
  const decision = decide(state, event);
  for (const [offset, fact] of decision.facts.entries()) {
    evolve(state, fact, now.nextIndex + offset);
    noteFact(state.heard, fact);
  }
  if (event.type === "tick") noteTick(state.heard, decision.facts);
  for (const effect of decision.effects) noteEffect(state, effect, event.at);
  return decision;
}

/**
 * Facts that need no decision, folded. A pillar whose identity one of them replaces is expelled.
 */
export function handleFacts(state: HubState, given: readonly Fact[], nextIndex: number): Decision {
  const replaced = both(
    ...given.map((fact) =>
      fact.type === "pillar-enrolled" ? expelReplaced(state, fact) : nothing,
    ),
  );
  const { effects } = replaced;
  const facts = [...given, ...replaced.facts];
  for (const [offset, fact] of facts.entries()) {
    evolve(state, fact, nextIndex + offset);
    noteFact(state.heard, fact);
  }
  for (const effect of effects) noteEffect(state, effect, facts[0]?.at ?? 0);
  return { facts, effects };
}

/** Folds one fact. The maps of `state` change in place; the records in them never do. */
export function evolve(state: HubState, fact: Fact, index: number): HubState {
  for (const part of PARTS) part.evolve(state, fact, index);
  return state;
}

/** A promise that is checked after every event: an open incident has an owner or a deadline. */
export function unattended(state: HubState): readonly string[] {
  return [...state.incidents.values()]
    .filter(({ owner, state: phase, deadline }) => !(phase !== "open" && owner) && !deadline)
    .map(({ id }) => id);
}
