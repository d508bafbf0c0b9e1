/** Services and their tokens, for administrators: made, seen and revoked. */
import { z } from "zod";
import { MadeService, NewService, ServicePage, type Service } from "../../../shared/api/service.ts";
import { Username } from "../../../shared/ids.ts";
import { iso } from "../../../shared/iso.ts";
import type { ListedService } from "../../accounts/ports.ts";
import type { Api, ApiContext } from "../context.ts";
import { problem } from "../problem.ts";
import { failures } from "../schemas.ts";
import { actorOf } from "../signed-in.ts";

const ServiceParams = z.object({ name: Username });

export function serviceRoutes(app: Api, context: ApiContext): void {
  const { accounts } = context;
  app.get(
    "/api/v1/services",
    {
      config: { may: "services:manage" },
      schema: {
        summary: "All services that were not revoked, by name",
        response: { 200: ServicePage, ...failures },
      },
    },
    async (request) => {
      context.audit.read("services", null, request);
      return { items: (await accounts.services()).map(shown), next: null };
    },
  );
  app.post(
    "/api/v1/services",
    {
      config: {
        may: "services:manage",
        sends: { 201: { Location: "All services: one alone has no address." } },
      },
      schema: {
        summary: "Make a service; its token is in this answer and never shown again",
        body: NewService,
        response: { 201: MadeService, ...failures },
      },
    },
    async (request, reply) => {
      const { name } = request.body;
      const made = await accounts.addService(request.body, actorOf(request));
      if (!made.ok) throw problem(made.code, made.detail);
      await context.sessionWatch.look();
      const found = (await accounts.services()).find((one) => one.name === name);
      if (!found) throw problem("conflict", `the service ${name} was revoked meanwhile`);
      reply.header("location", "/api/v1/services");
      return reply.code(201).send({ ...shown(found), token: made.token });
    },
  );
  app.delete(
    "/api/v1/services/:name",
    {
      config: { of: "nothing placed", may: "services:manage" },
      schema: {
        summary: "Revoke a service: its token ends at once, also on an open event stream",
        params: ServiceParams,
        response: { 204: z.null(), ...failures },
      },
    },
    async (request, reply) => {
      const revoked = await accounts.revokeService(request.params.name, actorOf(request));
      if (!revoked.ok) throw problem(revoked.code, revoked.detail);
      // Answered when its streams are closed.
      await context.sessionWatch.look();
      return reply.code(204).send(null);
    },
  );
}

const shown = ({
  name,
  scopes,
  createdAt,
  createdBy,
  expiresAt,
  lastUsedAt,
}: ListedService): Service => ({
  name,
  scopes: [...scopes],
  createdAt: iso(createdAt),
  createdBy,
  expiresAt: iso(expiresAt),
  lastUsedAt: lastUsedAt === null ? null : iso(lastUsedAt),
});
