/**
 * Pages of other origins whose scripts may use the API
 * (`http.corsOrigins`; WHATWG Fetch, CORS protocol).
 *
 * They come with a bearer token. No cookie is ever allowed
 * from elsewhere, so `Allow-Credentials` is never sent.
 */
import type { Api } from "../context.ts";

const METHODS = "GET, HEAD, POST, PUT, PATCH, DELETE";
const TAKEN = [
  "accept",
  "authorization",
  "content-type",
  "idempotency-key",
  "if-match",
  "if-none-match",
  "if-range",
  "last-event-id",
  "range",
].join(", ");
const SHOWN = [
  "accept-post",
  "accept-ranges",
  "allow",
  "content-range",
  "etag",
  "last-modified",
  "link",
  "location",
  "retry-after",
].join(", ");
const REMEMBER_SECONDS = "600";

export function admitOrigins(app: Api, origins: readonly string[]): void {
  if (origins.length === 0) return;
  app.addHook("onRequest", async (request, reply) => {
    const { origin } = request.headers;
    reply.header("vary", "Origin");
    if (origin === undefined || !origins.includes(origin)) return undefined;
    reply.header("access-control-allow-origin", origin);
    reply.header("access-control-expose-headers", SHOWN);
    const isPreflight =
      request.method === "OPTIONS" &&
      request.headers["access-control-request-method"] !== undefined;
    if (!isPreflight) return undefined;
    return reply
      .code(204)
      .header("access-control-allow-methods", METHODS)
      .header("access-control-allow-headers", TAKEN)
      .header("access-control-max-age", REMEMBER_SECONDS)
      .send();
  });
}
