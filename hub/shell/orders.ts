/**
 * Operators' orders: decided once, answered after the commit.
 *
 * A console that lost its connection repeats an order
 * under the same key and gets the first outcome.
 */
import type { IncidentId } from "../../shared/ids.ts";
import type { HubEvent } from "../core/events.ts";
import type { HubState } from "../core/state/hub-state.ts";
import { newId } from "./identifier.ts";
import { toIncident } from "../journal/read/api-shape.ts";
import type { Settled } from "../core/decision.ts";
import { createOnce } from "./idempotency.ts";
import type { HubCommands, Outcome } from "../ports.ts";

export interface OrdersOptions {
  readonly state: () => HubState;
  readonly take: (event: HubEvent) => Promise<Settled>;
}

export function createOrders(options: OrdersOptions): HubCommands["order"] {
  const once = createOnce<Outcome>();
  return (incidentId, order, ...[by, idempotencyKey]) => {
    const event: HubEvent = {
      type: "operator-order",
      at: Date.now(),
      incidentId,
      order,
      by: by.username,
      byName: by.displayName,
      role: by.role,
      scope: by.scope,
      newRecordingId: newId(),
    };
    const what = `${order.name} ${incidentId}`;
    return once({ by: by.username, what, key: idempotencyKey }, () =>
      decide(options, event, incidentId),
    );
  };
}

async function decide(
  options: OrdersOptions,
  event: HubEvent,
  incidentId: IncidentId,
): Promise<Outcome> {
  let settled: Settled;
  const taken = options.take(event);
  // Read at once: what this order made of the incident, not what the next one will.
  const state = options.state();
  const record = state.incidents.get(incidentId) ?? state.closed.get(incidentId);
  try {
    settled = await taken;
  } catch (error) {
    return { ok: false, code: "unavailable", detail: `nothing can be recorded: ${String(error)}` };
  }
  const refusal = settled.effects.find((effect) => effect.type === "refuse");
  if (refusal) {
    const { code, detail, by } = refusal;
    return { ok: false, code, detail, ...(by === undefined ? {} : { by }) };
  }
  if (!record) return { ok: false, code: "not-found", detail: `no such incident: ${incidentId}` };
  return { ok: true, incident: toIncident(record, state.pillars.get(record.pillarId)?.name) };
}
