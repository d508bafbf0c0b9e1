/**
 * The parts of the hub's core, and what is asked of all of them.
 *
 * The order counts: facts and effects that several parts decide on at one event leave in it.
 */
import { both, nothing, type Decision } from "./decision.ts";
import type { HubEvent } from "./events.ts";
import type { Fact } from "./facts.ts";
import { INCIDENT_PART } from "./incident/part.ts";
import { OUTSIDE_PART } from "./outside/part.ts";
import type { Deciders, Saying } from "./part.ts";
import { PEOPLE_PART } from "./people/part.ts";
import { PILLAR_PART } from "./pillar/part.ts";
import { RECORDING_PART } from "./recording/part.ts";
import type { HubSettings, HubState } from "./state/hub-state.ts";
import { silence } from "./state/heard-state.ts";

const ALL = [
  INCIDENT_PART,
  OUTSIDE_PART,
  // Behind the incidents, because it charges what joins one to that incident's pillar.
  PILLAR_PART,
  RECORDING_PART,
  PEOPLE_PART,
] as const;

type Every<Union> = Union extends { readonly says: infer Says } ? keyof Says : never;
type Decided<Union> = Union extends { readonly decide: infer Decides } ? keyof Decides : never;
/** Heard, and nothing is decided on them. */
type HeardOnly = `console-${string}` | "pillar-disconnected";

/** Each fact is of one part, and each event but those is decided: these compile only then. */
type Whole<Missing extends never> = Missing;
export type EveryFactIsOfAPart = Whole<Exclude<Fact["type"], Every<(typeof ALL)[number]>>>;
export type EveryEventIsDecided = Whole<
  Exclude<HubEvent["type"], Decided<(typeof ALL)[number]> | HeardOnly>
>;

/** What can be asked of any part. */
interface AnyPart {
  readonly name: string;
  initial(): object;
  evolve(state: HubState, fact: Fact, index: number): void;
  readonly decide: Deciders;
  save(state: HubState): unknown;
  load(state: HubState, saved: never): void;
  readonly says: object;
}

export const PARTS: readonly AnyPart[] = ALL;

export const newState = (settings: HubSettings): HubState =>
  ({
    settings,
    ...Object.assign({}, ...PARTS.map((part) => part.initial())),
    heard: silence(),
  }) as HubState;

/** Reads the state and changes nothing. */
export function decide(state: HubState, event: HubEvent): Decision {
  const decisions = PARTS.flatMap(({ decide: by }) => {
    const decideIt = by[event.type] as ((of: HubState, on: HubEvent) => Decision) | undefined;
    return decideIt ? [decideIt(state, event)] : [];
  });
  const [only = nothing] = decisions;
  return decisions.length > 1 ? both(...decisions) : only;
}

const SAYINGS = Object.assign({}, ...PARTS.map(({ says }) => says)) as Record<
  Fact["type"],
  Saying<Fact>
>;

/** Undefined for a fact that a newer hub wrote, and this one does not know. */
export const sayingOf = ({ type }: Fact): Saying<Fact> | undefined =>
  Object.hasOwn(SAYINGS, type) ? SAYINGS[type] : undefined;
