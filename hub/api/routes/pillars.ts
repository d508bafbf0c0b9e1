/** The fleet, and the signed commands to it. */
import { may, personOf } from "../../../shared/access/may.ts";
import {
  CommandAnswer,
  CommandRequest,
  Pillar,
  PillarPage,
  RevokeRequest,
} from "../../../shared/api/pillar.ts";
import { actorOf, callerOf, principalOf } from "../signed-in.ts";
import type { Api, ApiContext } from "../context.ts";
import { problem } from "../problem.ts";
import { failures, IdempotencyKey, idempotencyKeyOf, PillarParams } from "../schemas.ts";

export function pillarRoutes(app: Api, context: ApiContext): void {
  const { reads } = context;
  app.get(
    "/api/v1/pillars",
    {
      config: { may: "pillars:read" },
      schema: { summary: "All pillars", response: { 200: PillarPage, ...failures } },
    },
    async (request) => {
      const person = principalOf(callerOf(request));
      const all = await reads.pillars();
      const items = all.filter(({ id }) =>
        may(person, "pillars:read", { areas: context.hub.areasOf(id) }),
      );
      return { items, next: null };
    },
  );
  app.get(
    "/api/v1/pillars/:id",
    {
      config: { of: "pillar", may: "pillars:read" },
      schema: {
        summary: "One pillar",
        params: PillarParams,
        response: { 200: Pillar, ...failures },
      },
    },
    async (request) => {
      const pillar = await reads.pillar(request.params.id);
      if (!pillar) throw unknownPillar(request.params.id);
      return pillar;
    },
  );
  commandRoute(app, context);
  revokeRoute(app, context);
}

function revokeRoute(app: Api, { hub, reads }: ApiContext): void {
  app.post(
    "/api/v1/pillars/:id/revoke",
    {
      config: { of: "pillar", may: "pillars:revoke" },
      schema: {
        summary: "End a pillar's identity: nothing it says counts until it is enrolled again",
        params: PillarParams,
        headers: IdempotencyKey,
        body: RevokeRequest,
        response: { 200: Pillar, ...failures },
      },
    },
    async (request) => {
      const { id } = request.params;
      const key = idempotencyKeyOf(request);
      const ended = await hub.revoke(id, request.body, actorOf(request), key);
      if (!ended.ok) throw problem(ended.code, ended.detail);
      const pillar = await reads.pillar(id);
      if (!pillar) throw unknownPillar(id);
      return pillar;
    },
  );
}

function commandRoute(app: Api, context: ApiContext): void {
  app.post(
    "/api/v1/pillars/:id/commands",
    {
      config: { of: "pillar", may: "pillars:command" },
      schema: {
        summary: "Send a signed command",
        params: PillarParams,
        body: CommandRequest,
        response: { 202: CommandAnswer, ...failures },
      },
    },
    async (request, reply) => {
      const { id } = request.params;
      const { command } = request.body;
      const by = actorOf(request);
      if (!may(personOf(by), `command:${command.name}`)) {
        const found = `${by.username} is ${by.role}`;
        throw problem("forbidden", `${found}, which may not send the command ${command.name}`);
      }
      if (!(await context.reads.pillar(id))) throw unknownPillar(id);
      const sent = await context.hub.command(id, request.body, by);
      if (!sent.ok) throw problem(sent.code ?? "unavailable", sent.detail);
      const { detail, confirmedAfterMs = null } = sent;
      return reply.code(202).send({ detail, confirmedAfterMs });
    },
  );
}

const unknownPillar = (id: string): Error =>
  problem("not-found", `expected the id of a pillar, found ${id}`);
