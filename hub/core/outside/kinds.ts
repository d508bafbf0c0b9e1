/** Calls to somebody outside: what became of each try, and which are owed. */
import type { IncidentId } from "../../../shared/ids.ts";
import type { OfIncident } from "../fact-base.ts";
import type { OwedCall } from "../state/owed-call.ts";

/** One try to call somebody outside; `target` is its address. */
export interface OfExternal extends OfIncident {
  readonly ring: number;
  readonly target: string;
  readonly attempt: number;
}
export type OutsideHistory =
  | (OfExternal & { readonly type: "external-delivered" })
  | (OfExternal & { readonly type: "external-failed"; readonly detail: string })
  /** The receiver wants no more (HTTP 410): it is not called again. */
  | (OfExternal & { readonly type: "external-gone" });

export type OutsideEvent =
  /** What became of one call to somebody outside. */
  | {
      readonly type: "external-answered";
      readonly at: number;
      readonly incidentId: IncidentId;
      readonly ring: number;
      readonly target: string;
      readonly outcome: "delivered" | "failed" | "gone";
      readonly detail: string;
    };

export interface OutsideSlice {
  /** Calls to somebody outside that nobody has taken yet. */
  readonly owedCalls: Map<IncidentId, OwedCall>;
  /** Addresses that want no more calls. */
  readonly goneTargets: Set<string>;
}

export interface OutsideKinds {
  readonly fact: OutsideHistory;
  readonly event: OutsideEvent;
  readonly slice: OutsideSlice;
}
