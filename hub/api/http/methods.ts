/**
 * What may be done at an address that exists, for a method that does not: 405 with `Allow` (RFC
 * 9110, 15.5.6), and the answer to `OPTIONS` (9.3.7). WHIP asks for both at its endpoints and
 * sessions (RFC 9725, 4.2).
 */
import type { FastifyReply, FastifyRequest } from "fastify";
import type { Api } from "../context.ts";
import { problem } from "../problem.ts";

interface Known {
  readonly pattern: RegExp;
  readonly methods: Set<string>;
  /** What a POST takes. */
  acceptPost: string | undefined;
}

/** The console's files, whose route takes every GET. */
const FILES = "/*";

/** Must be called before the first route is added. */
export function guardMethods(app: Api): void {
  const knownByUrl = new Map<string, Known>();
  app.addHook("onRoute", ({ url, method, schema }) => {
    // The console's files answer every address; they are no route of the interface.
    if (url.includes("*")) return;
    const known = knownByUrl.get(url) ?? newKnown(url);
    for (const one of [method].flat()) known.methods.add(one);
    const consumes = (schema as { consumes?: readonly string[] } | undefined)?.consumes;
    known.acceptPost ??= consumes?.join(", ");
    knownByUrl.set(url, known);
  });
  // Before the body is looked at: what is in it does not matter here.
  app.addHook("onRequest", async (request, reply) => {
    if (!request.is404 && request.routeOptions.url !== FILES) return;
    const path = request.url.split("?")[0] ?? "";
    for (const known of knownByUrl.values()) {
      if (known.pattern.test(path)) return answer(known, request, reply);
    }
  });
}

function newKnown(url: string): Known {
  const pattern = url.replaceAll(".", "\\.").replace(/:[a-z]+/gi, "[^/]+");
  return {
    pattern: new RegExp(`^${pattern}$`),
    methods: new Set(["OPTIONS"]),
    acceptPost: undefined,
  };
}

function answer(
  { methods, acceptPost }: Known,
  request: FastifyRequest,
  reply: FastifyReply,
): FastifyReply {
  const allowed = [...methods].toSorted();
  const headers = {
    allow: allowed.join(", "),
    ...(acceptPost === undefined ? {} : { "accept-post": acceptPost }),
  };
  if (request.method === "OPTIONS") return reply.code(200).headers(headers).send();
  const expected = allowed.filter((one) => one !== "OPTIONS").join(" or ");
  const refused = problem("method-not-allowed", `expected ${expected}, found ${request.method}`);
  throw Object.assign(refused, { headers });
}
