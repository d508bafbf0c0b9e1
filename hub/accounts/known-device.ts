/**
 * A browser that has signed in before, known again by a cookie of the hub.
 *
 * Guessing passwords must become slow for strangers, without letting them keep an operator from the
 * desk. So a sign-in leaves a cookie that names the account and is signed by the hub; tries with it
 * are counted by themselves, and what strangers try on the account does not count against it
 * (OWASP, "device cookies"). It gives no access: it only says where tries are counted.
 */
import { createPublicKey, randomBytes, verify, type KeyObject } from "node:crypto";
import type { FastifyReply, FastifyRequest } from "fastify";
import type { Authority } from "../identity/ports.ts";
import { cookieOf, type PublicAddress } from "../api/http/public-address.ts";

const DAYS = 180;
const COOKIE = /^([a-z0-9._-]{1,64})\|([A-Za-z0-9_-]{22})\|([A-Za-z0-9_-]{86})$/;

export interface KnownDevices {
  /** The device's own id when this request's cookie is ours and for this account. */
  idOf(request: FastifyRequest, username: string): string | undefined;
  remember(reply: FastifyReply, username: string): void;
}

export function createKnownDevices(
  options: { readonly authority: Pick<Authority, "sign" | "hubPublicKey"> },
  address: PublicAddress,
): KnownDevices {
  let key: KeyObject | undefined;
  const session = cookieOf(address);
  const name = session.name.replace("session", "device");
  const textOf = (username: string, id: string): string => `anzhu device ${username} ${id}`;
  return {
    idOf: (request, username) => {
      const [, account, id, signature] = COOKIE.exec(request.cookies[name] ?? "") ?? [];
      if (account !== username || id === undefined || signature === undefined) return undefined;
      const text = Buffer.from(textOf(username, id));
      key ??= createPublicKey(options.authority.hubPublicKey);
      return verify(null, text, key, Buffer.from(signature, "base64url")) ? id : undefined;
    },
    remember: (reply, username) => {
      const id = randomBytes(16).toString("base64url");
      const value = [username, id, options.authority.sign(textOf(username, id))].join("|");
      reply.setCookie(name, value, {
        ...{ path: session.path, secure: session.secure },
        ...{ httpOnly: true, sameSite: "strict", maxAge: DAYS * 24 * 60 * 60 },
      });
    },
  };
}
