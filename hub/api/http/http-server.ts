/** An HTTP server with limits on all that a sender can make slow or large. */
import type { IncomingMessage } from "node:http";
import { fastify, LogController, type FastifyBaseLogger } from "fastify";
import { serializerCompiler, validatorCompiler } from "fastify-type-provider-zod";
import type { Logger } from "pino";
import type { Authority } from "../../identity/ports.ts";
import type { Api } from "../context.ts";
import { answerClientError } from "./client-error.ts";
import { answerError, describe } from "../problem.ts";
import { withoutBase } from "./public-address.ts";

const BODY_LIMIT_BYTES = 64 * 1024;
/** Node by itself gives a slow sender minutes. */
const HANDSHAKE_TIMEOUT_MS = 5000;
const HEADERS_TIMEOUT_MS = 5000;
/** How often the two above and below are looked at; by itself Node looks every 30 s. */
const LOOK_EVERY_MS = 500;
const REQUEST_TIMEOUT_MS = 15_000;
/** Longer than the event stream's ping. */
const IDLE_TIMEOUT_MS = 30_000;
const MAX_HEADER_BYTES = 8 * 1024;

export interface ServerOptions {
  readonly log: Logger;
  /** Without it plain HTTP: on loopback only. */
  readonly tls: Authority["server"] | undefined;
  /**
   * Asks for a client certificate of this authority,
   * PEM; a client without one is served all the same.
   */
  readonly clientAuthority?: string;
  /** Browsers of older machines need 1.2; pillars do not. */
  readonly minVersion?: "TLSv1.2" | "TLSv1.3";
  /** Whose `X-Forwarded-For` is believed; none by default. */
  readonly trustedProxies?: readonly string[];
  /** The path before all of ours, which a proxy may or may not take away. */
  readonly basePath?: string;
}

export function createServer(options: ServerOptions): Api {
  const { log, tls, clientAuthority: ca, minVersion = "TLSv1.2", basePath = "" } = options;
  const { trustedProxies = [] } = options;
  const limits = {
    ...{ maxHeaderSize: MAX_HEADER_BYTES, noDelay: true, keepAlive: true },
    connectionsCheckingInterval: LOOK_EVERY_MS,
  };
  const asking = ca === undefined ? {} : { ca, requestCert: true, rejectUnauthorized: false };
  const secure = { ...tls, ...asking, minVersion, handshakeTimeout: HANDSHAKE_TIMEOUT_MS };
  const common = {
    loggerInstance: log as FastifyBaseLogger,
    logController: new LogController({ disableRequestLogging: true }),
    bodyLimit: BODY_LIMIT_BYTES,
    requestTimeout: REQUEST_TIMEOUT_MS,
    connectionTimeout: IDLE_TIMEOUT_MS,
    forceCloseConnections: true,
    routerOptions: { maxParamLength: 128 },
    frameworkErrors: answerError,
    clientErrorHandler: answerClientError,
    trustProxy: trustedProxies.length > 0 ? [...trustedProxies] : false,
    rewriteUrl: (request: IncomingMessage) => withoutBase(request.url ?? "/", basePath),
  };
  const server = tls
    ? fastify({ ...common, https: { ...secure, ...limits } })
    : fastify({ ...common, http: limits });
  server.server.headersTimeout = HEADERS_TIMEOUT_MS;
  const app = server as unknown as Api;
  app.setValidatorCompiler(validatorCompiler);
  app.setSerializerCompiler(serializerCompiler);
  app.setErrorHandler(answerError);
  acceptEmptyJson(app);
  return app;
}

/** Requests without content are often sent with a JSON type and no body. */
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
