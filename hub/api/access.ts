/**
 * Who is asking: the session behind a cookie or a bearer token, and whether that person may.
 *
 * A browser sends a cookie also with requests that the person never made, so for anything that
 * changes something the browser must say that it comes from our own page. Programs use the bearer
 * token, which is never sent by itself.
 */
import type { FastifyRequest } from "fastify";
import { isForPeople, may, personOf } from "../../shared/access/may.ts";
import type { Action } from "../../shared/access/rights.ts";
import type { Accounts } from "../accounts/ports.ts";
import type { Api, ApiContext } from "./context.ts";
import { knowConnection } from "./http/http-entrance.ts";
import { problem } from "./problem.ts";
import { cookieOf, type PublicAddress } from "./http/public-address.ts";
import type { SignedIn } from "./signed-in.ts";

declare module "fastify" {
  interface FastifyRequest {
    signedIn: SignedIn | null;
  }
  interface FastifyContextConfig {
    /** What a request of this route asks to do. */
    may?: Action;
    /** Stands for a caller without a session, on routes that answer them. */
    isOpenTo?: (request: FastifyRequest) => boolean;
  }
}

const SAFE_METHODS = new Set(["GET", "HEAD", "OPTIONS"]);

export function guardRoutes(app: Api, context: ApiContext): void {
  app.decorateRequest("signedIn", null);
  app.addHook("onRoute", (route) => {
    if (route.url.startsWith("/api/") && !route.config?.may) {
      throw new Error(`bug: the route ${route.url} names no action`);
    }
  });
  app.addHook("onRequest", async (request) => {
    const { may: action, isOpenTo } = request.routeOptions.config;
    if (action === undefined || isOpenTo?.(request) === true) return;
    if (isForPeople(action)) {
      request.signedIn = await findSession(request, context);
      const { username } = request.signedIn;
      knowConnection(request.server.server, request.raw.socket, username);
      context.hub.sawConsole(username, "seen");
    }
    if (!SAFE_METHODS.has(request.method)) refuseForeignPage(context, request, action);
    if (!request.signedIn || may(personOf(request.signedIn), action)) return;
    const { username, role } = request.signedIn;
    const what = action.replace(":", " ");
    throw problem("forbidden", `${username} is ${role}, which does not include: ${what}`);
  });
}

const bearerOf = (request: FastifyRequest): string | undefined =>
  /^Bearer ([A-Za-z0-9_-]{43})$/.exec(request.headers.authorization ?? "")?.[1];

/** The session of a request that may also come without one. */
export async function knownSession(
  request: FastifyRequest,
  context: ApiContext,
): Promise<SignedIn | undefined> {
  const token = tokenOf(request, context.address);
  return token === undefined ? undefined : await sessionOf(context.accounts, token);
}

async function findSession(request: FastifyRequest, context: ApiContext): Promise<SignedIn> {
  const token = tokenOf(request, context.address);
  const session = token === undefined ? undefined : await sessionOf(context.accounts, token);
  if (!session) {
    const found = token === undefined ? "no token" : "one that is unknown or has expired";
    throw problem("unauthenticated", `expected a session token, found ${found}: sign in`);
  }
  return session;
}

function tokenOf(request: FastifyRequest, address: PublicAddress): string | undefined {
  if (request.headers.authorization !== undefined) return bearerOf(request) ?? "malformed";
  return request.cookies[cookieOf(address).name];
}

async function sessionOf(accounts: Accounts, token: string): Promise<SignedIn | undefined> {
  const session = await accounts.session(token);
  return session && { ...session, token };
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
