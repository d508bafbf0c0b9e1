/**
 * Everything the hub's core knows.
 *
 * The maps are owned by the fold: `evolve` changes them in place and nothing else does, because a
 * copy of ten thousand entries at every fact would cost more than the fsync. Records inside are
 * immutable, so a record taken out stays as it was. `heard` is not folded from facts: it is what
 * was received lately, and a restart begins it anew.
 */
import type { AreaTree } from "../../../shared/access/areas.ts";
import type { EscalationSettings } from "../incident/escalation.ts";
import type { PrioritySettings } from "../incident/priority-settings.ts";
import type { Slices } from "../kinds.ts";
import type { Heard } from "./heard-state.ts";

/** Closed incidents that can be opened again; older ones are history. */
export const MAX_CLOSED = 1000;

export interface HubSettings {
  readonly escalation: EscalationSettings;
  readonly priority: PrioritySettings;
  /** Past this many open incidents new ones still open, but without a recording. */
  readonly maxOpen: number;
  /** Each carries the pillars that `mediaOf` gives it. */
  readonly mediaProcesses: number;
  /** Without it every pillar lies in the whole alone. */
  readonly areas?: AreaTree;
}

export interface HubState extends Slices {
  readonly settings: HubSettings;
  readonly heard: Heard;
}
