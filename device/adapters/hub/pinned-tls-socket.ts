/**
 * A TLS connection to a hub that has proven the pinned authority, whatever the calendar says.
 *
 * A pillar whose clock has failed takes every certificate for one of the future, and a hub's
 * certificate may have ended. Neither may stop an alarm. So a certificate that fails by its dates
 * alone is checked again by hand (issuer, signature, name, and a floor under the date), and nothing
 * is written before.
 *
 * The floor is the latest moment this pillar is sure of. A certificate that ended before it may be
 * anybody's by now. Alarms are sent without a floor: they are not secret, and a receipt needs the
 * hub's own signature.
 */
import { X509Certificate } from "node:crypto";
import { isIP } from "node:net";
import { connect, type ConnectionOptions, type TLSSocket } from "node:tls";
import { codeOf } from "../host/failure.ts";

const BY_DATES_ALONE: ReadonlySet<string> = new Set(["CERT_NOT_YET_VALID", "CERT_HAS_EXPIRED"]);

export interface Peer {
  /** What its certificate must name. */
  readonly host: string;
  /** Where it is; `host` itself when nothing is said. */
  readonly address?: string;
  readonly port: number;
  readonly tlsKey: string;
  readonly tlsCert: string;
  readonly ca: string;
  readonly withinMs: number;
  /** Unix ms: a certificate that ended before this moment is refused, whatever the clock says. */
  readonly notEndedBefore?: number;
  /** Named in this order (ALPN). */
  readonly protocols?: string[];
  /** Gives up. */
  readonly signal?: AbortSignal;
}

/** Rejects with the library's error when the hub is not reached in time, or is not the hub. */
export async function pinnedTlsSocket(peer: Peer): Promise<TLSSocket> {
  try {
    return await secured(peer, {});
  } catch (error) {
    if (!BY_DATES_ALONE.has(codeOf(error) ?? "")) throw error;
  }
  const socket = await secured(peer, { rejectUnauthorized: false });
  const wrong = strangeness(socket, peer);
  if (wrong === undefined) return socket;
  socket.destroy();
  throw new Error(wrong);
}

function secured(peer: Peer, more: ConnectionOptions): Promise<TLSSocket> {
  const { host, port, tlsKey: key, tlsCert: cert, ca, withinMs, protocols, signal } = peer;
  const { address = host } = peer;
  return new Promise((resolve, reject) => {
    const servername = isIP(host) === 0 ? { servername: host } : {};
    const socket = connect({
      ...{ host: address, port, key, cert, ca, minVersion: "TLSv1.3" },
      ...servername,
      ...(protocols && { ALPNProtocols: protocols }),
      ...more,
    });
    const late = new Error(`no answer within ${withinMs / 1000} s`);
    const timer = setTimeout(() => socket.destroy(late), withinMs);
    const giveUp = (): void => void socket.destroy(new Error("it was given up"));
    const settled = (): void => {
      clearTimeout(timer);
      signal?.removeEventListener("abort", giveUp);
    };
    if (signal?.aborted) giveUp();
    else signal?.addEventListener("abort", giveUp);
    // Two small packets in a row would otherwise wait 40 ms for a delayed acknowledgement.
    socket.setNoDelay(true);
    socket.once("error", (error) => {
      settled();
      reject(error);
    });
    socket.once("secureConnect", () => {
      settled();
      resolve(socket);
    });
  });
}

/**
 * What is wrong with the certificate beside the clock;
 * the handshake has proven that the key is its own.
 */
function strangeness(socket: TLSSocket, { host, ca, notEndedBefore }: Peer): string | undefined {
  const leaf = socket.getPeerX509Certificate();
  const authority = new X509Certificate(ca);
  if (!leaf?.checkIssued(authority) || !leaf.verify(authority.publicKey)) {
    return "a certificate of another authority";
  }
  const end = leaf.validToDate;
  if (notEndedBefore !== undefined && end.getTime() < notEndedBefore) {
    const sure = new Date(notEndedBefore).toISOString();
    return `a certificate that ended at ${end.toISOString()}, and it is after ${sure}`;
  }
  const isNamed = isIP(host) === 0 ? leaf.checkHost(host) : leaf.checkIP(host);
  return isNamed === undefined
    ? `a certificate for ${leaf.subjectAltName}, not ${host}`
    : undefined;
}
