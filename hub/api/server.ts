/**
 * The hub's HTTP interface: console, API, event stream, media negotiation, health.
 *
 * HTTPS with the hub's own certificate, plain HTTP on loopback only. Every route is described once, by the
 * schemas it is checked with; `/api/v1/openapi.json` is made from them.
 */
import cookie from "@fastify/cookie";
import helmet from "@fastify/helmet";
import rateLimit from "@fastify/rate-limit";
import swagger from "@fastify/swagger";
import { fastify, LogController, type FastifyBaseLogger, type FastifyInstance } from "fastify";
import {
  createJsonSchemaTransform,
  serializerCompiler,
  validatorCompiler,
} from "fastify-type-provider-zod";
import { guardRoutes } from "./access.ts";
import { CONSOLE_DIR, serveConsole } from "./console-files.ts";
import { LOOPBACK, type Api, type ApiContext, type ApiOptions } from "./context.ts";
import { createEventStreams } from "./event-streams.ts";
import { createMetrics } from "./metrics.ts";
import { answerError, describe } from "./problem.ts";
import { enrolmentRoutes } from "./routes/enrolments.ts";
import { eventRoutes } from "./routes/events.ts";
import { healthRoutes } from "./routes/health.ts";
import { incidentRoutes } from "./routes/incidents.ts";
import { mediaRoutes } from "./routes/media.ts";
import { pillarRoutes } from "./routes/pillars.ts";
import { recordingRoutes } from "./routes/recordings.ts";
import { sessionRoutes } from "./routes/sessions.ts";
import { PERMISSIONS_POLICY, SECURITY_HEADERS } from "./security-headers.ts";

const BODY_LIMIT_BYTES = 64 * 1024;
/** Node would give a slow sender minutes (reliability 5.4). */
const HEADERS_TIMEOUT_MS = 5000;
const REQUEST_TIMEOUT_MS = 15_000;
/** Longer than the event stream's ping. */
const IDLE_TIMEOUT_MS = 30_000;
const MAX_HEADER_BYTES = 8 * 1024;
const MAX_CONNECTIONS = 2000;
/** Addresses remembered by the rate limits. */
const MAX_LIMITED_ADDRESSES = 5000;

export type { ApiOptions, HealthCheck } from "./context.ts";

/** Does not listen yet: call `listen` on the result with the configured host and port. */
export async function buildApi(options: ApiOptions): Promise<FastifyInstance> {
  const isSecure = !LOOPBACK.includes(options.config.http.host);
  const app = createServer(options, isSecure);
  const streams = createEventStreams(options);
  const context: ApiContext = { ...options, streams, isSecure };
  const metrics = createMetrics(context);
  app.setValidatorCompiler(validatorCompiler);
  app.setSerializerCompiler(serializerCompiler);
  app.setErrorHandler(answerError);
  acceptEmptyJson(app);
  await app.register(cookie);
  await app.register(helmet, SECURITY_HEADERS);
  await app.register(rateLimit, { global: false, cache: MAX_LIMITED_ADDRESSES });
  await app.register(swagger, {
    openapi: {
      openapi: "3.1.0",
      info: { title: "Anzhu hub", version: "1", description: "See docs/protocol.md" },
      components: {
        securitySchemes: { bearer: { type: "http", scheme: "bearer" } },
      },
      security: [{ bearer: [] }],
    },
    transform: createJsonSchemaTransform({ zodToJsonConfig: { unrepresentable: "any" } }),
  });
  app.addHook("onRequest", async (request, reply) => {
    reply.header("permissions-policy", PERMISSIONS_POLICY);
    if (request.url.startsWith("/api/")) reply.header("cache-control", "no-store");
  });
  app.addHook("onResponse", async (request, reply) =>
    metrics.countRequest(request.method, reply.statusCode),
  );
  // Streams never end by themselves, and the server waits for what is open.
  app.addHook("preClose", async () => streams.close());
  app.addHook("onClose", async () => metrics.close());
  guardRoutes(app, context);
  sessionRoutes(app, context);
  eventRoutes(app, context);
  incidentRoutes(app, context);
  mediaRoutes(app, context);
  recordingRoutes(app, context);
  pillarRoutes(app, context);
  enrolmentRoutes(app, context);
  healthRoutes(app, context, metrics);
  app.get("/api/v1/openapi.json", { config: { may: "public" }, schema: { hide: true } }, () =>
    app.swagger(),
  );
  serveConsole(app, options.consoleDir ?? CONSOLE_DIR);
  await app.ready();
  return app as unknown as FastifyInstance;
}

function createServer(options: ApiOptions, isSecure: boolean): Api {
  const { key, cert } = options.authority.server;
  const limits = { maxHeaderSize: MAX_HEADER_BYTES, noDelay: true, keepAlive: true };
  const common = {
    loggerInstance: options.log as FastifyBaseLogger,
    logController: new LogController({ disableRequestLogging: true }),
    bodyLimit: BODY_LIMIT_BYTES,
    requestTimeout: REQUEST_TIMEOUT_MS,
    connectionTimeout: IDLE_TIMEOUT_MS,
    forceCloseConnections: true,
    routerOptions: { maxParamLength: 128 },
    frameworkErrors: answerError,
  };
  const app = isSecure
    ? fastify({ ...common, https: { key, cert, minVersion: "TLSv1.2", ...limits } })
    : fastify({ ...common, http: limits });
  app.server.headersTimeout = HEADERS_TIMEOUT_MS;
  app.server.maxConnections = MAX_CONNECTIONS;
  return app as unknown as Api;
}

/** Orders without content are often sent with a JSON type and no body. */
function acceptEmptyJson(app: Api): void {
  app.removeContentTypeParser("application/json");
  app.addContentTypeParser("application/json", { parseAs: "string" }, (_request, body, done) => {
    if (body === "") return done(null, undefined);
    try {
      done(null, JSON.parse(String(body)));
    } catch {
      const found = JSON.stringify(String(body).slice(0, 40));
      const wrong = describe("bad-request", `body: expected JSON, found ${found}`);
      done(Object.assign(new Error(wrong.detail), { problem: wrong }));
    }
  });
}
