/** What facts have in common. `at`: the hub's wall clock, Unix ms. */
import type { IncidentId, Username } from "../../shared/ids.ts";

export interface At {
  readonly at: number;
}
export interface OfIncident extends At {
  readonly incidentId: IncidentId;
}
export interface ByOperator extends OfIncident {
  readonly by: Username;
  readonly byName: string;
}
