/**
 * Under which address people reach the hub: its own, or that of a reverse proxy (`http.publicUrl`).
 *
 * Everything that depends on it is derived here, once: the cookie, `Location`, the console's base,
 * whose page a request may come from. The one limit: a hub has one public address.
 */
import type { IncomingMessage } from "node:http";
import type { HubConfig } from "../../config.ts";

export interface PublicAddress {
  /** `https://hub.example`; undefined: whatever the request's own `Host` says. */
  readonly origin: string | undefined;
  /** `""`, or the path before all of ours: `/anzhu`. */
  readonly basePath: string;
  /** Between the browser and whatever answers it. */
  readonly isHttps: boolean;
}

export function publicAddressOf({ host, publicUrl }: HubConfig["http"]): PublicAddress {
  if (publicUrl === "none") {
    return { origin: undefined, basePath: "", isHttps: !LOOPBACK.includes(host) };
  }
  const { origin, pathname, protocol } = new URL(publicUrl);
  return { origin, basePath: pathname.replace(/\/+$/, ""), isHttps: protocol === "https:" };
}

export interface SessionCookie {
  readonly name: string;
  readonly path: string;
  readonly secure: boolean;
}

/**
 * `__Host-` binds the cookie to this very origin, for its root only; `__Secure-` allows a path.
 * Browsers take both only over HTTPS (RFC 6265bis, 4.1.3).
 */
export function cookieOf({ basePath, isHttps }: PublicAddress): SessionCookie {
  const prefix = isHttps ? (basePath === "" ? "__Host-" : "__Secure-") : "";
  return { name: `${prefix}anzhu-session`, path: basePath || "/", secure: isHttps };
}

/**
 * A proxy may hand on the path as people typed it, or without its beginning: both are understood.
 */
export function withoutBase(url: string, basePath: string): string {
  if (basePath === "" || !url.startsWith(basePath)) return url;
  const rest = url.slice(basePath.length);
  if (rest === "" || rest.startsWith("?")) return `/${rest}`;
  return rest.startsWith("/") ? rest : url;
}

const SIGNS_OF_A_PROXY = [
  "forwarded",
  "via",
  "x-forwarded-for",
  "x-forwarded-host",
  "x-forwarded-proto",
  "x-real-ip",
];

/**
 * A program on this machine that asks the hub itself. A proxy on this machine connects from here as
 * well: it gives itself away by a header, by the name it was asked for, or by speaking HTTP/1.0 as
 * nginx does unless told otherwise.
 */
export function isLocalAndDirect(request: IncomingMessage): boolean {
  const { headers, httpVersion, socket } = request;
  const from = (socket.remoteAddress ?? "").replace(/^::ffff:/, "");
  const isLocal = from.startsWith("127.") || from === "::1";
  const named = (headers.host ?? "").replace(/:\d+$/, "").replace(/^\[|\]$/g, "");
  const isProxied = SIGNS_OF_A_PROXY.some((name) => headers[name] !== undefined);
  return isLocal && LOOPBACK.includes(named) && httpVersion !== "1.0" && !isProxied;
}
export const LOOPBACK: readonly string[] = ["127.0.0.1", "::1", "localhost"];
