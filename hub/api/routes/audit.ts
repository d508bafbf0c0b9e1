/** Who did what: for supervisors and administrators. Reading it is itself a fact. */
import { AuditPage, AuditQuery } from "../../../shared/api/audit.ts";
import type { Api, ApiContext } from "../context.ts";
import { failures } from "../schemas.ts";

export function auditRoutes(app: Api, context: ApiContext): void {
  app.get(
    "/api/v1/audit",
    {
      config: { may: "audit:read" },
      schema: {
        summary: "Who read, watched, listened, talked, ordered and signed in; newest first",
        querystring: AuditQuery,
        response: { 200: AuditPage, ...failures },
      },
    },
    async (request) => {
      context.audit.read("audit", request.query.incidentId ?? null, request);
      return await context.reads.audit(request.query);
    },
  );
}
