/**
 * Of each part its types: facts, events that it decides, and its slice of the state. A new part is
 * one line here and one in `parts.ts`.
 */
import type { IncidentKinds } from "./incident/kinds.ts";
import type { OutsideKinds } from "./outside/kinds.ts";
import type { PeopleKinds } from "./people/kinds.ts";
import type { PillarKinds } from "./pillar/kinds.ts";
import type { RecordingKinds } from "./recording/kinds.ts";

export type Kinds = IncidentKinds | OutsideKinds | PeopleKinds | PillarKinds | RecordingKinds;

/** All slices in one. */
export type Slices = Merged<Kinds["slice"]>;

type Merged<Union> = (Union extends unknown ? (each: Union) => void : never) extends (
  all: infer All,
) => void
  ? All
  : never;
