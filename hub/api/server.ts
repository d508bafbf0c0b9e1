/**
 * The hub's HTTP interface: console, API, event stream, media negotiation, health.
 *
 * HTTPS with the hub's own certificate, plain HTTP on loopback only. Every route is described once,
 * by the schemas it is checked with; `/api/v1/openapi.json` is made from them.
 */
import cookie from "@fastify/cookie";
import helmet from "@fastify/helmet";
import rateLimit from "@fastify/rate-limit";
import type { Server } from "node:tls";
import type { FastifyInstance } from "fastify";
import { followRenewals } from "../identity/server-renewal.ts";
import { z } from "zod";
import { guardRoutes } from "./access.ts";
import { createAuditNotes } from "./audit-notes.ts";
import { CONSOLE_DIR, serveConsole } from "./http/console-files.ts";
import type { ApiContext, ApiOptions } from "./context.ts";
import { LOOPBACK, publicAddressOf } from "./http/public-address.ts";
import { createSampledLog } from "../link/sampled-log.ts";
import { createEventStreams } from "./event-streams.ts";
import { createMetrics } from "./metrics.ts";
import { addressGroup } from "../link/entrance/address-group.ts";
import { createServer } from "./http/http-server.ts";
import { guardMethods } from "./http/methods.ts";
import { describeInterface } from "./openapi.ts";
import { admitOrigins } from "./http/other-origins.ts";
import { accountRoutes } from "./routes/accounts.ts";
import { areaRoutes } from "./routes/areas.ts";
import { auditRoutes } from "./routes/audit.ts";
import { alarmRoute } from "./routes/alarms.ts";
import { enrolmentRoutes } from "./routes/enrolments.ts";
import { eventRoutes } from "./routes/events.ts";
import { healthRoutes } from "./routes/health.ts";
import { hubRoutes } from "./routes/hub.ts";
import { incidentRoutes } from "./routes/incidents.ts";
import { mediaRoutes } from "./routes/media.ts";
import { pillarRoutes } from "./routes/pillars.ts";
import { recordingRoutes } from "./routes/recordings.ts";
import { serviceRoutes } from "./routes/services.ts";
import { sessionRoutes } from "./routes/sessions.ts";
import { failures } from "./schemas.ts";
import { watchSessions } from "./session-watch.ts";
import { createTransfers } from "./transfers.ts";
import { PERMISSIONS_POLICY, SECURITY_HEADERS } from "./http/security-headers.ts";

/** Addresses remembered by the rate limits. */
const MAX_LIMITED_ADDRESSES = 5000;

export type { ApiOptions } from "./context.ts";

/** Does not listen yet: call `listen` on the result with the configured host and port. */
export async function buildApi(options: ApiOptions): Promise<FastifyInstance> {
  const { authority, log } = options;
  const { host, trustedProxies, corsOrigins } = options.config.http;
  const address = publicAddressOf(options.config.http);
  const tls = LOOPBACK.includes(host) ? undefined : authority.server;
  const app = createServer({ log, tls, trustedProxies, basePath: address.basePath });
  if (tls) followRenewals(app.server as unknown as Server, authority, { minVersion: "TLSv1.2" });
  const streams = createEventStreams(options);
  const { refused = createSampledLog(log) } = options;
  const transfers = createTransfers();
  const sessionWatch = watchSessions({ ...options, streams, transfers });
  const audit = createAuditNotes(options);
  const held = { streams, transfers, sessionWatch };
  const context: ApiContext = { ...options, ...held, refused, audit, address };
  const metrics = createMetrics(context);
  await app.register(cookie);
  await app.register(helmet, SECURITY_HEADERS);
  await app.register(rateLimit, {
    ...{ global: false, cache: MAX_LIMITED_ADDRESSES },
    keyGenerator: ({ ip }) => addressGroup(ip),
  });
  await describeInterface(app, address);
  app.addHook("onRequest", async (request, reply) => {
    reply.header("permissions-policy", PERMISSIONS_POLICY);
    if (request.url.startsWith("/api/")) reply.header("cache-control", "no-store");
  });
  app.addHook("onResponse", async (request, reply) =>
    metrics.countRequest(request.method, reply.statusCode),
  );
  // Streams never end by themselves, and the server waits for what is open.
  app.addHook("preClose", async () => streams.close());
  app.addHook("onClose", async () => {
    metrics.close();
    sessionWatch.close();
    await audit.close();
  });
  admitOrigins(app, corsOrigins);
  guardMethods(app);
  guardRoutes(app, context);
  sessionRoutes(app, context);
  accountRoutes(app, context);
  serviceRoutes(app, context);
  areaRoutes(app, context);
  auditRoutes(app, context);
  eventRoutes(app, context);
  incidentRoutes(app, context);
  hubRoutes(app, context);
  mediaRoutes(app, context);
  recordingRoutes(app, context);
  pillarRoutes(app, context);
  alarmRoute(app, context);
  enrolmentRoutes(app, context);
  healthRoutes(app, context, metrics);
  app.get(
    "/api/v1/openapi.json",
    {
      config: { may: "description:read" },
      schema: {
        summary: "This description",
        response: { 200: z.record(z.string(), z.unknown()), ...failures },
      },
    },
    () => app.swagger() as object as Record<string, unknown>,
  );
  serveConsole(app, {
    directory: options.consoleDir ?? CONSOLE_DIR,
    basePath: address.basePath,
  });
  await app.ready();
  return app as unknown as FastifyInstance;
}
