/** The receipt of an alarm: where the journal has it, and whether its call is over. */
import type { Receipt } from "../../../shared/protocol/accepted.ts";
import type { HubEpoch, HubRun } from "../../../shared/ids.ts";
import type { HubEffect } from "../events.ts";
import type { Settled } from "../decision.ts";

export interface Issuer {
  readonly hubEpoch: HubEpoch;
  readonly hubRun: HubRun;
}

/**
 * What the hub signs. `effect` is one of `settled`. An alarm that the journal had before names its
 * place there; a new one stands among the facts of this decision.
 */
export function receiptFor(
  effect: Extract<HubEffect, { type: "accept" }>,
  { facts, first }: Settled,
  issuer: Issuer,
): Receipt {
  const { eventId, pillarId, seq, incidentId, isOver, sessionNonce } = effect;
  const offset = facts.findIndex(({ type }) => type === "alarm-recorded");
  const journalIndex = effect.index ?? first + offset;
  return {
    ...{ v: 1, eventId, pillarId, seq, incidentId, isOver, ...issuer, journalIndex },
    ...(sessionNonce && { sessionNonce }),
  };
}
