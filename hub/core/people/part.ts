/** What people did and saw: kept for the record, and nothing follows from it. */
import type { Part } from "../part.ts";
import type { PeopleHistory } from "./kinds.ts";
import { PEOPLE_SAYINGS } from "./sayings.ts";

export const PEOPLE_PART = {
  name: "people",
  initial: () => ({}),
  evolve: () => undefined,
  decide: {},
  save: () => null,
  load: () => undefined,
  says: PEOPLE_SAYINGS,
} as const satisfies Part<object, PeopleHistory, null>;
