/** Who is behind a request: a person by a session, or a service by its token. */
import type { FastifyRequest } from "fastify";
import { ROOT_AREA } from "../../shared/access/areas.ts";
import { personOf, serviceOf, type Principal } from "../../shared/access/may.ts";
import type { Accounts, FoundService, FoundSession } from "../accounts/ports.ts";
import type { AreaId } from "../../shared/ids.ts";
import type { Actor } from "../ports.ts";

interface ByToken {
  readonly token: string;
}
export type SignedIn = FoundSession & ByToken;
export type Caller = SignedIn | (FoundService & ByToken);

/** Who is behind this request. Only for routes that are not public. */
export function callerOf(request: FastifyRequest): Caller {
  if (!request.caller) throw new Error("bug: a guarded route ran without a caller");
  return request.caller;
}

/** The session behind this request. Only for routes that no scope of a service includes. */
export function signedInOf(request: FastifyRequest): SignedIn {
  const caller = callerOf(request);
  if (caller.kind !== "person") throw new Error("bug: a route for people was asked by a service");
  return caller;
}

/** The person behind this request, without what belongs to the session alone. */
export function actorOf(request: FastifyRequest): Actor {
  const { username, displayName, role, scope } = signedInOf(request);
  return { username, displayName, role, scope };
}

export const principalOf = (caller: FoundSession | FoundService): Principal =>
  caller.kind === "service" ? serviceOf(caller) : personOf(caller);

/** The session or the service of this id, while it is good. */
export const stillGood = async (
  accounts: Pick<Accounts, "sessionById" | "serviceById">,
  id: string,
): Promise<FoundSession | FoundService | undefined> =>
  (await accounts.sessionById(id)) ?? (await accounts.serviceById(id));

/** Of somebody whose scope is a part of the whole. */
export const scopeOf = (caller: Caller): AreaId | undefined =>
  caller.kind === "person" && caller.scope !== ROOT_AREA ? caller.scope : undefined;
