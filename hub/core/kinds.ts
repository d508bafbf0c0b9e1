/**
 * Of each part its types: facts, events that it decides, and its slice of the state. A new part is
 * one line here and one in `parts.ts`.
 */
import type { IncidentKinds } from "./incident/kinds.ts";
import type { OutsideKinds } from "./outside/kinds.ts";
import type { PeopleKinds } from "./people/kinds.ts";
import type { PillarKinds } from "./pillar/kinds.ts";
import type { RecordingKinds } from "./recording/kinds.ts";

interface KindsByPart {
  readonly incident: IncidentKinds;
  readonly outside: OutsideKinds;
  readonly people: PeopleKinds;
  readonly pillar: PillarKinds;
  readonly recording: RecordingKinds;
}

export type Kinds = KindsByPart[keyof KindsByPart];

/** All slices in one. */
export type Slices = Merged<Kinds["slice"]>;

type Merged<Union> = (Union extends unknown ? (each: Union) => void : never) extends (
  all: infer All,
) => void
  ? All
  : never;
