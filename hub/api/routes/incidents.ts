/** Incidents: what they are, what happened, and the orders that move them. */
import type { FastifyRequest } from "fastify";
import { z } from "zod";
import { may, personOf } from "../../../shared/access/may.ts";
import {
  CloseBody,
  DispatchBody,
  HoldBody,
  Incident,
  IncidentPage,
  IncidentQuery,
  NoteBody,
  PriorityBody,
  TransferBody,
} from "../../../shared/api/incident.ts";
import { Timeline } from "../../../shared/api/timeline.ts";
import { IncidentId } from "../../../shared/ids.ts";
import type { OperatorOrder } from "../../core/incident/kinds.ts";
import { actorOf, callerOf, scopeOf } from "../signed-in.ts";
import type { Api, ApiContext } from "../context.ts";
import { problem } from "../problem.ts";
import { failures, IdempotencyKey, idempotencyKeyOf, IncidentParams } from "../schemas.ts";

export function incidentRoutes(app: Api, context: ApiContext): void {
  const { reads } = context;
  app.get(
    "/api/v1/incidents",
    {
      config: { may: "incidents:read" },
      schema: {
        summary: "Incidents, newest first",
        querystring: IncidentQuery,
        response: { 200: IncidentPage, ...failures },
      },
    },
    async (request) => {
      context.audit.read("incidents", null, request);
      const scope = scopeOf(callerOf(request));
      return await reads.incidents(request.query, scope && context.hub.pillarsIn(scope));
    },
  );
  app.get(
    "/api/v1/incidents/:id",
    {
      config: { of: "incident", may: "incidents:read" },
      schema: {
        summary: "One incident",
        params: IncidentParams,
        response: { 200: Incident, ...failures },
      },
    },
    async (request) => {
      const incident = await reads.incident(request.params.id);
      if (!incident) throw unknownIncident(request.params.id);
      context.audit.read("incident", incident.id, request);
      return incident;
    },
  );
  app.get(
    "/api/v1/incidents/:id/timeline",
    {
      config: { of: "incident", may: "incidents:read" },
      schema: {
        summary: "What happened in one incident",
        params: IncidentParams,
        response: { 200: Timeline, ...failures },
      },
    },
    async (request) => {
      const timeline = await reads.timeline(request.params.id);
      if (!timeline) throw unknownIncident(request.params.id);
      context.audit.read("incident", IncidentId.parse(request.params.id), request);
      return timeline;
    },
  );
  orderRoutes(app, context);
}

export const unknownIncident = (id: string): Error =>
  problem("not-found", `expected the id of an incident, found ${id}`);

/** Orders without content take no body, an empty one or `{}`. */
const NoBody = z.strictObject({}).nullish();

/** Each order: what its body is, and how it becomes one. */
const ORDERS = {
  acknowledge: of(NoBody, () => ({ name: "acknowledge" })),
  answer: of(NoBody, () => ({ name: "answer" })),
  hold: of(HoldBody.nullish(), (body) => ({ name: "hold", held: body?.held ?? true })),
  transfer: of(TransferBody, async ({ to }, { accounts, reads, hub }, id) => {
    const found = await accounts.find(to);
    const incident = await reads.incident(id);
    const areas = incident && hub.areasOf(incident.pillarId);
    if (!found || found.isDisabled || !may(personOf(found), "incidents:order", { areas })) {
      const expected = "expected an operator or supervisor whose area the incident lies in";
      throw problem("bad-request", `body.to: ${expected}, found ${to}`);
    }
    return { name: "transfer", to, toName: found.displayName };
  }),
  grade: of(PriorityBody, ({ priority, reason }) => ({ name: "grade", priority, reason })),
  dispatch: of(DispatchBody, ({ unit }) => ({ name: "dispatch", unit })),
  note: of(NoteBody, ({ text }) => ({ name: "note", text })),
  close: of(CloseBody, ({ disposition, note }) => ({ name: "close", disposition, note })),
  reopen: of(NoBody, () => ({ name: "reopen" })),
} as const;

interface OrderKind {
  readonly body: z.ZodType;
  readonly toOrder: ToOrder<unknown>;
}

type ToOrder<Body> = (
  body: Body,
  context: ApiContext,
  id: IncidentId,
) => OperatorOrder | Promise<OperatorOrder>;

function of<T extends z.ZodType>(body: T, toOrder: ToOrder<z.infer<T>>): OrderKind {
  return { body, toOrder: (value, ...more) => toOrder(value as z.infer<T>, ...more) };
}

function orderRoutes(app: Api, context: ApiContext): void {
  for (const [name, kind] of Object.entries(ORDERS)) {
    app.post(
      `/api/v1/incidents/:id/${name}`,
      {
        config: { of: "incident", may: "incidents:order" },
        schema: {
          summary: `Order: ${name}`,
          params: IncidentParams,
          headers: IdempotencyKey,
          body: kind.body,
          response: { 200: Incident, ...failures },
        },
      },
      async (request) => {
        const id = IncidentId.parse(request.params.id);
        return await giveOrder(context, request, {
          id,
          order: await kind.toOrder(request.body, context, id),
        });
      },
    );
  }
}

async function giveOrder(
  context: ApiContext,
  request: FastifyRequest,
  what: { readonly id: IncidentId; readonly order: OperatorOrder },
): Promise<Incident> {
  const by = actorOf(request);
  const outcome = await context.hub.order(what.id, what.order, by, idempotencyKeyOf(request));
  if (!outcome.ok) throw problem(outcome.code, outcome.detail, outcome.by);
  return outcome.incident;
}
