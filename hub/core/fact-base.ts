/** What facts have in common. `at`: the hub's wall clock, Unix ms. */
import type { IncidentId, Username } from "../../shared/ids.ts";

export interface At {
  readonly at: number;
}
export interface OfIncident extends At {
  readonly incidentId: IncidentId;
}
/** One try to call somebody outside; `target` is its address. */
export interface OfExternal extends OfIncident {
  readonly ring: number;
  readonly target: string;
  readonly attempt: number;
}
export interface ByOperator extends OfIncident {
  readonly by: Username;
  readonly byName: string;
}
