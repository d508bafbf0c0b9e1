/**
 * The HTTPS fallback: signed alarms and the next certificate,
 * over HTTPS with the hub's own certificate.
 *
 * A listener of its own, so that the street can reach it while it cannot reach the console, and so
 * that the console cannot use up its connections. It asks for a client certificate and does not
 * require one: an alarm whose certificate has expired may still be real, and its signature says
 * whose it is. A renewal requires one.
 */
import rateLimit from "@fastify/rate-limit";
import type { Server } from "node:tls";
import type { FastifyInstance } from "fastify";
import { followRenewals } from "../identity/server-renewal.ts";
import type { ApiOptions } from "./context.ts";
import { addressGroup } from "../link/entrance/address-group.ts";
import { createServer } from "./http/http-server.ts";
import { guardMethods } from "./http/methods.ts";
import { problem } from "./problem.ts";
import { alarmRoute, type AlarmRouteOptions } from "./routes/alarms.ts";
import { renewalRoute, type RenewalRouteOptions } from "./routes/renewals.ts";

const MAX_LIMITED_ADDRESSES = 20_000;

export type AlarmEntranceOptions = AlarmRouteOptions &
  RenewalRouteOptions &
  Pick<ApiOptions, "log">;

/** Does not listen yet: call `listen` on the result. */
export async function buildAlarmEntrance(options: AlarmEntranceOptions): Promise<FastifyInstance> {
  const { log, authority } = options;
  const app = createServer({
    log,
    tls: authority.server,
    clientAuthority: authority.caCertificate,
    minVersion: "TLSv1.3",
  });
  const { caCertificate: ca } = authority;
  followRenewals(app.server as unknown as Server, authority, { ca, minVersion: "TLSv1.3" });
  await app.register(rateLimit, {
    ...{ global: false, cache: MAX_LIMITED_ADDRESSES },
    keyGenerator: ({ ip }) => addressGroup(ip),
  });
  guardMethods(app);
  app.setNotFoundHandler((request) => {
    const expected = "expected POST /api/v1/pillars/{id}/alarms or …/certificate";
    throw problem("not-found", `${expected}, found ${request.method} ${request.url.slice(0, 80)}`);
  });
  alarmRoute(app, options);
  renewalRoute(app, options);
  await app.ready();
  return app as unknown as FastifyInstance;
}
