/**
 * Who is asking: the session behind a cookie or a bearer token, and whether the policy lets them.
 *
 * A cookie comes along with requests the person never made, so for anything that changes something the
 * browser must say that it comes from our own page. Programs use the bearer token, which never comes along.
 */
import type { FastifyRequest } from "fastify";
import type { Accounts, Actor } from "../ports.ts";
import type { Api, ApiContext } from "./context.ts";
import { may, type Permission } from "./policy.ts";
import { problem } from "./problem.ts";

export interface SignedIn extends Actor {
  readonly token: string;
  readonly expiresAt: number;
}

declare module "fastify" {
  interface FastifyRequest {
    signedIn: SignedIn | null;
  }
  interface FastifyContextConfig {
    may?: Permission;
  }
}

const SAFE_METHODS = new Set(["GET", "HEAD", "OPTIONS"]);

/** `__Host-` binds the cookie to this very origin; browsers allow it only with HTTPS. */
export const cookieName = (isSecure: boolean): string =>
  isSecure ? "__Host-anzhu-session" : "anzhu-session";

export function guardRoutes(app: Api, context: ApiContext): void {
  app.decorateRequest("signedIn", null);
  app.addHook("onRoute", (route) => {
    if (route.url.startsWith("/api/") && !route.config?.may) {
      throw new Error(`bug: the route ${route.url} names no line of the policy`);
    }
  });
  app.addHook("onRequest", async (request) => {
    const permission = request.routeOptions.config.may;
    if (permission === undefined) return;
    if (permission !== "public") {
      request.signedIn = await findSession(request, context);
      context.hub.sawConsole(request.signedIn.username, "seen");
    }
    if (!SAFE_METHODS.has(request.method)) refuseForeignPage(request, permission);
    if (permission === "public" || !request.signedIn) return;
    const { username, role } = request.signedIn;
    if (!may(role, permission)) {
      const action = permission.replace(":", " ");
      throw problem("forbidden", `${username} is ${role}, which does not include: ${action}`);
    }
  });
}

/** The person behind this request. Only for routes that are not public. */
export function actorOf(request: FastifyRequest): SignedIn {
  if (!request.signedIn) throw new Error("bug: a guarded route ran without a session");
  return request.signedIn;
}

const bearerOf = (request: FastifyRequest): string | undefined =>
  /^Bearer ([A-Za-z0-9_-]{43})$/.exec(request.headers.authorization ?? "")?.[1];

/** The session of a request that may also come without one. */
export async function knownSession(
  request: FastifyRequest,
  context: ApiContext,
): Promise<SignedIn | undefined> {
  const token = tokenOf(request, context.isSecure);
  return token === undefined ? undefined : await sessionOf(context.accounts, token);
}

async function findSession(request: FastifyRequest, context: ApiContext): Promise<SignedIn> {
  const token = tokenOf(request, context.isSecure);
  const session = token === undefined ? undefined : await sessionOf(context.accounts, token);
  if (!session) {
    const found = token === undefined ? "no token" : "one that is unknown or has expired";
    throw problem("unauthenticated", `expected a session token, found ${found}: sign in`);
  }
  return session;
}

function tokenOf(request: FastifyRequest, isSecure: boolean): string | undefined {
  if (request.headers.authorization !== undefined) return bearerOf(request) ?? "malformed";
  return request.cookies[cookieName(isSecure)];
}

async function sessionOf(accounts: Accounts, token: string): Promise<SignedIn | undefined> {
  const session = await accounts.session(token);
  return session && { ...session, token };
}

function refuseForeignPage(request: FastifyRequest, permission: Permission): void {
  if (request.headers.authorization !== undefined) return;
  const site = request.headers["sec-fetch-site"];
  const { origin, host } = request.headers;
  const isOwn = site === undefined ? isSameHost(origin, host) : site === "same-origin";
  if (isOwn) return;
  // Pillars and programs that sign in send neither header; a browser always sends one.
  if (permission === "public" && site === undefined && origin === undefined) return;
  throw problem(
    "forbidden",
    `expected a request from the hub's own page, found ${site ?? origin ?? "no origin"}: ` +
      "programs send the token as Authorization: Bearer",
  );
}

function isSameHost(origin: string | undefined, host: string | undefined): boolean {
  if (origin === undefined || host === undefined) return false;
  return URL.canParse(origin) && new URL(origin).host === host;
}
