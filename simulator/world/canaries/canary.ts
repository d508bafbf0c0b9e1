/**
 * A canary: a known bug put into one rule of the world, which some checker must find.
 *
 * It is the test of the tests. Where the protocol has a second safeguard that would hide the bug,
 * the canary takes that away as well, and its story says so.
 */
import type { Density } from "../faults/profile.ts";
import { HONEST, type Rules } from "../rules.ts";

export interface Canary {
  readonly name: string;
  readonly story: string;
  /** Where it shows: some bugs need many presses. */
  readonly density?: Density;
  /** Made anew for each run, because a bug may keep state. */
  readonly rules: () => Rules;
  /**
   * A seed that finds it, in the first hours of its day where there is such a seed: a whole day costs
   * ten times as much. With it a test need not search.
   */
  readonly firstSeed: number;
}

export const withRules = (change: Partial<Rules>): Rules => ({ ...HONEST, ...change });

/** The hub never asks for a resend: one line of defence less. */
export const handleWithoutAsking: Rules["handle"] = (state, event, now) => {
  const decision = HONEST.handle(state, event, now);
  if (decision.effects.every(({ type }) => type !== "ask-resend")) return decision;
  return { ...decision, effects: decision.effects.filter(({ type }) => type !== "ask-resend") };
};

/** The pillar sends nothing again to a hub with another database: one line of defence less. */
export const stepWithoutReplay: Rules["step"] = (agent, event) => {
  if (event.type !== "accepted") return HONEST.step(agent, event);
  const { hubEpoch } = event.receipt;
  return HONEST.step({ ...agent, outbox: { ...agent.outbox, hubEpoch } }, event);
};
