/** The person behind a request. */
import type { FastifyRequest } from "fastify";
import type { Actor } from "../ports.ts";

export interface SignedIn extends Actor {
  readonly token: string;
  /** Names the session inside the hub, and is no secret. */
  readonly id: string;
  readonly expiresAt: number;
}

/** The session behind this request. Only for routes that are not public. */
export function signedInOf(request: FastifyRequest): SignedIn {
  if (!request.signedIn) throw new Error("bug: a guarded route ran without a session");
  return request.signedIn;
}

/** The person behind this request, without what belongs to the session alone. */
export function actorOf(request: FastifyRequest): Actor {
  const { username, displayName, role } = signedInOf(request);
  return { username, displayName, role };
}
