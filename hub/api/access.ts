/**
 * Who is asking: the session behind a cookie or a bearer token, or the service behind its token;
 * and whether that person or service may.
 *
 * A browser sends a cookie also with requests that the person never made, so for anything that
 * changes something the browser must say that it comes from our own page. Programs use the bearer
 * token, which is never sent by itself.
 */
import type { FastifyRequest } from "fastify";
import { ROOT_AREA } from "../../shared/access/areas.ts";
import { isForPeople, isWithin, may, personOf } from "../../shared/access/may.ts";
import type { Action } from "../../shared/access/rights.ts";
import type { IncidentId, PillarId, RecordingId } from "../../shared/ids.ts";
import { BoundedMap } from "../../shared/bounded-map.ts";
import { takeTurn, type Rate } from "../core/time/rate.ts";
import type { Api, ApiContext } from "./context.ts";
import { knowConnection } from "./http/http-entrance.ts";
import { problem } from "./problem.ts";
import { cookieOf, type PublicAddress } from "./http/public-address.ts";
import { principalOf, scopeOf, type Caller } from "./signed-in.ts";

/** What the id in a path is the id of. */
type Named = "incident" | "pillar" | "recording" | "nothing placed";

declare module "fastify" {
  interface FastifyRequest {
    caller: Caller | null;
  }
  interface FastifyContextConfig {
    /** What a request of this route asks to do. */
    may?: Action;
    /** What the path names; `nothing placed`: it lies nowhere in the tree of areas. */
    of?: Named;
    /** Stands for a caller without a session, on routes that answer them. */
    isOpenTo?: (request: FastifyRequest) => boolean;
  }
}

const SAFE_METHODS = new Set(["GET", "HEAD", "OPTIONS"]);

export function guardRoutes(app: Api, context: ApiContext): void {
  app.decorateRequest("caller", null);
  const pace = servicePace(context.serviceRate ?? SERVICE_RATE);
  app.addHook("onRoute", (route) => {
    if (route.url.startsWith("/api/") && !route.config?.may) {
      throw new Error(`bug: the route ${route.url} names no action`);
    }
    const { may: action, of } = route.config ?? {};
    if (action && isForPeople(action) && route.url.includes("/:") && !of) {
      throw new Error(`bug: the route ${route.url} does not say what its path names`);
    }
  });
  app.addHook("onRequest", async (request) => {
    const { may: action, isOpenTo } = request.routeOptions.config;
    if (action === undefined || isOpenTo?.(request) === true) return;
    if (isForPeople(action)) {
      const caller = await findCaller(request, context);
      request.caller = caller;
      knowConnection(request.server.server, request.raw.socket, caller.username);
      if (caller.kind === "person") context.hub.sawConsole(caller.username, "seen");
      else pace(caller.id);
    }
    if (!SAFE_METHODS.has(request.method)) refuseForeignPage(context, request, action);
    if (!request.caller || may(principalOf(request.caller), action)) return;
    throw problem("forbidden", whyNot(request.caller, action));
  });
  // Behind the checks of the request itself, so that an id is one.
  app.addHook("preHandler", async (request) => {
    const { of } = request.routeOptions.config;
    if (request.caller && of) await refuseOutside(context, request, { of, caller: request.caller });
  });
}

function whyNot(caller: Caller, action: Action): string {
  const { username } = caller;
  const what = action.replace(":", " ");
  if (caller.kind === "service") {
    const scopes = caller.scopes.join(", ");
    return `${username} is a service with ${scopes}, which does not include: ${what}`;
  }
  const { role, scope } = caller;
  if (may(personOf({ ...caller, scope: ROOT_AREA }), action)) {
    return `${username} is ${role}; its area is ${scope}, and this is about everything: ${what}`;
  }
  return `${username} is ${role}, which does not include: ${what}`;
}

/**
 * What lies outside a person's scope is answered as if it were not there. Lists and the event
 * stream ask for each row themselves.
 */
