/** A supervisor's order that an incident's recordings are kept, or may go again. */
import type { IncidentId, PillarId } from "../../shared/ids.ts";
import type { HubState } from "../core/state/hub-state.ts";
import type { HubEvent } from "../core/events.ts";
import { toIncident } from "../journal/read/api-shape.ts";
import type { Reads } from "../journal/read/reads.ts";
import type { Settled } from "../core/decision.ts";
import { createOnce } from "../shell/idempotency.ts";
import type { HubCommands, Outcome } from "../ports.ts";

export interface LocksOptions {
  readonly state: () => HubState;
  readonly reads: Pick<Reads, "incident">;
  readonly take: (event: HubEvent) => Promise<Settled>;
}

export function createLocks(options: LocksOptions): HubCommands["lock"] {
  const once = createOnce<Outcome>();
  return (incidentId, { isLocked, reason }, ...[by, idempotencyKey]) => {
    const what = `${isLocked ? "lock" : "unlock"} ${incidentId}`;
    return once({ by: by.username, what, key: idempotencyKey }, async () => {
      const atPillar =
        pillarOf(options.state(), incidentId) ??
        (await options.reads.incident(incidentId))?.pillarId ??
        null;
      return await decide(options, {
        type: "lock-order",
        at: Date.now(),
        incidentId,
        isLocked,
        reason,
        by: by.username,
        byName: by.displayName,
        role: by.role,
        scope: by.scope,
        atPillar,
      });
    });
  };
}

const pillarOf = ({ incidents, closed }: HubState, id: IncidentId): PillarId | undefined =>
  (incidents.get(id) ?? closed.get(id))?.pillarId;

async function decide(
  { state, reads, take }: LocksOptions,
  order: Extract<HubEvent, { type: "lock-order" }>,
): Promise<Outcome> {
  const { incidentId } = order;
  try {
    const { effects } = await take(order);
    const refusal = effects.find((effect) => effect.type === "refuse");
    if (refusal) return { ok: false, code: refusal.code, detail: refusal.detail };
    const record = state().incidents.get(incidentId) ?? state().closed.get(incidentId);
    const incident = record
      ? toIncident(record, state().pillars.get(record.pillarId)?.name)
      : await reads.incident(incidentId);
    if (incident) return { ok: true, incident };
    return { ok: false, code: "not-found", detail: `no such incident: ${incidentId}` };
  } catch (error) {
    return { ok: false, code: "unavailable", detail: `nothing can be recorded: ${String(error)}` };
  }
}
