/** For supervisors of processes and of fleets: alive, ready, and the numbers. */
import { z } from "zod";
import { may } from "../../../shared/access/may.ts";
import { knownCaller } from "../access.ts";
import type { Api, ApiContext } from "../context.ts";
import { LOOPBACK, isLocalAndDirect } from "../http/public-address.ts";
import { failures } from "../schemas.ts";
import { principalOf } from "../signed-in.ts";
import type { Metrics } from "../metrics.ts";

const Health = z.object({
  status: z.enum(["ok", "degraded"]),
  /** For who is signed in only: they name directories, ports and versions. */
  checks: z.array(z.object({ name: z.string(), isOk: z.boolean(), detail: z.string() })).optional(),
});

export function healthRoutes(app: Api, context: ApiContext, metrics: Metrics): void {
  const isLoopback = LOOPBACK.includes(context.config.http.host);
  app.get(
    "/healthz",
    {
      config: { may: "health:read" },
      schema: { summary: "The process lives", response: { 200: Health, ...failures } },
    },
    async () => ({ status: "ok" as const }),
  );
  app.get(
    "/readyz",
    {
      config: { may: "health:read" },
      schema: {
        summary: "Whether it can do its work",
        response: { 200: Health, 503: Health, ...failures },
      },
    },
    async (request, reply) => {
      const checks = [...(await context.health())];
      const isReady = checks.every((check) => check.isOk);
      const status = isReady ? ("ok" as const) : ("degraded" as const);
      const caller = await knownCaller(request, context);
      const mayKnow = caller !== undefined && may(principalOf(caller), "health:details");
      return reply.code(isReady ? 200 : 503).send(mayKnow ? { status, checks } : { status });
    },
  );
  app.get(
    "/metrics",
    {
      config: {
        may: "metrics:read",
        // On loopback a local collector needs no account; from elsewhere it needs a token.
        isOpenTo: ({ raw }) => isLoopback && isLocalAndDirect(raw),
      },
      schema: {
        summary: "Prometheus metrics",
        produces: ["text/plain"],
        response: { 200: z.string(), ...failures },
      },
    },
    async (_request, reply) =>
      reply.type(metrics.registry.contentType).send(await metrics.registry.metrics()),
  );
}
