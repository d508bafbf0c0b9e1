/** Calls to somebody outside, while nobody inside takes an incident. */
import type { IncidentId } from "../../../shared/ids.ts";
import type { Part } from "../part.ts";
import type { OwedCall } from "../state/owed-call.ts";
import type { OutsideHistory, OutsideSlice } from "./kinds.ts";
import { decideAnswered, decideCalls, evolveOwed } from "./outside-call.ts";
import { OUTSIDE_SAYINGS } from "./sayings.ts";

interface Saved {
  readonly owedCalls: readonly (readonly [IncidentId, OwedCall])[];
  readonly goneTargets: readonly string[];
}

export const OUTSIDE_PART = {
  name: "outside",
  initial: () => ({ owedCalls: new Map(), goneTargets: new Set() }),
  evolve: evolveOwed,
  decide: { "external-answered": decideAnswered, tick: decideCalls },
  save: ({ owedCalls, goneTargets }) => ({
    owedCalls: [...owedCalls],
    goneTargets: [...goneTargets],
  }),
  load: (slice, { owedCalls, goneTargets }) => {
    for (const [incidentId, call] of owedCalls) slice.owedCalls.set(incidentId, call);
    for (const target of goneTargets) slice.goneTargets.add(target);
  },
  says: OUTSIDE_SAYINGS,
} as const satisfies Part<OutsideSlice, OutsideHistory, Saved>;
