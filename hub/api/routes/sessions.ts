/** Signing in and out. */
import type { FastifyReply, FastifyRequest } from "fastify";
import { z } from "zod";
import { may, personOf } from "../../../shared/access/may.ts";
import { Credentials, OperatorPage, Session } from "../../../shared/api/session.ts";
import type { FactOf } from "../../core/facts.ts";
import { signedInOf, type SignedIn } from "../signed-in.ts";
import type { Api, ApiContext } from "../context.ts";
import { problem } from "../problem.ts";
import { cookieOf, isLocalAndDirect, type PublicAddress } from "../http/public-address.ts";
import { failures } from "../schemas.ts";
import { addressGroup } from "../../link/entrance/address-group.ts";
import { createKnownDevices, type KnownDevices } from "../../accounts/known-device.ts";
import { createSignInLimit, type SignInLimit } from "../../accounts/sign-in-limit.ts";

/** A patrol room shares one address at the change of shift. */
const SIGN_INS = { max: 120, timeWindow: "1 minute" } as const;

export function sessionRoutes(app: Api, context: ApiContext): void {
  const guard = signInGuard(context);
  app.post(
    "/api/v1/sessions",
    {
      config: {
        may: "session:open",
        rateLimit: { ...SIGN_INS, hook: "preHandler", keyGenerator: counted(guard) },
        sends: { 201: { "Set-Cookie": "The session, for browsers." } },
      },
      schema: {
        summary: "Sign in",
        body: Credentials,
        response: { 201: Session, ...failures },
      },
    },
    async (request, reply) => {
      const session = await signIn(context, guard, request as FastifyRequest<SignInBody>);
      setCookie(reply, context.address, session);
      guard.devices.remember(reply, session.username);
      return reply.code(201).send({ token: session.token, ...publicPart(session) });
    },
  );
  app.get(
    "/api/v1/sessions/current",
    {
      config: { may: "session:own" },
      schema: { summary: "Who is signed in", response: { 200: Session, ...failures } },
    },
    async (request) => publicPart(signedInOf(request)),
  );
  app.delete(
    "/api/v1/sessions/current",
    {
      config: { may: "session:own" },
      schema: { summary: "Sign out", response: { 204: z.null(), ...failures } },
    },
    async (request, reply) => {
      const { token, id, username } = signedInOf(request);
      await context.accounts.closeSession(token);
      context.sessionWatch.end(id);
      const from = request.ip;
      await noteSession(context, { type: "session-closed", at: Date.now(), username, from });
      const { name, ...where } = cookieOf(context.address);
      reply.clearCookie(name, where);
      return reply.code(204).send(null);
    },
  );
  app.get(
    "/api/v1/operators",
    {
      config: { may: "operators:read" },
      schema: {
        summary: "Who an incident may be handed to",
        response: { 200: OperatorPage, ...failures },
      },
    },
    async () => {
      const people = await context.accounts.list();
      const found = people.filter(
        (person) => !person.isDisabled && may(personOf(person), "incidents:order"),
      );
      return {
        items: found.map(({ username, displayName, role, scope }) => ({
          ...{ username, displayName, role, scope },
        })),
      };
    },
  );
}

const signInGuard = (context: ApiContext): SignInGuard => ({
  limit: createSignInLimit(() => performance.now()),
  devices: createKnownDevices(context, context.address),
});

/** A known device by itself, so that a stranger behind the same address cannot use up its tries. */
const counted =
  ({ devices }: SignInGuard) =>
  (request: FastifyRequest): string => {
    const { username } = (request.body ?? {}) as Partial<Credentials>;
    const deviceId = username === undefined ? undefined : devices.idOf(request, username);
    return deviceId === undefined ? addressGroup(request.ip) : `device ${deviceId}`;
  };

interface SignInGuard {
  readonly limit: SignInLimit;
  readonly devices: KnownDevices;
}

type SignInBody = { Body: Credentials };

async function signIn(
  context: ApiContext,
  { limit, devices }: SignInGuard,
  request: FastifyRequest<SignInBody>,
): Promise<SignedIn> {
  const { username, password } = request.body;
  const address = request.ip;
  const one = { username, address, deviceId: devices.idOf(request, username) };
  const wait = limit.waitSeconds(one);
  if (wait > 0) {
    const found = problem("too-many-requests", `too many wrong passwords: try again in ${wait} s`);
    throw Object.assign(found, { headers: { "retry-after": String(wait) } });
  }
  const sender = one.deviceId === undefined ? addressGroup(address) : `device ${one.deviceId}`;
  limit.begin(one);
  const actor = await context.accounts.verify(username, password, sender).catch((error) => {
    limit.forgive(one);
    throw error;
  });
  if (!actor) {
    context.refused({
      ...{ kind: "sign-in", sender: { address } },
      text: "sign-in refused: wrong name or password",
      fields: { username, peer: address },
    });
    await context.audit.refusedSignIn(username, request.ip);
    throw problem("unauthenticated", "the name or the password is wrong");
  }
  limit.forgive(one);
  limit.right(one);
  if (actor.isDemo && (context.address.isHttps || !isLocalAndDirect(request.raw))) {
    throw problem(
      "forbidden",
      `${username} is a demo account: it can be used on its own machine only`,
    );
  }
  const at = Date.now();
  const expiresAt = at + context.config.sessionHours * 3_600_000;
  const token = await context.accounts.openSession(actor.username, expiresAt);
  const session = await context.accounts.session(token);
  if (!session)
    throw problem("unauthenticated", "the account was changed meanwhile: sign in again");
  const from = request.ip;
  await noteSession(context, { type: "session-opened", at, username: actor.username, from });
  return { ...session, token };
}

/**
 * A journal that cannot write does not keep an operator from the desk: alarms may still ring there.
 */
async function noteSession(
  context: ApiContext,
  fact: FactOf<"session-opened" | "session-closed">,
): Promise<void> {
  try {
    await context.hub.record([fact]);
  } catch (error) {
    context.log.error({ err: error, ...fact }, `${fact.type} could not be written to the journal`);
  }
}

function setCookie(reply: FastifyReply, address: PublicAddress, session: SignedIn): void {
  const { name, ...where } = cookieOf(address);
  reply.setCookie(name, session.token, {
    ...where,
    httpOnly: true,
    sameSite: "strict",
    expires: new Date(session.expiresAt),
  });
}

const publicPart = (session: SignedIn): Session => ({
  username: session.username,
  displayName: session.displayName,
  role: session.role,
  scope: session.scope,
  expiresAt: new Date(session.expiresAt).toISOString(),
});
