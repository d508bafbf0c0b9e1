/** The hub itself: its disk and its faults; and which incidents' recordings are kept. */
import type { FastifyRequest } from "fastify";
import { HubStatus } from "../../../shared/api/hub.ts";
import { Incident, LockBody } from "../../../shared/api/incident.ts";
import type { IncidentId } from "../../../shared/ids.ts";
import { actorOf } from "../signed-in.ts";
import type { Api, ApiContext } from "../context.ts";
import { problem } from "../problem.ts";
import { failures, IdempotencyKey, idempotencyKeyOf, IncidentParams } from "../schemas.ts";

export function hubRoutes(app: Api, context: ApiContext): void {
  app.get(
    "/api/v1/hub",
    {
      config: { may: "hub:read" },
      schema: { summary: "The hub itself", response: { 200: HubStatus, ...failures } },
    },
    async () => context.hub.status(),
  );
  for (const name of ["lock", "unlock"] as const) {
    app.post(
      `/api/v1/incidents/:id/${name}`,
      {
        config: { of: "incident", may: "incidents:lock" },
        schema: {
          summary:
            name === "lock"
              ? "Keep its recordings, whatever their age"
              : "Its recordings may go by age and space again",
          params: IncidentParams,
          headers: IdempotencyKey,
          body: LockBody,
          response: { 200: Incident, ...failures },
        },
      },
      async (request) => {
        const { reason } = request.body;
        return await lock(context, request, {
          id: request.params.id,
          order: { isLocked: name === "lock", reason },
        });
      },
    );
  }
}

async function lock(
  context: ApiContext,
  request: FastifyRequest,
  what: { readonly id: IncidentId; readonly order: { isLocked: boolean; reason: string } },
): Promise<Incident> {
  const by = actorOf(request);
  const outcome = await context.hub.lock(what.id, what.order, by, idempotencyKeyOf(request));
  if (!outcome.ok) throw problem(outcome.code, outcome.detail, outcome.by);
  return outcome.incident;
}