async function refuseOutside(
  { reads, hub }: Pick<ApiContext, "reads" | "hub">,
  request: FastifyRequest,
  { of, caller }: { readonly of: Named; readonly caller: Caller },
): Promise<void> {
  if (of === "nothing placed" || scopeOf(caller) === undefined) return;
  const { id } = request.params as { readonly id: string };
  const pillarId = await pillarOf(reads, of, id);
  if (pillarId && isWithin(principalOf(caller), hub.areasOf(pillarId))) return;
  throw problem(
    "not-found",
    `expected the id of ${of === "incident" ? "an" : "a"} ${of}, found ${id}`,
  );
}

async function pillarOf(
  reads: ApiContext["reads"],
  of: Exclude<Named, "nothing placed">,
  id: string,
): Promise<PillarId | undefined> {
  switch (of) {
    case "pillar":
      return (await reads.pillar(id as PillarId))?.id;
    case "incident":
      return (await reads.incident(id as IncidentId))?.pillarId;
    case "recording": {
      const recording = await reads.recording(id as RecordingId);
      return recording && (await reads.incident(recording.incidentId))?.pillarId;
    }
  }
}

/** Of one service, whatever it asks. */
export const SERVICE_RATE: Rate = { burst: 100, intervalMs: 50, maxWaitMs: 0 };
const MAX_PACES = 1000;

function servicePace(rate: Rate): (id: string) => void {
  const nextAtById = new BoundedMap<string, number>(MAX_PACES);
  return (id) => {
    const turn = takeTurn(rate, nextAtById.get(id) ?? 0, performance.now());
    if (turn.ok) return void nextAtById.set(id, turn.nextAt);
    const most = 1000 / rate.intervalMs;
    throw problem("too-many-requests", `expected at most ${most} requests a second of a service`);
  };
}

const bearerOf = (request: FastifyRequest): string | undefined =>
  /^Bearer ((?:anzhu_)?[A-Za-z0-9_-]{43})$/.exec(request.headers.authorization ?? "")?.[1];

/** The caller of a request that may also come without one. */
export async function knownCaller(
  request: FastifyRequest,
  { accounts, address }: Pick<ApiContext, "accounts" | "address">,
): Promise<Caller | undefined> {
  const token = tokenOf(request, address);
  if (token === undefined) return undefined;
  const isBearer = request.headers.authorization !== undefined;
  const found =
    (await accounts.session(token)) ?? (isBearer ? await accounts.service(token) : undefined);
  return found && { ...found, token };
}

async function findCaller(request: FastifyRequest, context: ApiContext): Promise<Caller> {
  const caller = await knownCaller(request, context);
  if (caller) return caller;
  const isNone = tokenOf(request, context.address) === undefined;
  const found = isNone ? "no token" : "one that is unknown, was revoked or has expired";
  throw problem("unauthenticated", `expected a session token, found ${found}: sign in`);
}

function tokenOf(request: FastifyRequest, address: PublicAddress): string | undefined {
  if (request.headers.authorization !== undefined) return bearerOf(request) ?? "malformed";
  return request.cookies[cookieOf(address).name];
}

function refuseForeignPage(
  { address, config }: ApiContext,
  request: FastifyRequest,
  action: Action,
): void {
  if (request.headers.authorization !== undefined) return;
  const site = request.headers["sec-fetch-site"];
  const { origin, host } = request.headers;
  const isOwn =
    site === undefined ? isOwnOrigin(origin, host, address.origin) : site === "same-origin";
  if (isOwn) return;
  if (!isForPeople(action)) {
    // Pillars and programs that sign in send neither header; a browser always sends one.
    if (site === undefined && origin === undefined) return;
    if (origin !== undefined && config.http.corsOrigins.includes(origin)) return;
  }
  throw problem(
    "foreign-origin",
    `expected a request from a page of ${address.origin ?? host ?? "the hub"}, ` +
      `found ${origin ?? "no origin"}${site === undefined ? "" : ` (${site})`}: ` +
      "behind a reverse proxy set http.publicUrl to the address people type; " +
      "programs send the token as Authorization: Bearer",
  );
}

function isOwnOrigin(
  origin: string | undefined,
  host: string | undefined,
  publicOrigin: string | undefined,
): boolean {
  if (origin === undefined || !URL.canParse(origin)) return false;
  return origin === publicOrigin || (host !== undefined && new URL(origin).host === host);
}
